// SPDX-License-Identifier: MIT
// Bytes as judge of the wire, in full: 10,000 faults against a ledger.

const { startPostgres } = require('../../test/support/index.js');
const { judgeWire } = require('../../test/support/wire-judge.js');

const COUNT = 10_000;
const LANES = 8;

/** @param {{seed: number, count: number, say: (line: string) => void}} options */
async function prove({ seed, count, say }) {
  const server = await startPostgres({ tls: true });
  try {
    const { entries, told, faults } = await judgeWire(server, {
      ...{ seed, count, say },
      lanes: LANES,
    });
    return { figures: { writes: entries.length, told }, faults };
  } finally {
    await server.stop();
  }
}

module.exports = { count: COUNT, prove };
