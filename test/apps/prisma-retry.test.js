// SPDX-License-Identifier: MIT
// retryExtension() under real Prisma, with either adapter, while PostgreSQL,
// PgBouncer and connections fail.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { eventually, startProxy } = require('../support/index.js');
const { prepareApp } = require('./support/app.js');
const { linesToRun } = require('./support/line.js');
const { startPooled } = require('./support/servers.js');

const FOLDER = path.join(__dirname, 'prisma-retry');
const SCHEMA = fs.readFileSync(path.join(FOLDER, 'schema.sql'), 'utf8');
const ADAPTERS = ['pg', 'holdfast'];
const VERSIONS = { 'Prisma 6': `${FOLDER}-6`, 'Prisma 7': FOLDER };
const TO_RUN = linesToRun(Object.keys(VERSIONS));

/** Calls between two faults, and the number of faults. */
const FAULTS = 12;
const RESTART_EVERY = 4;
const STEP_MILLIS = 60_000;

/**
 * Any program will do: generating checks for an engine, but does not run it.
 */
const NO_ENGINE = { PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true' };

/** @type {import('./support/servers.js').Pooled} */
let servers;
/** @type {Record<string, import('./support/app.js').App>} */
const apps = {};

/** The same application with the packages of another folder. */
function filesFor(folder) {
  /** @type {Record<string, string>} */
  const files = {};
  for (const name of fs.readdirSync(FOLDER)) {
    if (
      name !== 'package.json' &&
      fs.statSync(path.join(FOLDER, name)).isFile()
    ) {
      files[name] = fs.readFileSync(path.join(FOLDER, name), 'utf8');
    }
  }
  if (folder !== FOLDER) {
    const source = 'provider = "postgresql"';
    files['schema.prisma'] = files['schema.prisma'].replace(
      source,
      `${source}\n  url      = env("DATABASE_URL")`,
    );
  }
  return files;
}

/** @param {string} version */
async function prepare(version) {
  const folder = VERSIONS[version];
  const app = await prepareApp(folder, { extraFiles: filesFor(folder) });
  await app.run('prisma', ['generate', '--schema', 'schema.prisma'], {
    env: { ...NO_ENGINE, DATABASE_URL: servers.url },
  });
  apps[version] = app;
}

/** @param {string} text lines of JSON */
function linesOf(text) {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}

/** @param {string} table @returns {Promise<Map<string, number>>} */
async function timesOf(table) {
  const { rows } = await servers.admin.query(
    `select key, count(*)::int as times from "${table}" group by key`,
  );
  return new Map(rows.map(({ key, times }) => [key, times]));
}

before(async () => {
  servers = await startPooled({ schema: SCHEMA });
  for (const version of TO_RUN) {
    await prepare(version);
  }
});
after(() => servers?.stop());

/**
 * Breaks something each time the load has made a step.
 * @param {import('./support/processes.js').AppProcess} load
 * @param {string} stopFile
 */
async function breakThings(load, stopFile) {
  for (let fault = 1; fault <= FAULTS; fault++) {
    await load.waitFor(new RegExp(`"step":${fault}}`), STEP_MILLIS);
    if (fault % RESTART_EVERY === 0) {
      await servers.restart(true);
    } else {
      await servers.server.terminate("application_name <> 'test-admin'");
    }
  }
  await load.waitFor(new RegExp(`"step":${FAULTS + 1}}`), STEP_MILLIS);
  fs.writeFileSync(stopFile, '');
  const end = await load.end;
  assert.strictEqual(end.code, 0, load.describe());
  return linesOf(end.stdout).at(-1);
}

for (const version of TO_RUN) {
  for (const adapter of ADAPTERS) {
    const name = `${version} on ${adapter}`;

    test(`${name} does with the extension what it does without`, async () => {
      await apps[version].run(
        'node',
        [
          '--test',
          '--test-force-exit',
          '--test-reporter=spec',
          'behaviour.test.js',
        ],
        {
          env: {
            ADAPTER: adapter,
            DATABASE_URL: servers.url,
            NODE_ENV: 'test',
          },
        },
      );
    });

    test(`${name}: faults lose no read, and no write is lost or doubled`, async () => {
      const app = apps[version];
      await servers.admin.query('truncate "Entry", "Part"');
      const stopFile = path.join(app.folder, `stop-${adapter}`);
      fs.rmSync(stopFile, { force: true });
      const load = app.start('node', ['load.js'], {
        env: {
          ADAPTER: adapter,
          DATABASE_URL: servers.url,
          NODE_ENV: 'test',
          STOP_FILE: stopFile,
        },
      });
      const { repeats, written, failed, unread } = await breakThings(
        load,
        stopFile,
      );
      assert.deepStrictEqual(unread, []);
      assert.ok(repeats > 0 || adapter === 'holdfast', 'nothing was repeated');
      const entries = await timesOf('Entry');
      const parts = await timesOf('Part');
      const twice = [...entries, ...parts].filter(([, times]) => times > 1);
      assert.deepStrictEqual(twice, []);
      const gone = written.filter(
        (/** @type {string} */ key) => !entries.has(key),
      );
      assert.deepStrictEqual(gone, []);
      // What was certainly undone was repeated until it succeeded.
      const undone = failed.filter(
        (/** @type {any} */ { outcome }) => outcome !== 'ambiguous',
      );
      assert.deepStrictEqual(undone, []);
      console.log(
        `# ${name}: ${written.length} written, ${repeats} repeated, ` +
          `${failed.length} failed`,
      );
    });

    for (const how of /** @type {const} */ (['rst', 'fin'])) {
      for (const way of ['interactive', 'batch', 'nested']) {
        test(`${name}: a COMMIT whose answer is lost (${how}, ${way}) is not repeated`, async () => {
          const key = `${version}-${adapter}-${how}-${way}`;
          const proxy = await startProxy(servers.server);
          let commits = 0;
          proxy.onMessage(({ direction, payload, connection }) => {
            if (direction === 'up' && payload.includes('COMMIT')) {
              commits += 1;
              const taken = connection;
              proxy.onMessage(({ direction: to, connection: link }) =>
                to === 'down' && link === taken ? how : 'pass',
              );
            }
          });
          const { end } = apps[version].start('node', ['commit.js'], {
            env: {
              ADAPTER: adapter,
              DATABASE_URL: proxy.urlFor(servers.directUrl),
              KEY: key,
              NODE_ENV: 'test',
              WAY: way,
            },
          });
          const { code, stdout, stderr } = await end;
          await proxy.close();
          assert.strictEqual(code, 0, stderr);
          const lines = linesOf(stdout);
          assert.strictEqual(commits, 1);
          assert.strictEqual(lines.at(-1).failed?.outcome, 'ambiguous', stdout);
          assert.ok(lines.filter(({ began }) => began).length <= 1, stdout);
          // The server may still be running the statement: the cut does not
          // wait.
          await eventually(async () => (await timesOf('Entry')).has(key));
          assert.strictEqual((await timesOf('Entry')).get(key), 1);
        });
      }
    }
  }

  test(`${version}: the extension keeps the client's type`, async () => {
    await apps[version].run('tsc', ['-p', '.']);
  });
}
