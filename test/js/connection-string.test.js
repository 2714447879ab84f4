// SPDX-License-Identifier: MIT
'use strict';

// What people paste where a connection string belongs, and what other tools
// mean by their parameters: each has its sentence or works, and no sentence
// shows any of a secret.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { resolveOptions } = require('../../lib/options/options.js');

const SECRET = 's3cr3t';
const URL_ = `postgresql://ada:${SECRET}@db.example:5432/app`;
const LOCAL = 'postgresql://ada:x@localhost/app';

/** @param {string} name @returns {string} as shells and templates write it */
function braces(name) {
  return `$\{${name}}`;
}

/** @param {string} text @param {NodeJS.ProcessEnv} [env] */
function refusal(text, env = {}) {
  try {
    resolveOptions({ connectionString: text }, { env });
  } catch (error) {
    const { message, name } = /** @type {Error} */ (error);
    assert.strictEqual(name, 'TypeError', message);
    assert.ok(!message.includes(SECRET), message);
    return message;
  }
  return '';
}

/** @param {string} text */
function resolved(text) {
  const { target, settings, engine } = resolveOptions(text, { env: {} });
  return {
    target: Object.fromEntries(target),
    settings: Object.fromEntries(settings),
    engine: Object.fromEntries(engine),
  };
}

/** @type {Record<string, [RegExp, string[]]>} */
const MISTAKES = {
  'quotes around it': [
    /is in quotes, which are part of it/,
    [`"${URL_}"`, `'${URL_}'`, `\`${URL_}\``, `${URL_}"`, `"${URL_}`, '""'],
  ],
  'typographic quotes around it': [
    /typographic quote/,
    [
      `\u201c${URL_}\u201d`,
      `\u2018${URL_}\u2019`,
      `\u00ab${URL_}\u00bb`,
      `${URL_}\u201d`,
    ],
  ],
  'the name of its variable before it': [
    /begins with the name of a variable: give only what stands behind the =/,
    [
      `export DATABASE_URL=${URL_}`,
      `DATABASE_URL=${URL_}`,
      `DATABASE_URL="${URL_}"`,
      `DATABASE_URL = ${URL_}`,
      `DATABASE_URL: ${URL_}`,
      `set DATABASE_URL=${URL_}`,
      `$env:DATABASE_URL="${URL_}"`,
      'export DATABASE_URL=host=x',
    ],
  ],
  'a variable that nobody replaced': [
    /holds a variable, as templates and shells write them/,
    [
      braces('DATABASE_URL'),
      '$DATABASE_URL',
      '%DATABASE_URL%',
      '{{DATABASE_URL}}',
      `postgresql://${braces('USER')}:${braces('PASS')}@db.example/app`,
      `postgresql://ada:${SECRET}@${braces('HOST')}:5432/app`,
      `postgresql://ada:${SECRET}@$HOST:5432/app`,
      `postgresql://ada:$(DB_PASSWORD)@db.example/app`,
      `host=${braces('HOST')} user=ada`,
    ],
  ],
  'the words undefined and null': [
    /undefined or null/,
    [
      'undefined',
      'null',
      'NaN',
      '[object Object]',
      `postgresql://undefined:${SECRET}@db.example/app`,
      'postgresql://ada:undefined@db.example/app',
      `postgresql://ada:${SECRET}@undefined/app`,
      `postgresql://ada:${SECRET}@db.example:undefined/app`,
      `postgresql://ada:${SECRET}@db.example/undefined`,
      `postgresql://ada:${SECRET}@db.example/null?sslmode=require`,
      `${URL_}?schema=undefined`,
      `host=undefined password=${SECRET}`,
    ],
  ],
  'a placeholder for the password': [
    /holds a placeholder where the password belongs/,
    [
      'postgresql://postgres:[YOUR-PASSWORD]@db.example/app',
      'postgresql://postgres:<password>@db.example/app',
    ],
  ],
  'another kind of URL': [
    /JDBC|another library's|is a command/,
    [
      `jdbc:${URL_}`,
      `postgresql+asyncpg://ada:${SECRET}@db.example/app`,
      `psql ${URL_}`,
    ],
  ],
  'a character nobody sees': [
    /a character that cannot be seen/,
    [`${URL_}\u200b`, `\u200b${URL_}`],
  ],
};

