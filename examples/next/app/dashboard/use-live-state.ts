// SPDX-License-Identifier: MIT
import { useEffect, useState } from 'react';
import type { PoolState } from '@/lib/pool-state';

/** How much of the past is shown. */
export const WINDOW_MILLIS = 60_000;

export interface Live {
  /** Oldest first; one at least. */
  history: PoolState[];
  /** Whether the server still tells. */
  connected: boolean;
}

function append(history: PoolState[], state: PoolState): PoolState[] {
  const last = history[history.length - 1];
  // Another process counts from zero: what came before is no past of it.
  const past = state.queries < last.queries ? [] : history;
  const from = state.at - WINDOW_MILLIS;
  return [...past.filter(({ at }) => at >= from), state];
}

/** Follows the pool's state from the one the page came with. */
export function useLiveState(first: PoolState): Live {
  const [live, setLive] = useState<Live>({ history: [first], connected: true });

  useEffect(() => {
    const source = new EventSource('/api/state');
    source.onmessage = ({ data }) => {
      const state: PoolState = JSON.parse(data);
      setLive(({ history }) => ({
        history: append(history, state),
        connected: true,
      }));
    };
    source.onerror = () => {
      setLive(({ history }) => ({ history, connected: false }));
    };
    return () => source.close();
  }, []);

  return live;
}
