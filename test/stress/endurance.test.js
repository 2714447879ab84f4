// SPDX-License-Identifier: MIT
// Connections that come and go for a long time.

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { eventually, startPostgres } = require('../support/index.js');
const { sized, start } = require('./support.js');

const KILLS = sized({ quick: 200, ci: 800, full: 10_000 });

// Threads of the engine that open connections: they start when needed, stay,
// and have a descriptor each.
const CONNECTORS = 4;

describe('connections that are killed and replaced', () => {
  /** @type {any} */
  let server;
  before(async () => {
    server = await startPostgres({ tls: true });
  });
  after(() => server.stop());

  for (const { name, ca } of [
    { name: 'without TLS', ca: false },
    { name: 'with TLS', ca: true },
  ]) {
    const count = ca ? Math.ceil(KILLS / 5) : KILLS;
    test(`${count} of them ${name} leave no thread, descriptor or server connection`, async (t) => {
      const job = { url: server.url, kills: count, ca: ca && server.ca };
      const report = await start('kills.js', job).report;
      t.diagnostic(JSON.stringify(report));
      assert.deepEqual(report.errors, []);
      assert.ok(report.connects >= count);
      for (const kind of ['threads', 'descriptors']) {
        const grown = report.held[kind] - report.heldBefore[kind];
        assert.ok(grown <= CONNECTORS, `${grown} more ${kind}`);
      }
      assert.ok(report.afterEnd.descriptors <= report.bare);
      assert.equal(report.afterEnd.threads, report.held.threads);
      assert.ok(report.grownMiB < 40, `grew by ${report.grownMiB} MiB`);
      await eventually(async () => (await server.backends()).length === 0, {
        what: 'end of all server connections',
      });
    });
  }
});
