// SPDX-License-Identifier: MIT

/** Statements no slower than this; `null` is the last bucket, without end. */
export interface Bucket {
  upToMillis: number | null;
  count: number;
}

export interface Health {
  status: 'up' | 'degraded' | 'down';
  reasons: string[];
  latencyMillis: number;
}

/** What the page shows: all of it counted by the pool itself. */
export interface PoolState {
  /** Milliseconds since 1970. */
  at: number;
  upSeconds: number;
  target: string;
  pooler: string;
  role: string;
  health: Health;
  max: number;
  connections: {
    busy: number;
    lent: number;
    idle: number;
    connecting: number;
  };
  waiting: number;
  queries: number;
  /** Successes, by the attempt that did: 1, 2, 3, and 4 or more. */
  succeededOnAttempt: number[];
  failed: {
    notExecuted: number;
    rolledBack: number;
    ambiguous: number;
    permanent: number;
  };
  retries: number;
  connectionsLost: number;
  breaker: {
    state: 'closed' | 'open' | 'half-open';
    opened: number;
    /** What opens it, when there are several in a row. */
    connectsFailed: number;
  };
  latency: Bucket[];
}
