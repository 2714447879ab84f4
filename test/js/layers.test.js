// SPDX-License-Identifier: MIT
// What scripts/check-layers says of made-up trees: circles, upward arrows, and the list
// of those that are tolerated.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { edgesOf } = require('../../scripts/layers/calls.js');
const { checkTree } = require('../../scripts/layers/check.js');
const { tableEdges } = require('../../scripts/layers/tables.js');

/** @param {Record<string, string[]>} known by #include, core's and net's */
function knownList({ core = [], net = [], lib = [] }) {
  const lists = { CALLS: {}, INCLUDES: { core, net }, REQUIRES: lib };
  return `module.exports = ${JSON.stringify(lists)};\n`;
}

/**
 * Runs the check in a tree that holds these files and its own list.
 *
 * @param {import('node:test').TestContext} t
 * @param {Record<string, string>} files
 * @param {{known?: Record<string, string[]>, why?: boolean,
 *   shrink?: boolean}} [options]
 */
function check(t, files, { known = {}, ...options } = {}) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'layers-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  const all = { ...files, 'scripts/layers/known.js': knownList(known) };
  for (const [name, text] of Object.entries(all)) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), text);
  }
  const { faults, tolerated } = checkTree(root, options);
  return { count: faults.length, said: faults.join('\n'), tolerated };
}

const CIRCLE = {
  'native/core/pool/a.h': '#include "core/pool/b.h"\n',
  'native/core/pool/b.h': '\n',
  'native/core/pool/b.c': '#include "core/pool/b.h"\n#include "c.h"\n',
  'native/core/pool/c.h': '\n\n#include "core/pool/a.h"\n',
};

test('a tree without circles is right', (t) => {
  const { count, said } = check(t, { ...CIRCLE, 'native/core/pool/c.h': '\n' });
  assert.equal(count, 0, said);
});

test('a circle by #include is refused, a .c and its .h being one', (t) => {
  const { said } = check(t, CIRCLE);
  assert.match(said, /circle of 3 files: pool\/a, pool\/b, pool\/c/);
});

test('--why names each file and line on the way around a circle', (t) => {
  const { said } = check(t, CIRCLE, { why: true });
  assert.match(said, /pool\/a -> pool\/b {2}\(native\/core\/pool\/a\.h:1\)/);
  assert.match(said, /pool\/b -> pool\/c {2}\(native\/core\/pool\/b\.c:2\)/);
  assert.match(said, /pool\/c -> pool\/a {2}\(native\/core\/pool\/c\.h:3\)/);
});

test('an include from a lower folder of a higher one is refused', (t) => {
  const { said } = check(t, {
    'native/core/base/list.h': '#include "core/pool/pool.h"\n',
    'native/core/pool/pool.h': '\n',
  });
  assert.match(said, /base\/list -> pool\/pool goes up/);
});

test('a circle of folders without one of files is refused', (t) => {
  const { said } = check(t, {
    'native/core/one/a.h': '#include "core/two/a.h"\n',
    'native/core/two/a.h': '\n',
    'native/core/two/b.h': '#include "core/one/b.h"\n',
    'native/core/one/b.h': '\n',
  });
  assert.match(said, /circle of 2 folders: one, two/);
});

test('a circle by require() is refused, also inside a function', (t) => {
  const { said } = check(
    t,
    {
      'lib/pool/a.js': "const b = require('./b.js');\n",
      'lib/pool/b.js':
        "/** @type {import('./c.js').C} */\n" +
        "exports.late = () => require('./a.js');\n",
      'lib/pool/c.js': "import b from './b.js';\n",
    },
    { why: true },
  );
  assert.match(said, /circle of 2 files: lib\/pool\/a\.js, lib\/pool\/b\.js/);
  assert.match(said, /b\.js -> lib\/pool\/a\.js {2}\(lib\/pool\/b\.js:2\)/);
});

test('an arrow on the list is tolerated, and --why still shows it', (t) => {
  const known = { core: ['pool/c -> pool/a'] };
  const { count, said, tolerated } = check(t, CIRCLE, { known });
  assert.equal(count, 0, said);
  assert.match(tolerated.join(), /circle of 3 files/);
});

test('an arrow on the list that is in no circle must leave it', (t) => {
  const known = { core: ['pool/c -> pool/a', 'pool/a -> pool/b'] };
  const whole = { ...CIRCLE, 'native/core/pool/c.h': '\n' };
  const { said } = check(t, whole, { known });
  assert.match(said, /pool\/a -> pool\/b is in no circle any more/);
  assert.equal(check(t, whole, { known, shrink: true }).count, 0);
});

test('calls are read from the symbols that object files define and need', () => {
  const text =
    'out/core/a.o: hf_a T 0 10\nout/core/a.o: hf_table U\n' +
    'out/core/a.o: memcpy U\nout/core/b.o: hf_table R 0 8\n' +
    'out/core/b.o: hf_a U\nout/core/b.o: local t 0 10\n';
  const nameOf = (/** @type {string} */ o) => path.basename(o, '.o');
  assert.deepEqual(edgesOf(text, nameOf), [
    { from: 'a', to: 'b', where: 'hf_table' },
    { from: 'b', to: 'a', where: 'hf_a' },
  ]);
});

test('a call through a table of functions counts as a call of whoever fills it', (t) => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'layers-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  const files = {
    'port.h': 'struct hf_port {\n  void (*send)(void *ctx); /* (*no)( */\n};\n',
    'caller.c': '#include "net/port.h"\nvoid f(void) { port->send(ctx); }\n',
    'filler.c': '#include "net/port.h"\nstruct hf_port p = {.send = send};\n',
    'other.c': 'void g(void) { other->send(ctx); }\n',
  };
  fs.mkdirSync(path.join(root, 'native/net'), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    fs.writeFileSync(path.join(root, 'native/net', name), text);
  }
  const where = 'hf_port.send';
  assert.deepEqual(tableEdges(root, ['native/net']), [
    { from: 'net/caller', to: 'net/filler', where, table: 'hf_port' },
  ]);
});
