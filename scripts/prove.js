#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// npm run prove -- NAME [--seed N] [--count N]: runs a proof in full. What it
// found is written down in docs/proofs.md; `npm test` runs a seeded slice.

const { parseArgs } = require('node:util');

/**
 * Each exports `prove(options)`, which resolves with figures to print and the
 * faults it found.
 * @type {Record<string, () => {count: number, prove: (options: {seed: number,
 *   count: number, say: (line: string) => void}) => Promise<{figures: object,
 *   faults: string[]}>}>}
 */
const PROOFS = {
  scanner: () => require('./prove/scanner.js'),
  wire: () => require('./prove/wire.js'),
  soak: () => require('./prove/soak.js'),
  fuzz: () => require('./prove/fuzz.js'),
  settings: () => require('./prove/settings.js'),
  stream: () => require('./prove/stream.js'),
};

const SEED = 1;
const SHOWN = 20;

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seed: { type: 'string' }, count: { type: 'string' } },
  });
  const [name = ''] = positionals;
  const proof = PROOFS[name]?.();
  if (proof === undefined || positionals.length !== 1) {
    const names = Object.keys(PROOFS).join(', ');
    throw new Error(
      `npm run prove -- NAME [--seed N] [--count N], NAME one of ${names}`,
    );
  }
  const seed = Number(values.seed ?? SEED);
  const count = Number(values.count ?? proof.count);
  const say = (/** @type {string} */ line) => console.log(line);
  const { figures, faults } = await proof.prove({ seed, count, say });
  say(JSON.stringify({ proof: name, seed, count, ...figures }));
  for (const fault of faults.slice(0, SHOWN)) {
    console.error(fault);
  }
  say(`${faults.length} faults`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
