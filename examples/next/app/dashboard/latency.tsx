// SPDX-License-Identifier: MIT
import type { Bucket } from '@/lib/pool-state';
import { quantile, time, whole } from './figures';

const WIDTH = 640;
const HEIGHT = 250;
const TOP = 56;
const BASE = 222;
const GAP = 4;
const MARKS = [
  ['p50', 0.5],
  ['p95', 0.95],
  ['p99', 0.99],
] as const;
/** The buckets that are always there, so that the axis stays put. */
const FEWEST = 12;

/** Returns the buckets up to the last one in use. */
function shown(buckets: Bucket[]): Bucket[] {
  const last = buckets.findLastIndex(({ count }) => count > 0);
  return buckets.slice(0, Math.max(FEWEST, last + 2));
}

/** Returns where a time lies on the axis, whose steps double. */
function position(buckets: Bucket[], millis: number): number {
  const first = buckets[0].upToMillis ?? 1;
  const step = millis <= first ? millis / first : 1 + Math.log2(millis / first);
  return (Math.min(step, buckets.length) / buckets.length) * WIDTH;
}

function Bars({ buckets }: { buckets: Bucket[] }) {
  const most = Math.max(1, ...buckets.map(({ count }) => count));
  const width = WIDTH / buckets.length;
  return buckets.map(({ upToMillis, count }, i) => {
    const height = count === 0 ? 0 : Math.max(2, (count / most) * (BASE - TOP));
    const upTo = upToMillis === null ? 'longer' : `up to ${time(upToMillis)}`;
    return (
      <g key={upToMillis}>
        <rect
          className="bar"
          x={i * width + GAP / 2}
          y={BASE - height}
          width={width - GAP}
          height={height}
          rx="3"
        >
          <title>{`${whole(count)} statements, ${upTo}`}</title>
        </rect>
        {i % 2 === 0 && i < buckets.length - 1 && upToMillis !== null && (
          <text className="tick" x={(i + 1) * width} y={BASE + 20}>
            {time(upToMillis)}
          </text>
        )}
      </g>
    );
  });
}

/** Each on a line of its own, so that close ones can be told apart. */
function Marks({ all, axis }: { all: Bucket[]; axis: Bucket[] }) {
  return MARKS.map(([name, share], i) => {
    const millis = quantile(all, share);
    if (millis === null) {
      return null;
    }
    const x = position(axis, millis);
    const y = 8 + i * 16;
    const late = x > WIDTH - 92;
    return (
      <g key={name} className="mark" textAnchor={late ? 'end' : 'start'}>
        <line x1={x} x2={x} y1={y} y2={BASE} />
        <circle cx={x} cy={y} r="3.5" />
        <text x={late ? x - 8 : x + 8} y={y + 4}>
          {`${name}  ${time(millis)}`}
        </text>
      </g>
    );
  });
}

/** The marks as text, for a phone, where the drawing is too small to read. */
function Figures({ buckets }: { buckets: Bucket[] }) {
  return (
    <ul className="marks">
      {MARKS.map(([name, share]) => {
        const millis = quantile(buckets, share);
        return (
          <li key={name}>
            <small>{name}</small> {millis === null ? '–' : time(millis)}
          </li>
        );
      })}
    </ul>
  );
}

export function Latency({ buckets }: { buckets: Bucket[] }) {
  const axis = shown(buckets);
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  return (
    <section className="panel latency">
      <h2>
        Latency{' '}
        <small>
          <span data-figure="statements">{whole(total)}</span> statements in the
          last minute
        </small>
      </h2>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label="Latency">
        <line className="base" x1="0" x2={WIDTH} y1={BASE} y2={BASE} />
        <Bars buckets={axis} />
        <Marks all={buckets} axis={axis} />
      </svg>
      <Figures buckets={buckets} />
    </section>
  );
}
