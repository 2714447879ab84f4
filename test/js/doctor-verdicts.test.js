// SPDX-License-Identifier: MIT

// What the doctor makes of what it found, for situations that no loopback
// server can be brought into: distance, other machines, other poolers.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');

const { adviceOf, poolerFindings } = require('../../cli/doctor/advice.js');
const { explain } = require('../../cli/doctor/explain.js');
const { Failure } = require('../../cli/doctor/failure.js');
const { newReport } = require('../../cli/doctor/new-report.js');
const { Scram, endPoint } = require('../../cli/doctor/scram.js');
const { readSettings } = require('../../cli/doctor/settings.js');
const { symptomsOf } = require('../../cli/doctor/symptoms.js');
const { verdicts } = require('../../cli/doctor/verdicts.js');

const REMOTE = 'postgresql://app:secret@db.example/shop';

/**
 * @param {string} url
 * @param {(report: any) => void} [change]
 */
function situation(url, change) {
  const settings = readSettings(url, 'argument', {});
  const report = newReport(settings);
  report.works = true;
  report.tls.offered = true;
  Object.assign(report.server, { version: '17.2', role: 'primary' });
  Object.assign(report.pooler, { mode: 'direct', proxied: false });
  change?.(report);
  const findings = [
    ...verdicts(report, settings),
    ...poolerFindings(report, settings),
  ];
  return {
    levels: Object.fromEntries(findings.map(({ id, level }) => [id, level])),
    advice: (/** @type {string} */ name) =>
      adviceOf(report, settings).find(({ setting }) => setting === name),
    symptom: (/** @type {string} */ name) =>
      symptomsOf(report).find(({ id }) => id === name),
  };
}

describe('verdicts', () => {
  test('optional TLS is a warning on other machines', () => {
    assert.equal(situation(REMOTE).levels['tls-prefer'], 'warning');
    const local = situation('postgresql://app@localhost/shop');
    assert.deepEqual(local.levels, {});
  });

  test('sslmode decides between warning, hint and nothing', () => {
    const mode = (/** @type {string} */ name) =>
      situation(`${REMOTE}?sslmode=${name}`).levels;
    assert.equal(mode('disable').plain, 'warning');
    assert.equal(mode('require')['tls-unchecked'], 'hint');
    assert.deepEqual(mode('verify-full'), {});
  });

  test('a certificate that ends soon is a warning', () => {
    const { levels } = situation(`${REMOTE}?sslmode=verify-full`, (report) => {
      report.tls.chain = [{ daysLeft: 5, validTo: '2030-01-01' }];
    });
    assert.deepEqual(levels, { 'tls-expires': 'warning' });
  });

  test('latency is a hint between zones, a warning between regions', () => {
    const at = (/** @type {number} */ millis) =>
      situation(`${REMOTE}?sslmode=verify-full`, ({ latency }) => {
        latency.roundTripMillis = millis;
      }).levels;
    assert.deepEqual(at(1), {});
    assert.deepEqual(at(8), { apart: 'hint' });
    assert.deepEqual(at(80), { far: 'warning' });
  });

  test('a password sent unencrypted is a warning', () => {
    const { levels } = situation(`${REMOTE}?sslmode=disable`, (report) => {
      report.tls.offered = false;
      Object.assign(report.authentication, {
        method: 'password',
        encrypted: false,
      });
    });
    assert.equal(levels['password-plain'], 'warning');
    assert.equal(levels.plain, 'warning');
  });

  test('a server that is nearly full is a warning', () => {
    const { levels, advice } = situation(REMOTE, ({ limits }) => {
      Object.assign(limits, { maxConnections: 100, used: 92, free: 5 });
    });
    assert.equal(levels['nearly-full'], 'warning');
    assert.deepEqual([advice('max')?.value, advice('max')?.ok], [1, false]);
  });

  test('connection_limit=1 is a warning', () => {
    const { levels } = situation(`${REMOTE}?connection_limit=1`);
    assert.equal(levels['one-connection'], 'warning');
  });

  test('names forced upon a transaction pooler are a warning', () => {
    const { levels, symptom } = situation(
      `${REMOTE}?pooler=session`,
      ({ pooler }) => {
        Object.assign(pooler, { mode: 'transaction', proxied: true });
        pooler.namedStatements = 'unsafe';
      },
    );
    assert.equal(levels['pooler-option'], 'warning');
    assert.equal(symptom('42P05')?.here, 'yes');
    assert.equal(symptom('wrong-rows')?.here, 'yes');
  });

  test("max follows the pooler's pool size where that is known", () => {
    const { advice, symptom } = situation(REMOTE, ({ pooler }) => {
      Object.assign(pooler, { mode: 'transaction', proxied: true });
      pooler.poolSize = 4;
    });
    assert.deepEqual([advice('max')?.value, advice('max')?.ok], [4, false]);
    assert.equal(symptom('exhaustion')?.here, 'yes');
  });

  test('in session mode all processes share the pool of the pooler', () => {
    const { advice } = situation(REMOTE, ({ limits, pooler }) => {
      Object.assign(pooler, { mode: 'session', proxied: true, poolSize: 8 });
      limits.free = 90;
    });
    assert.deepEqual([advice('max')?.value, advice('max')?.ok], [2, false]);
  });

  test('what could not be determined counts as possible', () => {
    const { symptom } = situation(REMOTE, ({ pooler }) => {
      Object.assign(pooler, { mode: 'unknown', proxied: true });
      pooler.namedStatements = 'unknown';
    });
    for (const id of ['42P05', 'wrong-rows', 'session-state']) {
      assert.equal(symptom(id)?.here, 'possible', id);
    }
    assert.match(symptom('session-state')?.holdfast ?? '', /DIRECT_URL/);
  });

  test('verify-full is advised for when there is TLS', () => {
    const { advice } = situation(REMOTE, ({ tls }) => {
      tls.offered = false;
    });
    assert.match(advice('sslmode')?.reason ?? '', /once the server offers TLS/);
  });

  test('idle connections go before the server ends them', () => {
    const { advice, symptom } = situation(REMOTE, ({ server }) => {
      server.timeouts = { idle_session_timeout: '15s' };
    });
    assert.equal(advice('idleTimeoutMillis')?.value, 7500);
    assert.equal(advice('idleTimeoutMillis')?.ok, false);
    assert.equal(symptom('dead-connections')?.here, 'yes');
  });

  test('idle sessions behind a transaction pooler are its own', () => {
    const { advice, symptom } = situation(REMOTE, ({ server, pooler }) => {
      server.timeouts = { idle_session_timeout: '15s' };
      Object.assign(pooler, { mode: 'transaction', proxied: true });
    });
    assert.equal(advice('idleTimeoutMillis'), undefined);
    assert.equal(symptom('dead-connections')?.here, 'possible');
  });
});