for (const [what, [sentence, texts]] of Object.entries(MISTAKES)) {
  test(`a connection string with ${what} has its own sentence`, () => {
    for (const text of texts) {
      assert.match(refusal(text), sentence, text);
      assert.match(refusal(text), /^connectionString .*; a right one looks/);
    }
  });
}

test('what is wrong with a variable of the environment names the variable', () => {
  for (const text of ['undefined', `"${URL_}"`, braces('DB')]) {
    assert.throws(
      () => resolveOptions(undefined, { env: { DATABASE_URL: text } }),
      /^TypeError: DATABASE_URL (is|holds) /,
    );
  }
});

test('a password that only looks like a mistake is a password', () => {
  for (const [raw, password] of [
    ['pa$word', 'pa$word'],
    ['p@$word', 'p@$word'],
    ["it's", "it's"],
    ['"', '"'],
    ['%24%7BX%7D', braces('X')],
    ['%75ndefined', 'undefined'],
    ['undefined1', 'undefined1'],
    ['a=b', 'a=b'],
    ['[x', '[x'],
  ]) {
    const { target } = resolved(`postgresql://ada:${raw}@localhost/app`);
    assert.strictEqual(target.password, password);
    assert.strictEqual(target.host, 'localhost');
  }
  const { target } = resolved("host=localhost user='a b' password='nul\\l'");
  assert.strictEqual(target.password, 'null');
});

test('a path that only a shell can replace is named', () => {
  for (const parameter of [
    'sslrootcert',
    'sslcert',
    'sslkey',
    'sslcrl',
    'host',
  ]) {
    for (const path of ['~/x', '$HOME/x', '~']) {
      assert.match(
        refusal(`${LOCAL}?${parameter}=${path}`),
        new RegExp(`${parameter} begins with .*, which only a shell replaces`),
      );
    }
  }
  assert.throws(
    () =>
      resolveOptions(undefined, {
        env: { PGHOST: 'db', PGSSLROOTCERT: '~/root.crt' },
      }),
    /begins with ~, which only a shell replaces.*PGSSLROOTCERT/,
  );
});

test("Prisma's sslcert, which has no key, is the server's authority", () => {
  const { target } = resolved(`${LOCAL}?sslmode=require&sslcert=/ca.pem`);
  assert.strictEqual(target.sslrootcert, '/ca.pem');
  assert.strictEqual(target.sslcert, undefined);
  const both = resolved(`${LOCAL}?sslmode=require&sslcert=/c&sslkey=/k`).target;
  assert.strictEqual(both.sslcert, '/c');
  assert.strictEqual(both.sslrootcert, undefined);
});

test('ssl in a connection string takes the modes that postgres.js has', () => {
  for (const [written, mode] of [
    ['require', 'require'],
    ['prefer', 'prefer'],
    ['allow', 'allow'],
    ['disable', 'disable'],
    ['verify-full', 'verify-full'],
    ['verify-ca', 'verify-ca'],
    ['no-verify', 'require'],
    ['true', 'verify-full'],
    ['0', 'disable'],
  ]) {
    const { target } = resolved(`${LOCAL}?ssl=${written}`);
    assert.strictEqual(target.sslmode, mode, written);
  }
  assert.match(refusal(`${LOCAL}?ssl=maybe`), /ssl must be one of true, false/);
});

test('currentSchema and search_path say where tables are', () => {
  const schema = resolved(`${LOCAL}?currentSchema=shop`).settings;
  assert.deepStrictEqual(schema, { search_path: '"shop"' });
  const path = resolved(`${LOCAL}?search_path=shop,public`).settings;
  assert.deepStrictEqual(path, { search_path: 'shop,public' });
});

