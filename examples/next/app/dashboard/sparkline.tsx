// SPDX-License-Identifier: MIT
import type { Point } from './figures';
import { WINDOW_MILLIS } from './use-live-state';

const WIDTH = 240;
const HEIGHT = 44;

/** The last minute, or what there is of it, as a line; now is at its right end. */
export function Sparkline({ points }: { points: Point[] }) {
  const now = points.at(-1)?.at ?? 0;
  const age = now - (points[0]?.at ?? now);
  const span = Math.max(1, Math.min(WINDOW_MILLIS, age));
  const highest = Math.max(1, ...points.map(({ value }) => value));
  const line = points
    .map(({ at, value }) => {
      const x = WIDTH - ((now - at) / span) * WIDTH;
      const y = HEIGHT - 2 - (value / highest) * (HEIGHT - 6);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(' ');
  const start = line.split(',')[0] || String(WIDTH);
  return (
    <svg
      className="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {points.length > 1 && (
        <>
          <polygon points={`${start},${HEIGHT} ${line} ${WIDTH},${HEIGHT}`} />
          <polyline points={line} />
        </>
      )}
    </svg>
  );
}
