// SPDX-License-Identifier: MIT
'use strict';

// The real API, with providers that keep what they are given.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { after, afterEach, test } = require('node:test');

const api = require('@opentelemetry/api');

const { Pool, enableOpenTelemetry } = /** @type {any} */ (
  require('../../lib/index.js')
);
const { eventually } = require('../support/index.js');
const { before, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {any} */
let pool;
/** @type {() => void} */
let disable = () => {};
/** @type {any[]} */
let spans = [];
/** By name of the instrument. @type {Map<string, any[]>} */
const records = new Map();
/** @type {[Function, any[]][]} */
let callbacks = [];

/** @param {string} name @param {any} options @param {any} attributes */
function makeSpan(name, options, attributes = { ...options.attributes }) {
  const span = {
    name,
    kind: options.kind,
    attributes,
    status: /** @type {any} */ (undefined),
    ended: false,
    setStatus: (/** @type {any} */ status) => {
      span.status = status;
    },
    setAttribute: (/** @type {string} */ key, /** @type {any} */ value) => {
      attributes[key] = value;
    },
    setAttributes: (/** @type {any} */ more) => Object.assign(attributes, more),
    end: () => {
      span.ended = true;
    },
  };
  spans.push(span);
  return span;
}

/** Spans of statements: connects may come between. */
function ofStatements() {
  return spans.filter(({ name }) => name.startsWith('pg.query:'));
}

/** @param {string} name */
function instrument(name) {
  const kept = records.get(name) ?? [];
  records.set(name, kept);
  return {
    name,
    record: (/** @type {number} */ value, /** @type {any} */ attributes) => {
      kept.push({ value, attributes });
    },
  };
}

const meter = {
  createHistogram: instrument,
  createObservableUpDownCounter: instrument,
  createObservableCounter: instrument,
  addBatchObservableCallback: (
    /** @type {Function} */ callback,
    /** @type {any[]} */ observed,
  ) => {
    callbacks.push([callback, observed]);
  },
  removeBatchObservableCallback: (/** @type {Function} */ callback) => {
    callbacks = callbacks.filter(([one]) => one !== callback);
  },
};

/** Has the metrics observed, as an exporter does. */
function collect() {
  for (const [callback] of callbacks) {
    callback({
      observe: (
        /** @type {any} */ { name },
        /** @type {number} */ value,
        /** @type {any} */ attributes,
      ) => records.get(name)?.push({ value, attributes }),
    });
  }
}

before(() => {
  api.trace.setGlobalTracerProvider(
    /** @type {any} */ ({ getTracer: () => ({ startSpan: makeSpan }) }),
  );
  api.metrics.setGlobalMeterProvider(
    /** @type {any} */ ({ getMeter: () => meter }),
  );
  pool = new Pool({ connectionString: server.url, logger: false, min: 1 });
});

afterEach(() => {
  disable();
  spans = [];
  records.clear();
});

after(async () => {
  await pool?.end();
});

test('a statement is a span with the conventions names', async () => {
  disable = enableOpenTelemetry();
  await pool.query('select $1::int /* tag */', [42]);
  const [span, ...others] = ofStatements();
  assert.strictEqual(others.length, 0);
  assert.strictEqual(span.kind, api.SpanKind.CLIENT);
  assert.strictEqual(span.name, 'pg.query:SELECT postgres');
  assert.ok(span.ended);
  assert.strictEqual(span.status, undefined);
  const { host, port } = pool.options;
  const stable = {
    'db.system.name': 'postgresql',
    'db.namespace': 'postgres',
    'server.address': host,
    'server.port': port,
    'db.query.text': 'select $1::int',
  };
  assert.deepStrictEqual(span.attributes, {
    'db.system': 'postgresql',
    'db.name': 'postgres',
    'db.user': pool.options.user,
    'db.connection_string': `postgresql://${host}:${port}/postgres`,
    'net.peer.name': host,
    'net.peer.port': port,
    'db.statement': 'select $1::int',
    ...stable,
  });
  process.env.OTEL_SEMCONV_STABILITY_OPT_IN = 'http,database';
  try {
    await pool.query('select $1::int', [42]);
  } finally {
    delete process.env.OTEL_SEMCONV_STABILITY_OPT_IN;
  }
  assert.deepStrictEqual(ofStatements()[1].attributes, stable);
});

test('a named statement gives its name to its span', async () => {
  disable = enableOpenTelemetry({ metrics: false });
  await pool.query({ name: 'by-id', text: 'select 1' });
  const [span] = ofStatements();
  assert.strictEqual(span.name, 'pg.query:by-id postgres');
  assert.strictEqual(span.attributes['db.postgresql.plan'], 'by-id');
});

test('connect() and each connection that is opened are spans', async () => {
  disable = enableOpenTelemetry({ metrics: false });
  const fresh = new Pool({ connectionString: server.url, logger: false });
  try {
    const client = await fresh.connect();
    client.release();
    await eventually(() =>
      spans.some(({ name, ended }) => name === 'pg.connect' && ended),
    );
    const acquired = spans.filter(({ name }) => name === 'pg-pool.connect');
    assert.strictEqual(acquired.length, 1);
    assert.ok(acquired[0].ended);
    assert.strictEqual(acquired[0].kind, api.SpanKind.CLIENT);
    assert.strictEqual(acquired[0].attributes['db.name'], 'postgres');
  } finally {
    await fresh.end();
  }
});

test('a connect that fails is a span with its error', async () => {
  disable = enableOpenTelemetry({ metrics: false });
  const url = new URL(server.url);
  url.pathname = '/no_such_database';
  const wrong = new Pool({ connectionString: url.href, logger: false });
  await assert.rejects(wrong.connect());
  await eventually(() => spans.filter((span) => span.ended).length >= 2);
  for (const name of ['pg-pool.connect', 'pg.connect']) {
    const span = spans.find((one) => one.name === name);
    assert.deepStrictEqual(span.status, { code: api.SpanStatusCode.ERROR });
    assert.strictEqual(span.attributes['error.type'], '3D000', name);
  }
  await wrong.end();
});

test('a failed statement has an error type and the SQLSTATE', async () => {
  disable = enableOpenTelemetry({ api });
  await assert.rejects(pool.query('select 1/0'));
  const [{ status, attributes, ended }] = ofStatements();
  assert.deepStrictEqual(status, { code: api.SpanStatusCode.ERROR });
  assert.strictEqual(attributes['error.type'], '22012');
  assert.strictEqual(attributes['db.response.status_code'], '22012');
  assert.ok(ended);
});

test('a statement whose value cannot be written has a span that ends', async () => {
  disable = enableOpenTelemetry({ api });
  const bad = {
    toPostgres() {
      throw new RangeError('no text for it');
    },
  };
  await assert.rejects(pool.query('select $1::text', [bad]), RangeError);
  await assert.rejects(pool.query('select 1/0'));
  assert.deepStrictEqual(
    ofStatements().map((span) => [span.ended, span.attributes['error.type']]),
    [
      [true, 'RangeError'],
      [true, '22012'],
    ],
  );
  const kept = records.get('db.client.operation.duration') ?? [];
  assert.strictEqual(kept.length, 2);
  assert.ok(kept.every(({ value }) => value >= 0));
});

test('durations and the pool are metrics with the conventions names', async () => {
  disable = enableOpenTelemetry();
  await pool.query('select 1');
  await pool.transaction(async (/** @type {any} */ client) => {
    await client.query('select 2');
  });
  const durations = records.get('db.client.operation.duration') ?? [];
  assert.strictEqual(durations.length, 4); // with BEGIN and COMMIT
  assert.ok(durations.every(({ value }) => value >= 0 && value < 60));
  assert.deepStrictEqual(
    durations.map(({ attributes }) => attributes['db.operation.name']),
    ['SELECT', 'BEGIN', 'SELECT', 'COMMIT'],
  );
  await eventually(() => pool.stats().leaseTimeCount === 1);
  collect();
  /** @param {string} name */
  const last = (name) => records.get(`db.client.connection.${name}`)?.at(-1);
  assert.strictEqual(last('max').value, 10);
  assert.strictEqual(last('idle.min').value, 1);
  assert.strictEqual(last('idle.max').value, 10);
  assert.strictEqual(last('pending_requests').value, 0);
  assert.strictEqual(last('timeouts').value, 0);
  const counts = records.get('db.client.connection.count') ?? [];
  assert.deepStrictEqual(
    counts.map(({ attributes }) => attributes['db.client.connection.state']),
    ['idle', 'used'],
  );
  const names = ['create_time', 'wait_time', 'use_time'];
  for (const name of names) {
    assert.ok(last(name).value > 0, name);
    assert.ok(last(name).attributes['db.client.connection.pool.name'], name);
  }
  const { acquireWaitCount } = pool.stats();
  const waits = () => records.get('db.client.connection.wait_time')?.length;
  assert.strictEqual(waits(), acquireWaitCount);
  collect();
  assert.strictEqual(waits(), acquireWaitCount, 'nothing is recorded twice');
});

test('what servers refused is counted, also what was repeated', async () => {
  disable = enableOpenTelemetry({ spans: false });
  const other = new Pool({
    connectionString: server.url,
    logger: false,
    retryBaseMillis: 0,
  });
  try {
    await other.query('create sequence once');
    const text = `do $$ begin
      if nextval('once') < 2 then
        raise exception 'conflict' using errcode = '40001';
      end if; end $$`;
    await other.query({ text, idempotent: true });
    collect();
    const seen = (records.get('db.holdfast.server_errors') ?? []).filter(
      ({ attributes }) =>
        attributes['db.client.connection.pool.name'].endsWith('#2'),
    );
    assert.strictEqual(seen.length, 1);
    const [{ value, attributes }] = seen;
    assert.strictEqual(value, 1);
    assert.strictEqual(attributes['error.type'], '40001');
    assert.strictEqual(attributes['db.response.status_code'], '40001');
    const calls = records.get('db.client.operation.duration') ?? [];
    assert.ok(calls.every(({ attributes: a }) => !('error.type' in a)));
  } finally {
    await other.end();
  }
});

test('what is turned off is not made, and disabling ends it all', async () => {
  disable = enableOpenTelemetry({ spans: false });
  await pool.query('select 1');
  assert.strictEqual(spans.length, 0);
  disable = enableOpenTelemetry({ metrics: false });
  assert.strictEqual(callbacks.length, 0, 'the second call ends the first');
  await pool.query('select 1');
  assert.strictEqual(ofStatements().length, 1);
  disable();
  await pool.query('select 1');
  assert.strictEqual(ofStatements().length, 1);
});

test('wrong options are named', () => {
  assert.throws(() => enableOpenTelemetry({ span: true }), /span .*spans/);
  assert.throws(() => enableOpenTelemetry({ spans: 1 }), TypeError);
  assert.throws(() => enableOpenTelemetry({ api: {} }), /@opentelemetry/);
  assert.throws(() => enableOpenTelemetry(null), TypeError);
});

test('without the API the error says what to install', () => {
  const file = path.join(
    __dirname,
    '..',
    '..',
    'lib',
    'observe',
    'opentelemetry.js',
  );
  const script = `
    const Module = require('node:module');
    const resolve = Module._resolveFilename;
    Module._resolveFilename = (name, ...rest) => {
      if (name.startsWith('@opentelemetry')) {
        throw Object.assign(new Error('no'), { code: 'MODULE_NOT_FOUND' });
      }
      return resolve(name, ...rest);
    };
    try {
      require(${JSON.stringify(file)}).enableOpenTelemetry();
    } catch (error) {
      process.stdout.write(error.code + ' ' + error.message);
    }`;
  const said = execFileSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
  });
  assert.match(said, /^HF_NO_OPENTELEMETRY .*npm install @opentelemetry\/api/);
});