test('schema is one schema, and its sentence says how to name several', () => {
  for (const name of ['schema', 'currentSchema']) {
    assert.match(
      refusal(`${LOCAL}?${name}=a,b`),
      new RegExp(`${name} is the name of one schema: for several, give search`),
    );
  }
  assert.throws(
    () => resolveOptions({ host: 'h', schema: 'a, b' }, { env: {} }),
    /schema is the name of one schema/,
  );
});

test('pg: is postgresql:, and socket: names a folder, as in pg', () => {
  assert.deepStrictEqual(
    resolved('pg://ada:pw@db.example:6432/app').target,
    resolved('postgresql://ada:pw@db.example:6432/app').target,
  );
  for (const [text, host, dbname, user] of [
    ['socket:/some path/?db=my[db]&encoding=utf8', '/some path/', 'my[db]'],
    ['socket:/some%20path?db=a%2Bb', '/some path', 'a+b'],
    ['socket://ada:p%40w@/run/pg?db=app', '/run/pg', 'app', 'ada'],
  ]) {
    const { target } = resolved(text);
    assert.strictEqual(target.host, host);
    assert.strictEqual(target.dbname, dbname);
    assert.ok(user === undefined || target.user === user);
  }
  for (const wrong of ['socket:', 'socket:run', 'socket://host/run']) {
    assert.match(refusal(wrong), /is not a URL|is not a PostgreSQL URL/);
  }
});

test('the nearest name is the one that needs the fewest letters changed', () => {
  for (const [written, meant] of [
    ['sslmod', 'sslmode'],
    ['sslmodes', 'sslmode'],
    ['ssl_mode', 'sslmode'],
    ['pgbuoncer', 'pgbouncer'],
    ['connection_limi', 'connection_limit'],
  ]) {
    assert.match(
      refusal(`${LOCAL}?${written}=x`),
      new RegExp(`did you mean ${meant}\\?`),
    );
  }
});

test('parameters that pg accepts and that have no effect are accepted', () => {
  for (const parameter of [
    'replication=false',
    'binary=false',
    'sslnegotiation=postgres',
  ]) {
    const plain = resolved(LOCAL);
    assert.deepStrictEqual(resolved(`${LOCAL}?${parameter}`), plain);
  }
  assert.match(refusal(`${LOCAL}?replication=true`), /replication is refused/);
  assert.match(refusal(`${LOCAL}?binary=true`), /binary is refused/);
  const { target } = resolved(`${LOCAL}?sslnegotiation=direct`);
  assert.strictEqual(target.sslnegotiation, 'direct');
  const options = { host: 'h', replication: false, binary: false };
  resolveOptions({ ...options, sslnegotiation: 'postgres' }, { env: {} });
});

test('a private key that others can read is named, with what to do', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-key-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const key = path.join(folder, 'client.key');
  const cert = path.join(folder, 'client.crt');
  fs.writeFileSync(cert, '-----BEGIN CERTIFICATE-----\n');
  fs.writeFileSync(key, '-----BEGIN PRIVATE KEY-----\n', { mode: 0o644 });
  const files = `sslmode=require&sslcert=${cert}&sslkey=${key}`;
  const pool = new Pool({
    connectionString: `postgresql://ada:x@127.0.0.1:1/app?${files}`,
    logger: false,
  });
  await assert.rejects(pool.query('select 1'), (/** @type {any} */ error) => {
    assert.strictEqual(error.code, 'HF_PARAM_INVALID');
    assert.match(error.message, /read by others.*chmod 0600.*ssl: \{ key \}/);
    return true;
  });
  await pool.end();
});

test('sslmode among the options is led to the connection string', () => {
  for (const key of ['sslmode', 'sslmod', 'sslMode']) {
    assert.throws(
      () => new Pool({ connectionString: LOCAL, [key]: 'require' }),
      /did you mean sslmode\? It belongs in the connection string/,
    );
  }
});
