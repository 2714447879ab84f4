// SPDX-License-Identifier: MIT
'use strict';

// The text exposition, parsed as a scraper would.

const assert = require('node:assert');
const { after, test } = require('node:test');
const { before, useServer } = require('../support/suite.js');

const { Pool, prometheusText } = /** @type {any} */ (
  require('../../lib/index.js')
);

const LINE = /^([a-z_:][\w:]*)\{(.*)\} (-?[\d.e+-]+|NaN|\+Inf)$/i;
const LABEL = /([a-z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/gi;

const server = useServer();
/** @type {any} */
let pool;

before(() => {
  pool = new Pool({ connectionString: server.url, logger: false });
});

after(async () => {
  await pool?.end();
});

/**
 * Returns samples by name, and checks the format.
 * @param {string} text
 */
function parse(text) {
  assert.ok(text.endsWith('\n'));
  /** @type {Map<string, string>} */
  const types = new Map();
  /** @type {{name: string, labels: any, value: number}[]} */
  const samples = [];
  for (const line of text.trimEnd().split('\n')) {
    if (line.startsWith('# TYPE ')) {
      const [, , name, type] = line.split(' ');
      assert.ok(!types.has(name), `${name} twice`);
      types.set(name, type);
    } else if (line.startsWith('# HELP ')) {
      assert.match(line, /^# HELP holdfast_\w+ [A-Z].*\.$/);
    } else {
      const [, name, inner, value] = LINE.exec(line) ?? assert.fail(line);
      const labels = Object.fromEntries(
        [...inner.matchAll(LABEL)].map(([, label, text]) => [label, text]),
      );
      const base = name.replace(/_(?:bucket|sum|count)$/, '');
      assert.ok(types.has(name) || types.get(base) === 'histogram', name);
      samples.push({ name, labels, value: Number(value) });
    }
  }
  const find = (/** @type {string} */ name, /** @type {any} */ labels = {}) => {
    const found = samples.filter(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([k, v]) => sample.labels[k] === v),
    );
    assert.strictEqual(found.length, 1, `${name} ${JSON.stringify(labels)}`);
    return found[0].value;
  };
  return { samples, types, find };
}

test('counters, gauges and failures have their numbers', async () => {
  await pool.query('select 1');
  await pool.query('select 1/0').catch(() => {});
  const { find, types } = parse(pool.prometheus());
  assert.strictEqual(find('holdfast_queries_total'), 2);
  assert.strictEqual(find('holdfast_succeeded_total', { attempt: '1' }), 1);
  assert.strictEqual(
    find('holdfast_failed_total', { outcome: 'permanent' }),
    1,
  );
  assert.strictEqual(find('holdfast_server_errors_total', { class: '22' }), 1);
  const byCode = 'holdfast_server_errors_by_sqlstate_total';
  assert.strictEqual(find(byCode, { sqlstate: '22012' }), 1);
  assert.strictEqual(types.get(byCode), 'counter');
  assert.strictEqual(find('holdfast_breaker'), 0);
  assert.strictEqual(find('holdfast_connections', { state: 'idle' }), 1);
  assert.strictEqual(types.get('holdfast_queries_total'), 'counter');
  assert.strictEqual(types.get('holdfast_waiting'), 'gauge');
});

test('buckets never fall, and end with the count', async () => {
  await pool.query('select pg_sleep(0.01)');
  const { samples, find } = parse(pool.prometheus());
  const name = 'holdfast_query_time_seconds';
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const bounds = buckets.map(({ labels }) =>
    Number(labels.le.replace('+Inf', 'Infinity')),
  );
  assert.deepStrictEqual(
    bounds,
    [...bounds].sort((a, b) => a - b),
  );
  const counts = buckets.map(({ value }) => value);
  assert.deepStrictEqual(
    counts,
    [...counts].sort((a, b) => a - b),
  );
  assert.strictEqual(counts.at(-1), find(`${name}_count`));
  assert.strictEqual(find(`${name}_count`), pool.stats().queryTimeCount);
  assert.ok(find(`${name}_sum`) >= 0.01);
  const slow = buckets.findIndex((_, i) => bounds[i] >= 0.01);
  assert.ok(counts[slow - 1] < counts[counts.length - 1]);
});

test('pools of one target have names of their own', async () => {
  const other = new Pool({ connectionString: server.url, logger: false });
  try {
    await other.query('select 1');
    const { samples } = parse(prometheusText());
    const names = samples
      .filter(({ name }) => name === 'holdfast_queries_total')
      .map(({ labels }) => labels.pool);
    assert.strictEqual(names.length, 2);
    assert.strictEqual(names[1], `${names[0]}#2`);
    assert.strictEqual(parse(prometheusText([pool])).samples.length > 0, true);
  } finally {
    await other.end();
  }
  assert.ok(!prometheusText().includes('#2"'));
});

test('a value that is not a pool is refused', () => {
  for (const wrong of [{}, [{}], null, 7]) {
    assert.throws(() => prometheusText(wrong), TypeError);
  }
});
