// SPDX-License-Identifier: MIT
// Tenants as judge of settings, in full.

const { startPostgres } = require('../../test/support/index.js');
const { judgeSettings } = require('../../test/support/settings-judge.js');

const COUNT = 10_000;

/** @param {{seed: number, count: number, say: (line: string) => void}} options */
async function prove(options) {
  const server = await startPostgres();
  try {
    return await judgeSettings(server, options);
  } finally {
    await server.stop();
  }
}

module.exports = { count: COUNT, prove };
