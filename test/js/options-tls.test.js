// SPDX-License-Identifier: MIT
'use strict';

// TLS: what `ssl` and `sslmode` mean.

const assert = require('node:assert');
const { test } = require('node:test');
const tls = require('node:tls');

const { SECRET, refuses, resolve } = require('../support/resolve.js');

const PEM = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----';

test('ssl: true checks the certificate with the roots of Node', () => {
  const { target } = resolve({ host: 'db.example', ssl: true });
  assert.strictEqual(target.sslmode, 'verify-full');
  assert.ok(target.sslrootcert_pem.includes(tls.rootCertificates[0]));
});

test('ssl takes PEM text, as text, bytes or a list', () => {
  const ssl = { ca: [PEM, Buffer.from(PEM)], cert: PEM, key: PEM };
  const { target } = resolve({ host: 'db.example', ssl });
  assert.strictEqual(target.sslmode, 'verify-full');
  assert.strictEqual(target.sslrootcert_pem, `${PEM}\n${PEM}`);
  assert.strictEqual(target.sslcert_pem, PEM);
  assert.strictEqual(target.sslkey_pem, PEM);
  refuses({ host: 'x', ssl: { ca: '/etc/ca.pem' } }, /^ssl.ca must be PEM/);
  refuses({ host: 'x', ssl: { pfx: 'x' } }, /^ssl.pfx is not supported/);
  refuses({ host: 'x', ssl: 5 }, /^ssl must be/);
});

test('rejectUnauthorized: false encrypts and checks nothing', () => {
  const ssl = { rejectUnauthorized: false, ca: PEM };
  const { target, warnings } = resolve({ host: 'db.example', ssl });
  assert.strictEqual(target.sslmode, 'require');
  assert.strictEqual(target.sslrootcert_pem, undefined);
  assert.deepStrictEqual(warnings, []);
});

test('ssl.servername is the name in the certificate, whatever the host is', () => {
  const ssl = { servername: 'db.example' };
  for (const host of ['10.0.0.1', 'localhost', 'a.example']) {
    const { target } = resolve({ host, ssl });
    assert.strictEqual(target.host, host);
    assert.strictEqual(target.hostaddr, undefined);
    assert.strictEqual(target.ssl_servername, 'db.example');
  }
  const same = resolve({ host: 'db.example', ssl }).target;
  assert.strictEqual(same.ssl_servername, undefined);
});

test('ssl: { ca } says with which authorities, not how much is checked', () => {
  const mode = (/** @type {string} */ text, /** @type {any} */ ssl) =>
    resolve({ connectionString: `postgres://u@db.example/db?${text}`, ssl })
      .target;
  const ca = { ca: PEM };
  assert.strictEqual(mode('sslmode=verify-ca', ca).sslmode, 'verify-ca');
  assert.strictEqual(mode('sslmode=verify-ca', ca).sslrootcert_pem, PEM);
  assert.strictEqual(mode('sslmode=require', ca).sslmode, 'verify-full');
  assert.strictEqual(mode('sslmode=verify-ca', true).sslmode, 'verify-full');
  const file = 'sslmode=verify-ca&sslrootcert=/ca.pem&sslcert=/c&sslkey=/k';
  assert.strictEqual(mode(file, ca).sslrootcert, undefined);
  assert.strictEqual(mode(file, ca).sslcert, '/c');
  assert.strictEqual(mode(file, { cert: PEM, key: PEM }).sslcert, undefined);
  assert.strictEqual(mode(file, { cert: PEM, key: PEM }).sslkey, undefined);
});

