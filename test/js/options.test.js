// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const { test } = require('node:test');
const { inspect } = require('node:util');

const { resolveOptions } = require('../../lib/options/options.js');
const { WRAPPER_KEYS } = require('../../lib/options/wrappers.js');
const { SECRET, refuses, resolve } = require('../support/resolve.js');

const LOCAL = 'postgresql://u@localhost/db';
const PEM = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----';

test('a URL gives host, port, user, password and database', () => {
  const { target } = resolve(
    'postgresql://us%40er:p%3Aw%2F@db.example:6543/my%20db?sslmode=require',
  );
  assert.deepStrictEqual(target, {
    user: 'us@er',
    host: 'db.example',
    port: '6543',
    dbname: 'my db',
    sslmode: 'require',
    password: 'p:w/',
  });
});

test('a URL may name several hosts, IPv6 addresses and sockets', () => {
  const several = resolve('postgres://u@a:1,[::1]:2,c/db?sslmode=disable');
  assert.strictEqual(several.target.host, 'a,::1,c');
  assert.strictEqual(several.target.port, '1,2,5432');
  const encoded = resolve('postgres://u@%2Fvar%2Frun/db');
  assert.strictEqual(encoded.target.host, '/var/run');
  const given = resolve('postgres:///db?host=/tmp/x&user=u');
  assert.strictEqual(given.target.host, '/tmp/x');
  assert.strictEqual(given.target.sslmode, 'disable');
});

test("libpq's keyword strings are understood with their quotes", () => {
  const { target } = resolve(
    String.raw`host=/tmp user = 'a b' password='it\'s' dbname=x`,
  );
  assert.strictEqual(target.user, 'a b');
  assert.strictEqual(target.password, "it's");
  refuses('host=a user', /keyword=value/);
});

test('the parameters of other tools are translated', () => {
  const cases = {
    'pgbouncer=true': { pooler: 'transaction' },
    'connection_limit=3': { max: '3' },
    'pool_timeout=2': { connectionTimeoutMillis: '2000' },
    'connect_timeout=3': { connectTimeoutMillis: '3000' },
    'connect_timeout=0': { connectTimeoutMillis: '600000' },
    'socket_timeout=4': { timeoutMillis: '4000' },
    'statement_cache_size=0': { statementCacheSize: '0' },
    'prepared_statements=false': { names: 'never' },
    'pool_max_conns=7': { max: '7' },
    'pool_max_conn_lifetime=1h30m': { maxLifetimeSeconds: '5400' },
    'pool_max_conn_idle_time=250ms': { idleTimeoutMillis: '250' },
    'default_query_exec_mode=exec': { names: 'never' },
    'keepalives=0': { keepAlive: 'false' },
    'statement_timeout=9': { statementTimeoutMillis: '9' },
    'inferReads=false': { inferReads: 'false' },
    'supa=base-pooler.x': {},
  };
  for (const [parameter, engine] of Object.entries(cases)) {
    assert.deepStrictEqual(resolve(`${LOCAL}?${parameter}`).engine, engine);
  }
  const { settings } = resolve(`${LOCAL}?schema=my"s`);
  assert.deepStrictEqual(settings, { search_path: '"my""s"' });
});

test('an unknown or refused parameter is named, with the nearest one', () => {
  refuses(`${LOCAL}?pgbuoncer=true`, /"pgbuoncer".*pgbouncer\?/);
  refuses(`${LOCAL}?service=x`, /service .* refused/);
  refuses(`${LOCAL}?connection_limit=many`, /connection_limit.*a number/);
  refuses(`${LOCAL}?max=0`, /max must be .* from 1 to 10000/, RangeError);
});

test('a malformed string names its place, shows an example, no secret', () => {
  const example = /postgresql:\/\/user:password@host:5432\/database/;
  for (const url of [
    `postgres://u:${SECRET}/x@h/db`,
    `postgres://u:${SECRET}%@h/db`,
    `postgres://u:${SECRET}%ff@h/db`,
    `postgres://u:${SECRET}@h:port/db`,
    `postgres://u:${SECRET}@[::1/db`,
    `postgres://u:${SECRET}@h/db?x`,
    `postgres://u:1?${SECRET}@h/db`,
    `mysql://u:${SECRET}@h/db`,
    `prisma://${SECRET}`,
    SECRET,
    '',
  ]) {
    refuses({ connectionString: url }, example);
    refuses({ connectionString: url }, /^connectionString/);
  }
  const env = { DATABASE_URL: `mysql://${SECRET}` };
  assert.throws(() => resolve({}, env), /^TypeError: DATABASE_URL is not/);
});

