// SPDX-License-Identifier: MIT
'use strict';

// The options of the pool past a pooler: what it has of the main one.

const assert = require('node:assert');
const { test } = require('node:test');

const { directConfig, weakerTls } = require('../../lib/pool/direct-config.js');
const { resolveOptions } = require('../../lib/options/options.js');

const DIRECT = "postgresql://me:it's%5C@db.example.com:5432/app";
const NOBODY = { env: {} };

/**
 * @param {object} options of the main pool
 * @param {string} [url]
 */
function resolveBoth(options, url = DIRECT) {
  const from = { host: 'pooler.example.com', user: 'u', database: 'app' };
  const given = 'connectionString' in options ? {} : from;
  const main = resolveOptions({ ...given, ...options }, NOBODY);
  /** @type {any} */
  const types = { getTypeParser: () => String };
  const config = directConfig(main, types, url, 'DIRECT_URL');
  const direct = resolveOptions(config, NOBODY);
  const target = Object.fromEntries(direct.target);
  return { main, direct, target };
}

test('ssl: true of the pool makes the direct target verify-full', () => {
  const { main, direct, target } = resolveBoth({ ssl: true });
  assert.strictEqual(target.sslmode, 'verify-full');
  assert.match(target.sslrootcert_pem, /BEGIN CERTIFICATE/);
  assert.strictEqual(weakerTls(main, direct, 'DIRECT_URL'), undefined);
  assert.deepStrictEqual(direct.warnings, []);
});

test('where to and as whom comes from the direct URL alone', () => {
  const { target } = resolveBoth({ password: 'other', port: 6543 });
  const { host, port, user, password, dbname } = target;
  assert.deepStrictEqual([host, port, user], ['db.example.com', '5432', 'me']);
  assert.deepStrictEqual([password, dbname], ["it's\\", 'app']);
});

test("certificates of the pool are the direct pool's", () => {
  const pem = (/** @type {string} */ name) =>
    `-----BEGIN ${name}-----\nAAAA\n-----END ${name}-----`;
  const ssl = { ca: pem('CA'), cert: pem('CERT'), key: pem('KEY') };
  const { target } = resolveBoth({ ssl: { ...ssl, minVersion: 'TLSv1.3' } });
  assert.strictEqual(target.sslmode, 'verify-full');
  assert.strictEqual(target.sslrootcert_pem, ssl.ca);
  assert.strictEqual(target.sslcert_pem, ssl.cert);
  assert.strictEqual(target.sslkey_pem, ssl.key);
  assert.strictEqual(target.ssl_min_protocol_version, 'TLSv1.3');
});

test('verify-ca with an authority as text, and who a server is, are inherited', () => {
  const ca = '-----BEGIN CA-----\nAAAA\n-----END CA-----';
  const connectionString =
    'postgresql://u@pooler.example.com/app?sslmode=verify-ca';
  const plain = resolveBoth({ connectionString, ssl: { ca } });
  assert.strictEqual(plain.target.sslmode, 'verify-ca');
  assert.strictEqual(plain.target.sslrootcert_pem, ca);
  const checkServerIdentity = () => undefined;
  const asking = resolveBoth({ ssl: { ca, checkServerIdentity } });
  assert.strictEqual(asking.target.ssl_identity, 'ask');
  assert.strictEqual(asking.direct.checkServerIdentity, checkServerIdentity);
  const own = resolveBoth({ ssl: { ca } }, `${DIRECT}?sslrootcert=/b/ca`);
  assert.strictEqual(own.target.sslrootcert, '/b/ca');
  assert.strictEqual(own.target.sslrootcert_pem, undefined);
});

test("TLS that the pool's URL names is the direct pool's", () => {
  const connectionString =
    'postgresql://u@pooler.example.com/app?sslmode=verify-ca&' +
    'sslrootcert=/a/ca&channel_binding=require';
  const { target } = resolveBoth({ connectionString });
  assert.strictEqual(target.sslmode, 'verify-ca');
  assert.strictEqual(target.sslrootcert, '/a/ca');
  assert.strictEqual(target.channel_binding, 'require');
  const own = resolveBoth({ connectionString }, `${DIRECT}?sslrootcert=/b/ca`);
  assert.strictEqual(own.target.sslmode, 'verify-ca');
  assert.strictEqual(own.target.sslrootcert, '/b/ca');
});

test('an sslmode of the direct URL counts, and a weaker one causes a warning', () => {
  const weak = resolveBoth({ ssl: true }, `${DIRECT}?sslmode=require`);
  assert.strictEqual(weak.target.sslmode, 'require');
  assert.match(
    weakerTls(weak.main, weak.direct, 'DIRECT_URL') ?? '',
    /DIRECT_URL says sslmode require, which is weaker/,
  );
  const more = resolveBoth({ ssl: 'require' }, `${DIRECT}?sslmode=verify-full`);
  assert.strictEqual(more.target.sslmode, 'verify-full');
  assert.strictEqual(weakerTls(more.main, more.direct, 'x'), undefined);
});

test('where nobody decided on TLS the default for the host counts', () => {
  const { target, direct } = resolveBoth({ host: 'localhost' });
  assert.strictEqual(target.sslmode, 'prefer');
  assert.strictEqual(direct.warnings.length, 1);
});

test('schema, time-outs, logger and onConnect are inherited', () => {
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const { direct, target } = resolveBoth({
    ...{ schema: 'a "b"', statement_timeout: 1234, lock_timeout: 55 },
    ...{ max: 3, min: 2, keepAlive: false, pooler: 'transaction' },
    ...{ application_name: 'app', onConnect: "set x.y = '1'", logger },
  });
  const engine = Object.fromEntries(direct.engine);
  assert.deepStrictEqual(direct.settings, [['search_path', '"a ""b"""']]);
  assert.strictEqual(engine.statementTimeoutMillis, '1234');
  assert.strictEqual(engine.lockTimeoutMillis, '55');
  assert.strictEqual(engine.max, '3');
  assert.strictEqual(engine.keepAlive, 'false');
  assert.strictEqual(engine.min, undefined);
  assert.strictEqual(engine.pooler, undefined);
  assert.strictEqual(target.application_name, 'app');
  assert.strictEqual(direct.onConnect, "set x.y = '1'");
  assert.strictEqual(direct.logger, logger);
});
