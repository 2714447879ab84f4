// SPDX-License-Identifier: MIT
'use strict';

// The environment and libpq's own files: neither changes what a connection
// string means.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { resolveOptions } = require('../../lib/options/options.js');
const { makeFolder } = require('../support');
const { before, useServer } = require('../support/suite.js');

const ROOT = path.join(__dirname, '../..');

const server = useServer({ tls: true });
/** @type {string} */
let folder;

before(() => {
  folder = makeFolder('environment');
});

/**
 * Runs a program with `pool` on `config` in a process of its own; returns what
 * it printed, read as JSON.
 * @param {string} body
 * @param {object} config
 * @param {NodeJS.ProcessEnv} [env]
 */
function inChild(body, config, env) {
  const program = `
    const { Pool } = require(${JSON.stringify(ROOT)});
    const report = (value) => console.log(JSON.stringify(value));
    const config = ${JSON.stringify(config)};
    (async () => {
      const warnings = [];
      process.on('warning', ({ code, message }) => warnings.push({ code, message }));
      const pool = new Pool({ max: 1, logger: false, ...config });
      ${body}
      await pool.end();
    })().catch((error) => { console.error(error); process.exit(1); });`;
  const out = execFileSync(process.execPath, ['-e', program], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: folder, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(out);
}

const SHOW = `
  const { rows } = await pool.query(\`select
    current_setting('statement_timeout') as timeout,
    current_setting('application_name') as application,
    current_setting('client_encoding') as encoding,
    current_setting('datestyle') as datestyle,
    current_database() as database\`);
  report(rows[0]);`;

const FAILURE = `
  const started = Date.now();
  const errors = [];
  for (let i = 0; i < 2; i++) {
    await pool.query('select 1').catch((error) => errors.push(error));
  }
  report({
    codes: errors.map(({ code }) => code),
    outcomes: errors.map(({ outcome }) => outcome),
    message: errors[0]?.message,
    opened: pool.stats().breakerOpened,
  });`;

test('no variable changes what a connection string means', () => {
  const seen = inChild(
    SHOW,
    { connectionString: server.url },
    {
      PGHOST: 'nowhere.invalid',
      PGHOSTADDR: '192.0.2.1',
      PGPORT: '1',
      PGUSER: 'nobody',
      PGDATABASE: 'none',
      PGOPTIONS: '-c statement_timeout=1',
      PGAPPNAME: 'of the environment',
      PGCLIENTENCODING: 'LATIN1',
      PGDATESTYLE: 'German',
      PGSSLMINPROTOCOLVERSION: 'TLSv9',
      PGSSLMAXPROTOCOLVERSION: 'TLSv9',
      PGSSLCRL: '/etc/passwd',
      PGREQUIREAUTH: 'md5',
      PGSSLCERTMODE: 'require',
      PGLOADBALANCEHOSTS: 'nonsense',
      PGSSLNEGOTIATION: 'direct',
      PGTARGETSESSIONATTRS: 'standby',
      PGCHANNELBINDING: 'require',
      PGGSSENCMODE: 'require',
      PGKRBSRVNAME: 'nonsense',
      PGREQUIRESSL: '1',
    },
  );
  assert.strictEqual(seen.timeout, '0');
  assert.strictEqual(seen.application.trim(), '');
  assert.strictEqual(seen.encoding, 'UTF8');
  assert.match(seen.datestyle, /^ISO/);
  assert.strictEqual(seen.database, server.database);
});

test('DATABASE_URL is a connection string, too', () => {
  const seen = inChild(
    SHOW,
    {},
    { DATABASE_URL: server.url, PGOPTIONS: '-c statement_timeout=1' },
  );
  assert.strictEqual(seen.timeout, '0');
});

test('the environment completes a connection string that lacks something', () => {
  const { host, port, user, password, database } = server;
  const seen = inChild(
    SHOW,
    { connectionString: 'postgresql://' },
    {
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: user,
      PGPASSWORD: password,
      PGDATABASE: database,
    },
  );
  assert.strictEqual(seen.database, database);
});

test('where no connection string is given the variables fill in', () => {
  const { host, port, user, password, database } = server;
  const seen = inChild(
    SHOW,
    {},
    {
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: user,
      PGPASSWORD: password,
      PGDATABASE: database,
      PGAPPNAME: 'mine',
      PGOPTIONS: '-c statement_timeout=77',
    },
  );
  assert.strictEqual(seen.timeout, '77ms');
  assert.strictEqual(seen.application, 'mine');
  const { settings } = resolveOptions(undefined, {
    env: { PGHOST: 'h', PGTZ: 'UTC', PGOPTIONS: '-c geqo=off', PGGEQO: 'on' },
  });
  assert.deepStrictEqual(Object.fromEntries(settings), {
    timezone: 'UTC',
    geqo: 'off',
  });
});

test("variables that reach the system's libpq directly cause one warning", (t) => {
  if (require('../../lib/engine/native.js').versions().environment === 0) {
    t.skip('a published binary reads none');
    return;
  }
  const found = inChild(
    `const again = new Pool({ max: 1, ...config });
     await again.end();
     await new Promise(setImmediate);
     report(warnings);`,
    { connectionString: server.url },
    { PGTZ: 'Asia/Tokyo', PGGEQO: 'off' },
  );
  assert.strictEqual(found.length, 1);
  assert.strictEqual(found[0].code, 'HF_ENVIRONMENT');
  assert.match(found[0].message, /^PGTZ, PGGEQO: /);
});

test('a service nobody knows is a wrong setting, not a lost server', (t) => {
  if (require('../../lib/engine/native.js').versions().environment === 0) {
    t.skip('a published binary reads none');
    return;
  }
  const failure = inChild(
    FAILURE,
    { connectionString: server.url },
    { PGSERVICE: 'nosuch' },
  );
  assert.deepStrictEqual(failure.codes, [
    'HF_PARAM_INVALID',
    'HF_PARAM_INVALID',
  ]);
  assert.deepStrictEqual(failure.outcomes, ['permanent', 'permanent']);
  assert.strictEqual(failure.opened, 0);
});

test('files for TLS that cannot be used are wrong settings, in every mode', () => {
  const garbage = path.join(folder, 'garbage.pem');
  fs.writeFileSync(garbage, 'no certificate');
  const key = path.join(folder, 'open.key');
  fs.writeFileSync(key, '-----BEGIN PRIVATE KEY-----\n', { mode: 0o644 });
  fs.chmodSync(key, 0o644);
  for (const mode of ['prefer', 'require', 'verify-full']) {
    for (const more of [
      `sslcert=${garbage}`,
      '/sslcert=/nowhere/at/all',
      `sslcert=${server.caFile}&sslkey=${key}`,
      `sslrootcert=${garbage}`,
      `sslrootcert=${folder}`,
    ]) {
      const { connectionString } = {
        connectionString: `${server.url}?sslmode=${mode}&${more.replace('/ssl', 'ssl')}`,
      };
      const failure = inChild(FAILURE, { connectionString });
      assert.deepStrictEqual(
        failure.codes,
        ['HF_PARAM_INVALID', 'HF_PARAM_INVALID'],
        `${mode} ${more}`,
      );
      assert.match(failure.message, /^ssl\w+: the file "/);
      assert.strictEqual(failure.opened, 0);
    }
  }
});

test("libpq's files in the home folder do not matter", () => {
  const home = path.join(folder, 'home');
  fs.mkdirSync(path.join(home, '.postgresql'), { recursive: true });
  for (const name of [
    'postgresql.crt',
    'postgresql.key',
    'root.crt',
    'root.crl',
  ]) {
    fs.writeFileSync(path.join(home, '.postgresql', name), 'stray');
  }
  fs.writeFileSync(
    path.join(home, '.pg_service.conf'),
    '[x]\noptions=-c statement_timeout=1\n',
  );
  const ask = `
    const { rows } = await pool.query(
      'select ssl from pg_stat_ssl where pid = pg_backend_pid()');
    report(rows[0].ssl);`;
  for (const mode of ['prefer', 'require']) {
    const connectionString = `${server.url}?sslmode=${mode}`;
    assert.strictEqual(
      inChild(ask, { connectionString }, { HOME: home }),
      true,
      mode,
    );
  }
  const connectionString = `${server.url}?sslmode=verify-full&sslrootcert=${server.caFile}`;
  assert.strictEqual(
    inChild(ask, { connectionString }, { HOME: home }),
    true,
    'verify-full',
  );
});

test('certificates given as text are readable after setuid', {
  skip: process.getuid?.() !== 0 && 'only root can become somebody else',
}, () => {
  const url = new URL(server.url);
  const said = inChild(
    `process.setgid(65534);
     process.setuid(65534);
     const { rows } = await pool.query(
       'select ssl from pg_stat_ssl where pid = pg_backend_pid()');
     report(rows[0].ssl);`,
    {
      connectionString: url.href,
      ssl: { ca: server.ca },
    },
  );
  assert.strictEqual(said, true);
});

test('a password is looked for in PGPASSFILE and ~/.pgpass', async () => {
  const { host, port, database } = server;
  await server.psql(
    "create role filed login password 'a:b\\c'; create role other login",
  );
  const hba = `${host}:${port}:*:filed:a\\:b\\\\c\n`;
  const file = path.join(folder, 'passes');
  const lines = `# a comment\nelsewhere:*:*:*:wrong\n${hba}*:*:*:*:late\n`;
  fs.writeFileSync(file, lines, { mode: 0o600 });
  const connectionString = `postgresql://filed@${host}:${port}/${database}`;
  const ask = `report((await pool.query('select current_user as me')).rows[0].me);`;
  assert.strictEqual(
    inChild(ask, { connectionString }, { PGPASSFILE: file }),
    'filed',
  );
  fs.writeFileSync(path.join(folder, '.pgpass'), lines, { mode: 0o600 });
  assert.strictEqual(inChild(ask, { connectionString }), 'filed');
  const given = inChild(
    FAILURE,
    { connectionString, password: 'wrong' },
    { PGPASSFILE: file },
  );
  assert.strictEqual(given.codes[0], '28P01');
  fs.chmodSync(path.join(folder, '.pgpass'), 0o644);
  const open = inChild(FAILURE, { connectionString });
  assert.strictEqual(open.outcomes[0], 'permanent');
  fs.unlinkSync(path.join(folder, '.pgpass'));
});

test('parameters of newer libpqs are refused with a reason', () => {
  for (const name of ['max_protocol_version', 'servicefile', 'requiressl']) {
    assert.throws(
      () => resolveOptions(`postgresql://u@h/d?${name}=x`, { env: {} }),
      (/** @type {Error} */ error) => {
        assert.match(error.message, new RegExp(`^${name} in .* is refused: `));
        assert.doesNotMatch(error.message, /did you mean/);
        return true;
      },
    );
    assert.throws(
      () => resolveOptions({ [name]: 'x' }, { env: {} }),
      new RegExp(`${name} is refused: `),
    );
  }
});