describe('explanations', () => {
  /** @type {[string, string, string][]} */
  const said = [
    ['XX000', 'Tenant or user not found', 'unknown-tenant'],
    ['XX000', 'Max client connections reached', 'pooler-full'],
    ['08P01', 'query_wait_timeout', 'pooler-starved'],
    ['08P01', 'server login has been failing', 'pooler-no-server'],
    ['08P01', 'pooler is shutting down', 'shutting-down'],
    ['08P01', 'SASL authentication failed', 'wrong-password'],
    ['08P01', 'no such database: x', 'unknown-database'],
    ['08P01', 'unsupported startup parameter: geqo', 'startup-parameter'],
    ['57P03', 'the database system is starting up', 'starting'],
    ['28000', 'no pg_hba.conf entry for host, no encryption', 'refused'],
    ['28000', 'role "x" does not exist', 'refused'],
    ['42501', 'permission denied for database "x"', 'no-privilege'],
    ['99999', 'something new', 'server-error'],
  ];
  for (const [code, message, id] of said) {
    test(`"${message}" is ${id}`, () => {
      const finding = explain(new Failure('server', message, { code }));
      assert.equal(finding.id, id);
      assert.equal(finding.level, 'failure');
      assert.ok(finding.text.includes(message));
      assert.ok(finding.next.length > 0);
    });
  }
});

describe('logins', () => {
  test('a server that demands absurd work is refused', async () => {
    const scram = new Scram('secret', undefined);
    const nonce = /r=(.*)$/.exec(scram.first)?.[1];
    const first = `r=${nonce}x,s=${Buffer.from('salt').toString('base64')}`;
    await assert.rejects(scram.answer(`${first},i=2000000000`), {
      kind: 'auth',
      code: 'iterations',
    });
  });

  test('a server that does not prove itself is refused', async () => {
    const scram = new Scram('secret', undefined);
    const nonce = /r=(.*)$/.exec(scram.first)?.[1];
    await scram.answer(`r=${nonce}x,s=c2FsdA==,i=4096`);
    assert.throws(() => scram.check('v=AAAA'), { code: 'server-signature' });
  });

  test('bytes that are no certificate have no channel binding', () => {
    assert.equal(endPoint(Buffer.from('nonsense')), undefined);
  });
});
