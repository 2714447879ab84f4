// SPDX-License-Identifier: MIT
import type { Bucket, PoolState } from '@/lib/pool-state';

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export function whole(value: number): string {
  return WHOLE.format(value);
}

/** A time as people say it: 640 µs, 2.1 ms, 48 ms, 1.3 s. */
export function time(millis: number): string {
  if (millis < 1) {
    return `${Math.round(millis * 1000)} µs`;
  }
  if (millis < 1000) {
    return `${millis < 10 ? Number(millis.toFixed(1)) : Math.round(millis)} ms`;
  }
  return `${Number((millis / 1000).toFixed(1))} s`;
}

/** How long something has been so: 42 s, 12 min, 3 h 5 min. */
export function duration(seconds: number): string {
  if (seconds < 60) {
    return `${Math.floor(seconds)} s`;
  }
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) {
    return `${minutes} min`;
  }
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export interface Point {
  at: number;
  value: number;
}

/** A count's growth a second, between each state and the one before. */
export function rates(
  history: PoolState[],
  count: (state: PoolState) => number,
): Point[] {
  return history.slice(1).map((state, i) => {
    const before = history[i];
    const seconds = Math.max(0.001, (state.at - before.at) / 1000);
    return { at: state.at, value: (count(state) - count(before)) / seconds };
  });
}

/** How many states a quantile is made of, so that the line is calm. */
const CALM = 6;

/** A quantile over time; nothing where nothing was asked. */
export function quantiles(history: PoolState[], share: number): Point[] {
  return history.slice(1).map(({ at }, i) => {
    const some = history.slice(Math.max(0, i + 1 - CALM), i + 2);
    return { at, value: quantile(recentLatency(some), share) ?? 0 };
  });
}

/** What the histogram has gained since the oldest state. */
export function recentLatency(history: PoolState[]): Bucket[] {
  const now = history[history.length - 1].latency;
  const then = history[0].latency;
  if (history.length === 1) {
    return now;
  }
  return now.map(({ upToMillis, count }, i) => ({
    upToMillis,
    count: Math.max(0, count - (then[i]?.count ?? 0)),
  }));
}

/** The time within which a share of the statements was done, about. */
export function quantile(buckets: Bucket[], share: number): number | null {
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) {
    return null;
  }
  let left = share * total;
  let from = 0;
  for (const { upToMillis, count } of buckets) {
    const to = upToMillis ?? from * 2;
    if (count > 0 && left <= count) {
      return from + ((to - from) * left) / count;
    }
    left -= count;
    from = to;
  }
  return from;
}
