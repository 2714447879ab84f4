// SPDX-License-Identifier: MIT
import { type Pool, prometheusText } from 'pg-holdfast';
import { database } from './database';
import type { Bucket, PoolState } from './pool-state';

const HEALTH_MILLIS = 900;
const BREAKER = ['closed', 'open', 'half-open'] as const;
const BUCKET = /^holdfast_query_time_seconds_bucket\{.*le="([^"]+)"\} (\d+)$/gm;

/** The histogram of the metrics counts all up to a bound; bars don't. */
function latencyOf(pool: Pool): Bucket[] {
  let below = 0;
  return [...prometheusText([pool]).matchAll(BUCKET)].map(([, le, text]) => {
    const upTo = Number(text);
    const count = Math.max(0, upTo - below);
    below = upTo;
    return { upToMillis: le === '+Inf' ? null : Number(le) * 1000, count };
  });
}

/** Returns what the pool does now. */
export async function readState(): Promise<PoolState> {
  const pool = database();
  // First: the question after the health keeps a connection busy itself.
  const stats = pool.stats();
  const health = await pool.health({ timeoutMillis: HEALTH_MILLIS });
  const { host, port, database: name, max } = pool.options;
  return {
    at: Date.now(),
    upSeconds: process.uptime(),
    target: `${host}:${port}/${name}`,
    pooler: health.pooler,
    role: health.role,
    health: {
      status: health.status,
      reasons: health.reasons,
      latencyMillis: health.latencyMillis,
    },
    max: Number(max),
    connections: {
      busy: Math.max(0, stats.busy - stats.leased),
      lent: stats.leased,
      idle: stats.idle,
      connecting: stats.connecting,
    },
    waiting: stats.waiting,
    queries: stats.queries,
    succeededOnAttempt: [
      stats.succeededOnAttempt1,
      stats.succeededOnAttempt2,
      stats.succeededOnAttempt3,
      stats.succeededOnAttempt4,
    ],
    failed: {
      notExecuted: stats.failedNotExecuted,
      rolledBack: stats.failedRolledBack,
      ambiguous: stats.failedAmbiguous,
      permanent: stats.failedPermanent,
    },
    retries: stats.retries,
    connectionsLost: stats.connectionsLost,
    breaker: {
      state: BREAKER[stats.breaker] ?? 'closed',
      opened: stats.breakerOpened,
      connectsFailed: stats.connectsFailed,
    },
    latency: latencyOf(pool),
  };
}
