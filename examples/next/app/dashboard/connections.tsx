// SPDX-License-Identifier: MIT
import type { PoolState } from '@/lib/pool-state';
import { whole } from './figures';
import { WINDOW_MILLIS } from './use-live-state';

const STATES = [
  { key: 'busy', name: 'Busy', what: 'a statement runs' },
  { key: 'lent', name: 'Lent', what: 'held by a transaction' },
  { key: 'idle', name: 'Idle', what: 'open and free' },
  { key: 'connecting', name: 'Connecting', what: 'being opened' },
] as const;

/** More than this are drawn as shares of a bar. */
const CELLS_MAX = 60;

function Cells({ kinds }: { kinds: string[] }) {
  return (
    <div className="cells" aria-hidden="true">
      {kinds.map((kind, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place
        <i key={i} className={kind} />
      ))}
    </div>
  );
}

function Share({ state }: { state: PoolState }) {
  return (
    <div className="share" aria-hidden="true">
      {STATES.map(({ key }) => (
        <i
          key={key}
          className={key}
          style={{ width: `${(100 * state.connections[key]) / state.max}%` }}
        />
      ))}
    </div>
  );
}

const WIDTH = 640;
const HEIGHT = 96;

/** The last minute, one band for each state. */
function Past({ history, max }: { history: PoolState[]; max: number }) {
  const now = history[history.length - 1].at;
  const x = (at: number) => WIDTH - ((now - at) / WINDOW_MILLIS) * WIDTH;
  const y = (count: number) => HEIGHT - (count / max) * HEIGHT;
  const tops = history.map(() => 0);
  return (
    <svg
      className="past"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label="Connections in the last minute"
    >
      {STATES.map(({ key }) => {
        const below = history.map(({ at }, i) => [x(at), y(tops[i])]);
        history.forEach(({ connections }, i) => {
          tops[i] += connections[key];
        });
        const above = history.map(({ at }, i) => [x(at), y(tops[i])]);
        const points = [...above, ...below.reverse()];
        return (
          <polygon
            key={key}
            className={key}
            points={points
              .map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`)
              .join(' ')}
          />
        );
      })}
    </svg>
  );
}

export function Connections({ history }: { history: PoolState[] }) {
  const state = history[history.length - 1];
  const { connections, max, waiting } = state;
  const kinds = STATES.flatMap(({ key }) =>
    Array.from({ length: connections[key] }, () => key as string),
  );
  const closed = Math.max(0, max - kinds.length);
  return (
    <section className="panel connections">
      <h2>
        Connections <small>{`${kinds.length} of ${max} open`}</small>
      </h2>
      {max <= CELLS_MAX ? (
        <Cells kinds={[...kinds, ...Array(closed).fill('closed')]} />
      ) : (
        <Share state={state} />
      )}
      <ul className="legend">
        {STATES.map(({ key, name, what }) => (
          <li key={key}>
            <i className={key} aria-hidden="true" />
            <strong data-figure={key}>{whole(connections[key])}</strong>
            <span>{name}</span>
            <small>{what}</small>
          </li>
        ))}
      </ul>
      <figure>
        <Past history={history} max={max} />
        <figcaption>
          <span>a minute ago</span>
          <span>now</span>
        </figcaption>
      </figure>
      <p className="queue">
        <span>
          {waiting === 0
            ? 'No call waits for a connection.'
            : `${whole(waiting)} ${waiting === 1 ? 'call waits' : 'calls wait'} for a connection.`}
        </span>
        <span>
          <b data-figure="lost">{whole(state.connectionsLost)}</b> died and were
          replaced
        </span>
      </p>
    </section>
  );
}
