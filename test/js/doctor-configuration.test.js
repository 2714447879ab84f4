// SPDX-License-Identifier: MIT

// The configuration that the doctor gives to paste: it is pasted here, and run.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { promisify } = require('node:util');

const { configurationOf } = require('../../cli/doctor/configuration.js');
const { newReport } = require('../../cli/doctor/new-report.js');
const { readSettings } = require('../../cli/doctor/settings.js');
const { makeFolder } = require('../support');
const { cleanEnv, doctor } = require('./doctor/support.js');
const { noPgBouncer, usePgBouncer, useServer } = require('../support/suite.js');

const ROOT = path.join(__dirname, '../..');
const server = useServer();
const bouncer = usePgBouncer({ server, poolSize: 3 });

/**
 * @param {string} url
 * @param {(report: any) => void} [change]
 */
function configuration(url, change) {
  const settings = readSettings(url, 'argument', {});
  const report = newReport(settings);
  report.tls.offered = true;
  Object.assign(report.pooler, { mode: 'direct', proxied: false });
  report.pooler.namedStatements = 'session';
  change?.(report);
  const found = configurationOf(report, settings);
  assert.ok(found !== null);
  return found;
}

/** @param {string} text @returns {URL} of DATABASE_URL */
function urlIn(text) {
  return new URL(/DATABASE_URL="([^"]+)"/.exec(text)?.[1] ?? '');
}

/** @param {any} report */
function behindTransactionPooler({ pooler }) {
  Object.assign(pooler, { mode: 'transaction', proxied: true, poolSize: 4 });
  pooler.namedStatements = 'unsafe';
}

const REMOTE = 'postgresql://app:secret@db.example/shop';

describe('the configuration to paste', () => {
  test('never has the password', () => {
    for (const text of Object.values(configuration(REMOTE))) {
      assert.ok(!text.includes('secret'));
      assert.equal(urlIn(text).password, 'PASSWORD');
    }
  });

  test('half a password in the place of the database gives none', () => {
    const url = 'postgresql://h:1/rest@db.example/d';
    const settings = readSettings(url, 'argument', {});
    assert.equal(configurationOf(newReport(settings), settings), null);
  });

  test('pgbouncer=true is for poolers that mix names up, only', () => {
    const unsafe = configuration(REMOTE, behindTransactionPooler);
    assert.equal(urlIn(unsafe.prisma).searchParams.get('pgbouncer'), 'true');
    assert.match(unsafe.prisma, /DIRECT_URL=.*\n# schema.prisma: directUrl/);
    assert.match(unsafe.pg, /no query with a name/);
    const tracked = configuration(REMOTE, (report) => {
      behindTransactionPooler(report);
      report.pooler.namedStatements = 'tracked';
    });
    assert.equal(urlIn(tracked.prisma).searchParams.get('pgbouncer'), null);
    assert.doesNotMatch(tracked.pg, /no query with a name/);
    assert.match(tracked.prisma, /DIRECT_URL/);
    const direct = configuration(REMOTE);
    assert.equal(urlIn(direct.prisma).searchParams.get('pgbouncer'), null);
    assert.doesNotMatch(direct.prisma, /DIRECT_URL/);
  });

  test("sizes follow the pooler's pool", () => {
    const { prisma, pg, holdfast } = configuration(
      REMOTE,
      behindTransactionPooler,
    );
    assert.equal(urlIn(prisma).searchParams.get('connection_limit'), '4');
    assert.match(pg, /\n {2}max: 4,\n/);
    assert.match(holdfast, /max: 4 /);
  });

  test('idle connections end before the server ends them', () => {
    const { prisma, pg, holdfast } = configuration(REMOTE, ({ server }) => {
      server.timeouts = { idle_session_timeout: '30s' };
    });
    const seconds = urlIn(prisma).searchParams;
    assert.equal(seconds.get('max_idle_connection_lifetime'), '15');
    assert.match(pg, /idleTimeoutMillis: 15000,/);
    assert.match(holdfast, /idleTimeoutMillis: 15000/);
  });

  test('TLS is verified where that works as it is, in the words of each', () => {
    const checked = configuration(REMOTE, ({ tls }) => {
      Object.assign(tls, { trusted: true, hostMatches: true });
    });
    assert.equal(urlIn(checked.pg).searchParams.get('sslmode'), 'verify-full');
    const prisma = urlIn(checked.prisma).searchParams;
    assert.equal(prisma.get('sslmode'), 'require');
    assert.equal(prisma.get('sslaccept'), 'strict');
    const unknown = configuration(REMOTE, ({ tls }) => {
      tls.trusted = false;
    });
    assert.equal(urlIn(unknown.pg).searchParams.get('sslmode'), 'require');
    const local = configuration('postgresql://app@localhost/shop');
    assert.equal(urlIn(local.pg).searchParams.get('sslmode'), null);
  });

  test('a pooler that refuses time-outs at start-up is remembered', () => {
    const { pg } = configuration(REMOTE, (report) => {
      behindTransactionPooler(report);
      report.pooler.startupTimeouts = false;
    });
    assert.match(pg, /no statement_timeout: the pooler refuses it/);
  });

  test('a socket is written as both read it', () => {
    const url = 'postgresql:///shop?host=/run/pg&port=5433&user=app';
    const text = configuration(url).pg;
    assert.equal(urlIn(text).searchParams.get('host'), '/run/pg');
    assert.equal(urlIn(text).port, '5433');
  });
});

/**
 * Runs a block as it would stand in an application.
 * @param {string} block
 * @param {string} driver the line that has Pool or getPool
 */
async function paste(block, driver) {
  const folder = makeFolder('paste');
  const file = path.join(folder, 'application.js');
  fs.writeFileSync(
    file,
    `${driver}\n${block}\npool.query('select 1 as one').then(async (result) => {
  console.log(result.rows[0].one, pool.options?.max);
  await pool.end();
});\n`,
  );
  const url = urlIn(block);
  url.password = encodeURIComponent(bouncer.password);
  const { stdout } = await promisify(execFile)(process.execPath, [file], {
    env: { ...cleanEnv(), DATABASE_URL: url.href },
  });
  return stdout;
}

describe('pasted', { skip: noPgBouncer }, () => {
  test('both pools run behind the pooler they were made for', async () => {
    const { report } = await doctor([bouncer.url]);
    const { pg, holdfast } = report.configuration;
    const pgPath = JSON.stringify(require.resolve('pg'));
    const ours = JSON.stringify(ROOT);
    assert.match(
      await paste(pg, `const { Pool } = require(${pgPath});`),
      /^1 10/,
    );
    assert.match(
      await paste(holdfast, `const { getPool } = require(${ours});`),
      /^1/,
    );
  });

  test("Prisma's URL is one that we read ourselves", async () => {
    const { report } = await doctor([bouncer.url]);
    const url = urlIn(report.configuration.prisma);
    url.password = encodeURIComponent(bouncer.password);
    const again = await doctor([url.href]);
    assert.equal(again.code, 0);
    assert.equal(again.report.settings.max, 10);
    assert.equal(again.report.settings.options.pooler, 'transaction');
  });
});
