// SPDX-License-Identifier: MIT
// Bytes as judge of the wire, in full: 10,000 faults against a ledger, and one
// at each boundary of a large session, one byte before and one after.

const { startPostgres } = require('../../test/support/index.js');
const { judgeWire } = require('../../test/support/wire-judge.js');

const COUNT = 10_000;
const LANES = 8;

/** @param {{seed: number, count: number, say: (line: string) => void}} options */
async function prove({ seed, count, say }) {
  const server = await startPostgres({ tls: true });
  try {
    const { entries, told, faults, boundaries } = await judgeWire(server, {
      ...{ seed, count, say },
      lanes: LANES,
      boundaries: count, // there are fewer in all
    });
    return { figures: { boundaries, writes: entries.length, told }, faults };
  } finally {
    await server.stop();
  }
}

module.exports = { count: COUNT, prove };
