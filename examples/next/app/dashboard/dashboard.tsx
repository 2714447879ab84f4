// SPDX-License-Identifier: MIT
'use client';

import type { PoolState } from '@/lib/pool-state';
import { Breaker } from './breaker';
import { Connections } from './connections';
import {
  duration,
  type Point,
  quantile,
  quantiles,
  rates,
  recentLatency,
  time,
  whole,
} from './figures';
import { Latency } from './latency';
import { Repetition } from './repetition';
import { Sparkline } from './sparkline';
import { Traffic } from './traffic';
import { useLiveState } from './use-live-state';
import './panels.css';

const POOLERS: Record<string, string> = {
  none: 'no pooler',
  proxy: 'behind a pooler',
  transaction: 'transaction pooler',
  session: 'session pooler',
  unknown: 'pooler not known yet',
};

const STATUS = { up: 'Up', degraded: 'Degraded', down: 'Down' } as const;

function Masthead({ state, live }: { state: PoolState; live: boolean }) {
  const { status } = state.health;
  return (
    <header className="masthead">
      <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
        <path d="M16 9.5V26M8 17c0 5 3.6 9 8 9s8-4 8-9M11 13h10" />
        <circle cx="16" cy="6.5" r="3" />
      </svg>
      <div className="title">
        <h1>Holdfast</h1>
        <p>
          <span className="target">{state.target}</span>
          <span>{POOLERS[state.pooler] ?? state.pooler}</span>
          {state.role !== 'unknown' && <span>{state.role}</span>}
          <span>process up {duration(state.upSeconds)}</span>
        </p>
      </div>
      <output
        className={`pill ${live ? status : 'lost'}`}
        data-figure="status"
        aria-live="polite"
      >
        <i aria-hidden="true" />
        {live ? STATUS[status] : 'No word from the server'}
      </output>
    </header>
  );
}

function Tile(props: {
  name: string;
  figure: string;
  value: string;
  note: string;
  points: Point[];
  alarm?: boolean;
}) {
  return (
    <div className={props.alarm ? 'tile alarm' : 'tile'}>
      <dt>{props.name}</dt>
      <dd>
        <strong data-figure={props.figure}>{props.value}</strong>
        <small>{props.note}</small>
      </dd>
      <Sparkline points={props.points} />
    </div>
  );
}

function Tiles({ history }: { history: PoolState[] }) {
  const state = history[history.length - 1];
  const speeds = rates(history, ({ queries }) => queries);
  const p95 = quantile(recentLatency(history), 0.95);
  const gained = state.retries - history[0].retries;
  return (
    <dl className="tiles">
      <Tile
        name="Calls a second"
        figure="rate"
        value={whole(speeds.at(-1)?.value ?? 0)}
        note={`${whole(state.queries)} in all`}
        points={speeds}
      />
      <Tile
        name="95 % answered within"
        figure="p95"
        value={p95 === null ? '–' : time(p95)}
        note="in the last minute"
        points={quantiles(history, 0.95)}
      />
      <Tile
        name="Waiting for a connection"
        figure="waiting"
        value={whole(state.waiting)}
        note={state.waiting > 0 ? 'calls, in line' : 'nobody has to wait'}
        points={history.map(({ at, waiting }) => ({ at, value: waiting }))}
        alarm={state.waiting > 0}
      />
      <Tile
        name="Repeated for you"
        figure="retries"
        value={whole(state.retries)}
        note={`${whole(gained)} in the last minute`}
        points={rates(history, ({ retries }) => retries)}
      />
    </dl>
  );
}

export function Dashboard({ first }: { first: PoolState }) {
  const { history, connected } = useLiveState(first);
  const state = history[history.length - 1];
  const { reasons, status } = state.health;
  return (
    <main data-connected={connected} data-queries={state.queries}>
      <Masthead state={state} live={connected} />
      {status !== 'up' && (
        <p className={`reasons ${status}`} data-figure="reasons">
          {reasons.join('; ')}
        </p>
      )}
      <Tiles history={history} />
      <div className="panels">
        <Connections history={history} />
        <Breaker state={state} />
        <Latency buckets={recentLatency(history)} />
        <Repetition state={state} />
      </div>
      <Traffic />
    </main>
  );
}
