// SPDX-License-Identifier: MIT
import type { PoolState } from '@/lib/pool-state';
import { whole } from './figures';

const ATTEMPTS = ['First', 'Second', 'Third', 'Later'];
const FAILURES = [
  ['notExecuted', 'not executed', 'safe to repeat', 'some'],
  ['rolledBack', 'rolled back', 'safe to repeat', 'some'],
  ['ambiguous', 'ambiguous', 'may have happened', 'some doubt'],
  ['permanent', 'permanent', 'fails again', 'some doubt'],
] as const;

/**
 * A bar whose length is the logarithm: a handful of repetitions is to be seen
 * beside a million of calls.
 */
function lengthOf(count: number, most: number): number {
  return count === 0 ? 0 : (100 * Math.log10(1 + count)) / Math.log10(1 + most);
}

export function Repetition({ state }: { state: PoolState }) {
  const { succeededOnAttempt, failed } = state;
  const most = Math.max(9, ...succeededOnAttempt);
  return (
    <section className="panel repetition">
      <h2>
        Succeeded on attempt <small>logarithmic</small>
      </h2>
      <ol className="attempts">
        {succeededOnAttempt.map((count, i) => (
          <li key={ATTEMPTS[i]}>
            <span>{ATTEMPTS[i]}</span>
            <i aria-hidden="true">
              <b style={{ width: `${lengthOf(count, most)}%` }} />
            </i>
            <strong data-figure={`attempt${i + 1}`}>{whole(count)}</strong>
          </li>
        ))}
      </ol>
      <h3>Statements that failed, and what became of them</h3>
      <ul className="failures">
        {FAILURES.map(([key, name, what, mark]) => (
          <li key={key} className={failed[key] > 0 ? mark : ''}>
            <strong data-figure={`failed-${key}`}>{whole(failed[key])}</strong>
            <span>{name}</span>
            <small>{what}</small>
          </li>
        ))}
      </ul>
    </section>
  );
}