test('what may be part of a password is not quoted as a name', () => {
  refuses(`postgres://u:1?/${SECRET}=@h/db`, /^unknown parameter in/);
});

test('whatever the string, the error is one of ours and short', () => {
  const seed = Number(process.env.HOLDFAST_SEED ?? Date.now() % 1e9);
  let state = seed;
  const next = (/** @type {number} */ n) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % n;
  };
  const parts = ['postgres://', 'u', ':', '@', '/', '?', '&', '=', '%', '%41'];
  parts.push('[', ']', ',', "'", '\\', ' ', 'host', '5432', '\0', 'ü', SECRET);
  for (let i = 0; i < 20000; i++) {
    const text = Array.from({ length: 1 + next(12) }, () => {
      return parts[next(parts.length)];
    }).join('');
    try {
      resolve({ connectionString: text });
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      const known = error instanceof TypeError || error instanceof RangeError;
      assert.ok(known, `${text}: ${error} (HOLDFAST_SEED=${seed})`);
      assert.ok(!message.includes(SECRET), `${text} (HOLDFAST_SEED=${seed})`);
      assert.ok(message.length < 400);
    }
  }
});

test('without any setting the sentence names the variable to set', () => {
  refuses(undefined, /^DATABASE_URL is not set: .*postgresql:\/\//);
  refuses({ connectionString: undefined, max: 3 }, /^DATABASE_URL is not set/);
});

test('the environment is asked in order, and only for what is missing', () => {
  const env = {
    DATABASE_URL: 'postgres://u@first/db',
    SUPABASE_DATABASE_URL: 'postgres://u@second/db',
    PGHOST: 'third',
    PGPASSWORD: 'pw',
    PGSSLMODE: 'require',
    PGCONNECT_TIMEOUT: '7',
  };
  assert.strictEqual(resolve({}, env).target.host, 'first');
  const { DATABASE_URL, ...noFirst } = env;
  assert.ok(DATABASE_URL);
  assert.strictEqual(resolve({}, noFirst).target.host, 'second');
  const { SUPABASE_DATABASE_URL, ...onlyPg } = noFirst;
  assert.ok(SUPABASE_DATABASE_URL);
  const { target, engine } = resolve({}, onlyPg);
  assert.strictEqual(target.host, 'third');
  assert.strictEqual(target.password, 'pw');
  assert.strictEqual(target.sslmode, 'require');
  assert.deepStrictEqual(engine, { connectTimeoutMillis: '7000' });
  const given = resolve({ host: 'own', ssl: false, password: 'x' }, env);
  assert.strictEqual(given.target.host, 'own');
  assert.strictEqual(given.target.password, 'x');
  assert.strictEqual(given.target.sslmode, 'disable');
});

test("the object's keys win over the connection string", () => {
  const { target, engine } = resolve({
    connectionString: `${LOCAL}?max=3&sslmode=disable`,
    port: 7,
    database: 'other',
    max: 4,
    ssl: { rejectUnauthorized: false },
  });
  assert.strictEqual(target.port, '7');
  assert.strictEqual(target.dbname, 'other');
  assert.strictEqual(target.sslmode, 'require');
  assert.deepStrictEqual(engine, { max: '4' });
});

test('numbers must be whole and within bounds, and name their key', () => {
  refuses({ host: 'x', max: Number.NaN }, /^max must be/, RangeError);
  refuses({ host: 'x', max: -1 }, /^max must be/, RangeError);
  refuses({ host: 'x', max: 1.5 }, /^max must be/, RangeError);
  refuses({ host: 'x', idleTimeoutMillis: 1e12 }, /^idleTimeout/, RangeError);
  refuses({ host: 'x', max: '5x' }, /^max must be a number/);
  refuses({ host: 'x', keepAlive: 1 }, /^keepAlive must be true or false/);
  refuses({ host: 'x', pooler: 'yes' }, /^pooler must be one of auto/);
  refuses({ host: 'x', port: 70000 }, /^port must be/, RangeError);
  refuses({ host: 'x', min: 3, max: 2 }, /^min must not/, RangeError);
});

test('what is wrong in a variable or a string is said of it', () => {
  /** @type {[NodeJS.ProcessEnv, RegExp][]} */
  const cases = [
    [{ DATABASE_URL: 'postgres://u@h:70000/d' }, /port must .*DATABASE_URL/],
    [{ DATABASE_URL: `postgres://u:${SECRET}@a b/d` }, /host .*DATABASE_URL/],
    [
      { SUPABASE_DATABASE_URL: 'postgres://u@h/d?connect_timeout=x' },
      /^connect_timeout must be a number .*SUPABASE_DATABASE_URL/,
    ],
    [{ DATABASE_URL: 'postgres://u@h/d?max=x' }, /max must .*DATABASE_URL/],
    [
      { DATABASE_URL: 'postgres://u@h/d?sslmode=on' },
      /^sslmode must be one of .*DATABASE_URL/,
    ],
    [{ PGHOST: 'h', PGPORT: 'x' }, /port must .*PGPORT/],
    [{ PGHOST: 'h', PGSSLMODE: 'on' }, /sslmode must be one of .*PGSSLMODE/],
    [{ PGHOST: 'h', PGCONNECT_TIMEOUT: 'x' }, /^PGCONNECT_TIMEOUT must/],
  ];
  for (const [env, message] of cases) {
    assert.throws(
      () => resolveOptions(undefined, { env }),
      (/** @type {any} */ error) => {
        assert.match(error.message, message);
        assert.ok(!inspect(error).includes(SECRET), 'the secret is shown');
        return true;
      },
    );
  }
});

test("pg's keys are honoured, translated, ignored or refused", () => {
  const { engine } = resolve({
    host: 'localhost',
    poolSize: 3,
    query_timeout: 10,
    statement_timeout: 20,
    lock_timeout: false,
    maxUses: Number.POSITIVE_INFINITY,
    Promise,
    log: () => {},
    allowExitOnIdle: false,
    binary: false,
    idleTimeoutMillis: undefined,
  });
  assert.deepStrictEqual(engine, {
    max: '3',
    timeoutMillis: '10',
    statementTimeoutMillis: '20',
    maxUses: '0',
  });
  refuses({ host: 'x', stream: () => {} }, /^stream is refused: /);
  refuses({ host: 'x', binary: true }, /^binary is refused: /);
  refuses({ host: 'x', verify: () => {} }, /^verify is refused: .*onConnect/);
});

test('an unknown key throws and names the nearest known one', () => {
  refuses({ conectionString: SECRET }, /"conectionString".*connectionString\?/);
  refuses({ host: 'x', acquireTimeoutMs: 1 }, /"acquireTimeoutMs"/);
  refuses(7, /must be an object or a connection string/);
  refuses([], /must be an object or a connection string/);
});

test('control characters and smuggled URLs are refused', () => {
  refuses({ host: 'a\0b' }, /^host contains a control/);
  refuses({ host: 'x', user: 'a\nb' }, /^user contains a control/);
  refuses({ host: 'x', password: `${SECRET}\0` }, /^password contains/);
  refuses({ host: `postgres://u:${SECRET}@h` }, /^host holds a URL/);
  refuses({ host: 'x sslmode=disable' }, /^host contains a space/);
});

test('options show no secret, and what needs it gets it', () => {
  const resolved = resolveOptions(
    {
      connectionString: `postgres://u:${SECRET}@localhost/db`,
      ssl: { key: `${PEM}${SECRET}`, passphrase: SECRET },
    },
    { env: {} },
  );
  for (const shown of [resolved, resolved.public]) {
    assert.ok(!inspect(shown, { depth: 9 }).includes(SECRET));
    assert.ok(!JSON.stringify(shown).includes(SECRET));
    assert.ok(!JSON.stringify({ ...shown }).includes(SECRET));
  }
  assert.ok(!resolved.key.includes(SECRET));
  assert.strictEqual(resolved.public.password, SECRET);
  assert.strictEqual(Object.fromEntries(resolved.target).password, SECRET);
});

test('pool.options has the names of pg', () => {
  const { public: options } = resolve({
    host: 'localhost',
    user: 'u',
    database: 'd',
    max: 3,
  });
  assert.strictEqual(options.host, 'localhost');
  assert.strictEqual(options.port, 5432);
  assert.strictEqual(options.user, 'u');
  assert.strictEqual(options.database, 'd');
  assert.strictEqual(options.max, 3);
  assert.strictEqual(options.idleTimeoutMillis, 10000);
  assert.strictEqual(options.ssl, false);
  const copy = resolve({ ...options, password: 'x' });
  assert.strictEqual(copy.target.user, 'u');
  assert.strictEqual(copy.engine.max, '3');
});

test('the key distinguishes users and the meaning of statements', () => {
  const key = (/** @type {any} */ more) =>
    resolve({ host: 'localhost', user: 'u', ...more }).key;
  for (const more of [
    { port: 1 },
    { user: 'v' },
    { ssl: true },
    { password: 'x' },
    { schema: 'x' },
    { settings: { timezone: 'UTC' } },
    { options: '-c work_mem=1MB' },
    { application_name: 'x' },
    { onConnect: 'select 1' },
    { statement_timeout: 60_000 },
    { lock_timeout: 60_000 },
    { idle_in_transaction_session_timeout: 60_000 },
    { directUrl: 'postgres://u@localhost/d' },
    { key: 'x' },
  ]) {
    assert.notStrictEqual(key({}), key(more), JSON.stringify(more));
  }
  assert.notStrictEqual(key({ password: 'x' }), key({ password: 'y' }));
  assert.strictEqual(key({ password: 'x' }), key({ password: 'x' }));
});

test('the key does not depend on sizes and on options of calls', () => {
  const key = (/** @type {any} */ more) =>
    resolve({ host: 'localhost', user: 'u', ...more }).key;
  for (const more of [
    { max: 3, min: 1, idleTimeoutMillis: 5 },
    { deadlineMillis: 1, connectionTimeoutMillis: 2, query_timeout: 3 },
    { retry: false, inferReads: false, slowQueryMillis: 7, logger: false },
    { drainMillis: 1, maxResultBytes: 5000, cacheNotifyChannel: 'c' },
    { statement_timeout: 0, pooler: 'auto' },
  ]) {
    assert.strictEqual(key({}), key(more), JSON.stringify(more));
  }
});

test('a password may be a function, and is not called here', () => {
  const password = () => assert.fail('called');
  const resolved = resolve({ host: 'localhost', password });
  assert.strictEqual(resolved.password, password);
  assert.strictEqual(resolved.target.password, undefined);
});

test('retry is false or an object of known keys', () => {
  const local = { host: 'localhost' };
  assert.deepStrictEqual(resolve({ ...local, retry: false }).engine, {
    maxRetries: '0',
  });
  const retry = { maxRetries: 1, baseMillis: 5 };
  assert.deepStrictEqual(resolve({ ...local, retry }).engine, {
    maxRetries: '1',
    retryBaseMillis: '5',
  });
  refuses({ ...local, retry: { maxRetry: 1 } }, /retry.maxRetry.*maxRetries\?/);
});

test("keys of known libraries' own options have no effect", () => {
  const given = Object.keys(WRAPPER_KEYS).map((key) => [key, 7]);
  assert.ok(given.length > 0);
  assert.deepStrictEqual(
    resolve({ connectionString: LOCAL, ...Object.fromEntries(given) }),
    resolve({ connectionString: LOCAL }),
  );
});

test('a uri in place of connectionString is not dropped in silence', () => {
  refuses({ uri: LOCAL }, /^uri is refused: the option is connectionString/);
});

test('a key that is nearly one of those is unknown', () => {
  refuses({ connectionString: LOCAL, expireInHour: 1 }, /^unknown option/);
});

test('port and max may be text, as an environment has them', () => {
  const { target, engine } = resolve({ host: 'h', port: '5433', max: '5' });
  assert.deepStrictEqual([target.port, engine.max], ['5433', '5']);
});
