// SPDX-License-Identifier: MIT
import type { PoolState } from '@/lib/pool-state';
import { whole } from './figures';

const STATES = [
  { key: 'closed', name: 'Closed', x: 62, y: 62 },
  { key: 'open', name: 'Open', x: 278, y: 62 },
  { key: 'half-open', name: 'Half-open', x: 170, y: 146 },
] as const;

const MEANING = {
  closed: 'Connections can be opened.',
  open: 'Connecting fails: calls wait, and probes go on.',
  'half-open': 'A probe is on its way.',
} as const;

function times(count: number): string {
  return count === 1 ? 'once' : `${whole(count)} times`;
}

export function Breaker({ state }: { state: PoolState }) {
  const { breaker } = state;
  return (
    <section className="panel breaker">
      <h2>
        Breaker{' '}
        <small data-figure="breaker" className={`state ${breaker.state}`}>
          {breaker.state}
        </small>
      </h2>
      <svg viewBox="0 0 340 178" role="img" aria-label={breaker.state}>
        <defs>
          <marker
            id="tip"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto"
          >
            <path d="M0 0 8 4 0 8z" />
          </marker>
        </defs>
        <path d="M112 50H228" />
        <path d="M262 84 214 122" />
        <path d="M234 132 286 90" />
        <path d="M132 124 82 86" />
        <text x="170" y="40">
          connects fail
        </text>
        <text x="248" y="98" className="after" dx="-62">
          probe
        </text>
        <text x="278" y="124">
          fails
        </text>
        <text x="76" y="118">
          succeeds
        </text>
        {STATES.map(({ key, name, x, y }) => (
          <g
            key={key}
            className={`node ${key} ${key === breaker.state ? 'now' : ''}`}
          >
            <rect x={x - 50} y={y - 21} width="100" height="42" rx="21" />
            <text x={x} y={y + 5}>
              {name}
            </text>
          </g>
        ))}
      </svg>
      <p className="queue">
        <span>{MEANING[breaker.state]}</span>
        <span>
          opened {times(breaker.opened)},{' '}
          <span data-figure="refused">{whole(breaker.connectsFailed)}</span>{' '}
          connects failed
        </span>
      </p>
    </section>
  );
}
