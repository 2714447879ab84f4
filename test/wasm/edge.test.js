// SPDX-License-Identifier: MIT
'use strict';

// The entries for edge runtimes and browsers, in a realm that has what those
// have and nothing of Node.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const vm = require('node:vm');

const holdfast = /** @type {any} */ (require('../../lib/index.js'));
const { compile } = require('../../lib/wasm/compile.js');

const ROOT = path.join(__dirname, '..', '..');
const EDGE = path.join(ROOT, 'lib', 'edge');
const manifest = JSON.parse(
  fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
);

const GLOBALS = [
  'AbortController',
  'AbortSignal',
  'Event',
  'EventTarget',
  'TextDecoder',
  'TextEncoder',
  'atob',
  'clearTimeout',
  'performance',
  'queueMicrotask',
  'setTimeout',
];

/**
 * A realm without Node, and its modules.
 * @param {{compiles?: boolean, others?: string[]}} [options]
 */
function makeRealm({ compiles = true, others = [] } = {}) {
  const global = Object.fromEntries(
    [...GLOBALS, ...others].map((name) => [name, globalThis[name]]),
  );
  const context = vm.createContext(
    // Typed arrays as the code outside knows them: TextEncoder is of there.
    { ...global, Uint8Array, Int32Array, Float64Array },
    { codeGeneration: { strings: false, wasm: compiles } },
  );
  /** @type {Map<string, {exports: any}>} */
  const modules = new Map();
  const load = (/** @type {string} */ file) => {
    const known = modules.get(file);
    if (known !== undefined) {
      return known.exports;
    }
    const module = { exports: {} };
    modules.set(file, module);
    const text = fs.readFileSync(file, 'utf8');
    if (file.endsWith('.json')) {
      module.exports = JSON.parse(text);
      return module.exports;
    }
    const wrapped = `(function (module, exports, require) {${text}\n})`;
    const run = vm.runInContext(wrapped, context, { filename: file });
    run(module, module.exports, (/** @type {string} */ name) => {
      if (name.startsWith('#')) {
        return load(path.join(ROOT, manifest.imports[name].browser));
      }
      assert.ok(name.startsWith('.'), `${file} requires ${name}`);
      return load(path.resolve(path.dirname(file), name));
    });
    return module.exports;
  };
  return { context, load, modules };
}

/** What every entry has to be able to do. */
async function checkHelpers(/** @type {any} */ edge) {
  let calls = 0;
  const value = await edge.retryQuery(
    () => {
      calls += 1;
      if (calls < 3) {
        throw Object.assign(new Error('x'), { code: '40001' });
      }
      return 'done';
    },
    { baseMillis: 1 },
  );
  assert.deepStrictEqual([value, calls], ['done', 3]);
  const { outcome, sqlState } = edge.classify({ code: '40001' });
  assert.deepStrictEqual([outcome, sqlState], ['rolled_back', '40001']);
  assert.strictEqual(edge.presets.fast.baseMillis, 20);
  await assert.rejects(
    edge.withDatabaseRetry(() => new Promise(() => {}), { deadlineMillis: 5 }),
    { code: 'HF_DEADLINE' },
  );
}

test('the names are those of the main entry', async () => {
  const edge = require('../../lib/edge/browser.js');
  const names = Object.keys(holdfast).sort();
  assert.deepStrictEqual(Object.keys(edge).sort(), names);
  const { default: main, .../** @type {any} */ named } = await import(
    '../../lib/edge/browser.mjs'
  );
  assert.strictEqual(main, edge);
  assert.deepStrictEqual(Object.keys(named).sort(), names);
});

test('the names of pg-holdfast/prisma are those of its main entry', async () => {
  const prisma = require('../../lib/prisma/index.js');
  const edge = /** @type {any} */ (require('../../lib/edge/prisma-browser.js'));
  const names = Object.keys(prisma).sort();
  assert.deepStrictEqual(Object.keys(edge).sort(), names);
  const { default: main, .../** @type {any} */ named } = await import(
    '../../lib/edge/prisma-browser.mjs'
  );
  assert.strictEqual(main, edge);
  assert.deepStrictEqual(Object.keys(named).sort(), names);
  const adapter = new edge.PrismaHoldfast({ connectionString: 'postgres://x' });
  await assert.rejects(adapter.connect(), { code: 'HF_NO_BINARY' });
});

test('a Client can be made there, and its methods reject', async () => {
  const { Client } = /** @type {any} */ (require('../../lib/edge/browser.js'));
  const client = new Client('postgres://x');
  assert.strictEqual(
    client.on('error', () => {}),
    client,
  );
  await assert.rejects(client.connect(), { code: 'HF_NO_BINARY' });
  await assert.rejects(client.query('select 1'), { code: 'HF_NO_BINARY' });
  await client.end();
});