test('files that a connection string names stay beside the option ssl', () => {
  const of = (/** @type {any} */ ssl) =>
    resolve({
      connectionString: 'postgres://u@db.example/db?sslrootcert=/ca.pem',
      ssl,
    }).target;
  assert.strictEqual(of(true).sslrootcert, '/ca.pem');
  assert.strictEqual(of({ servername: 'x' }).sslrootcert, '/ca.pem');
  assert.strictEqual(of({ servername: 'x' }).sslrootcert_pem, undefined);
  for (const ssl of [false, { rejectUnauthorized: false }, 'no-verify']) {
    assert.strictEqual(of(ssl).sslrootcert, undefined);
    assert.strictEqual(of(ssl).sslrootcert_pem, undefined);
  }
  const trusting = resolve(
    'postgres://u@db.example/db?sslmode=no-verify&sslrootcert=/ca.pem',
  ).target;
  assert.strictEqual(trusting.sslmode, 'require');
  assert.strictEqual(trusting.sslrootcert, undefined);
});

test('checkServerIdentity is a function and replaces the check of the name', () => {
  const checkServerIdentity = () => undefined;
  const of = (/** @type {any} */ ssl) => resolve({ host: 'db.example', ssl });
  const { target } = of({ ca: PEM, checkServerIdentity });
  assert.strictEqual(target.sslmode, 'verify-ca');
  assert.strictEqual(target.ssl_identity, 'ask');
  const trusting = of({ rejectUnauthorized: false, checkServerIdentity });
  assert.strictEqual(trusting.target.sslmode, 'require');
  assert.strictEqual(trusting.target.ssl_identity, undefined);
  assert.strictEqual(
    of({ checkServerIdentity: null }).target.ssl_identity,
    undefined,
  );
  refuses(
    { host: 'x', ssl: { checkServerIdentity: 'no' } },
    /^ssl.checkServerIdentity must be a function/,
  );
});

test('keys of node:tls that libpq cannot take come with a cure', () => {
  const cures = {
    pfx: /give cert and key/,
    secureContext: /give ca, cert and key/,
    crl: /sslcrl=/,
    ciphers: /minVersion/,
    host: /servername/,
    ALPNProtocols: /it knows ca, cert/,
  };
  for (const [key, cure] of Object.entries(cures)) {
    refuses({ host: 'x', ssl: { [key]: 'x' } }, cure);
  }
});

test('without ssl a remote host gets prefer and one warning', () => {
  const remote = resolve({ host: 'db.example' });
  assert.strictEqual(remote.target.sslmode, 'prefer');
  assert.strictEqual(remote.warnings.length, 1);
  assert.match(remote.warnings[0], /^TLS is not configured for db.example/);
  for (const host of ['localhost', '127.0.0.1', '::1', '/tmp']) {
    const { target, warnings } = resolve({ host });
    assert.strictEqual(target.sslmode, 'disable');
    assert.deepStrictEqual(warnings, []);
  }
});

test("sslmode in a URL keeps libpq's meaning", () => {
  const mode = (/** @type {string} */ text) =>
    resolve(`postgres://u@db.example/db?${text}`).target;
  assert.strictEqual(mode('sslmode=require').sslmode, 'require');
  assert.strictEqual(mode('sslmode=no-verify').sslmode, 'require');
  assert.strictEqual(mode('sslmode=require').sslrootcert_pem, undefined);
  assert.ok(mode('sslmode=verify-full').sslrootcert_pem);
  assert.ok(mode('sslrootcert=system').sslrootcert_pem);
  assert.strictEqual(mode('sslrootcert=system').sslmode, 'verify-full');
  const own = mode('sslmode=verify-ca&sslrootcert=/ca.pem');
  assert.strictEqual(own.sslrootcert, '/ca.pem');
  assert.strictEqual(own.sslrootcert_pem, undefined);
  refuses('postgres://u@h/db?sslmode=verify', /^sslmode must be one of/);
});

test("a key may be an object with its passphrase, as Node's", () => {
  const { target } = resolve({
    host: 'localhost',
    ssl: { cert: [PEM, PEM], key: [{ pem: PEM, passphrase: SECRET }] },
  });
  assert.strictEqual(target.sslkey_pem, PEM);
  assert.strictEqual(target.sslcert_pem, `${PEM}\n${PEM}`);
  assert.strictEqual(target.sslpassword, SECRET);
});
