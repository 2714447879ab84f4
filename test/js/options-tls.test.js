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

test('ssl.servername works where the address is known', () => {
  const ssl = { servername: 'db.example' };
  const { target } = resolve({ host: '10.0.0.1', ssl });
  assert.strictEqual(target.host, 'db.example');
  assert.strictEqual(target.hostaddr, '10.0.0.1');
  refuses({ host: 'a.example', ssl }, /^ssl.servername can differ/);
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