test('the pool has the methods of the real one, and all reject', async () => {
  const { Pool, getPool } = /** @type {any} */ (
    require('../../lib/edge/browser.js')
  );
  const pool = new Pool({ connectionString: 'postgres://x' });
  assert.strictEqual(getPool(), getPool());
  const all = Object.getOwnPropertyNames(holdfast.Pool.prototype).filter(
    (name) => !/^(noticeOptions|toJSON)$/.test(name),
  );
  for (const name of all) {
    assert.ok(name in pool, name);
  }
  assert.throws(() => pool.stats(), { code: 'HF_NO_BINARY' });
  for (const method of ['stream', 'copyTo', 'copyFrom']) {
    assert.throws(() => pool[method]('select 1'), { code: 'HF_NO_BINARY' });
  }
  const asking = all.filter(
    (name) =>
      typeof Object.getOwnPropertyDescriptor(holdfast.Pool.prototype, name)
        ?.value === 'function' &&
      !/^(constructor|emit|stats|stream|copyTo|copyFrom|prometheus|end|on|once)$|Listener$/.test(
        name,
      ) &&
      name !== 'withSettings',
  );
  assert.ok(asking.length > 8, `${asking}`);
  for (const name of asking) {
    await assert.rejects(pool[name](), {
      code: 'HF_NO_BINARY',
      message: /run this code on Node\.js/,
    });
  }
  await assert.rejects(pool.withSettings({ role: 'x' }).query('select 1'));
  assert.strictEqual(
    pool.on('error', () => {}),
    pool,
  );
  await pool[Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]();
  assert.strictEqual(pool.ended, true);
});

test('exports leads every condition to an entry that exists', () => {
  const wanted = ['workerd', 'edge-light', 'browser'];
  for (const name of ['.', './prisma']) {
    const text = JSON.stringify(manifest.exports[name]);
    for (const [, file] of text.matchAll(/"(\.\/lib[^"]+)"/g)) {
      assert.ok(fs.existsSync(path.join(ROOT, file)), file);
    }
    const conditions = Object.keys(manifest.exports[name]);
    assert.deepStrictEqual(conditions.slice(0, 3), wanted);
  }
});

test('a browser compiles the core, and needs nothing of Node', async () => {
  const { load } = makeRealm();
  await checkHelpers(load(path.join(EDGE, 'browser.js')));
});

test("Prisma's operations are repeated there, too", async () => {
  const { load } = makeRealm();
  const edge = load(path.join(EDGE, 'prisma-browser.js'));
  const { query } = edge.retryExtension({ baseMillis: 1 });
  let calls = 0;
  const value = await query.$allOperations({
    model: 'User',
    operation: 'findMany',
    args: {},
    __internalParams: {},
    query: () => {
      calls += 1;
      return calls < 2
        ? Promise.reject(new Error('Connection terminated unexpectedly'))
        : Promise.resolve('rows');
    },
  });
  assert.deepStrictEqual([value, calls], ['rows', 2]);
});

test('an edge runtime takes the imported core', async () => {
  const { load, modules } = makeRealm({ compiles: false });
  const edge = load(path.join(EDGE, 'index.js'));
  const core = compile();
  load(path.join(ROOT, 'lib/wasm/source.js')).provide(() => core);
  await checkHelpers(edge);
  const files = [...modules.keys()].map((file) => path.basename(file));
  assert.ok(!files.includes('bytes.js'), 'the bytes are not bundled');
});

test('where WebAssembly is refused, the helpers say so', async () => {
  const { load } = makeRealm({ compiles: false });
  const edge = load(path.join(EDGE, 'browser.js'));
  await assert.rejects(
    edge.retryQuery(() => 1),
    { code: 'HF_NO_BINARY', message: /WebAssembly, which is refused here/ },
  );
});

test('joinAsync says what it lacks, or works', async () => {
  const without = makeRealm().load(path.join(EDGE, 'browser.js'));
  await assert.rejects(
    without.retryQuery(() => 1, { joinAsync: true }),
    /joinAsync needs AsyncLocalStorage/,
  );
});

test('modules loaded anew share one core, and so one budget', () => {
  const { context, load, modules } = makeRealm();
  const first = load(path.join(ROOT, 'lib/engine/edge-core.js'));
  load(path.join(EDGE, 'browser.js'));
  const core = first.native();
  modules.clear();
  load(path.join(EDGE, 'browser.js'));
  assert.strictEqual(
    load(path.join(ROOT, 'lib/engine/edge-core.js')).native(),
    core,
  );
  const shown = vm.runInContext('Object.keys(globalThis).join()', context);
  assert.doesNotMatch(shown, /holdfast/i);
});
