// SPDX-License-Identifier: MIT
'use strict';

// The examples of docs/types.md: each writes what its comments say.

const assert = require('node:assert');
const { test } = require('node:test');
const { inspect } = require('node:util');

const holdfast = require('../../lib/index.js');
const { blocksOf } = require('../docs/markdown.js');
const { before, useServer } = require('../support/suite.js');

const server = useServer();
const blocks = blocksOf('docs/types.md');

before(async () => {
  for (const { code } of blocks.filter(({ language }) => language === 'sql')) {
    await server.psql(code);
  }
});

/** @param {string} text */
const withoutSpace = (text) => text.replaceAll(/\s+/g, '');

for (const { code, line } of blocks.filter((b) => b.language === 'js')) {
  test(`the example in line ${line}`, async () => {
    /** @type {any[]} */
    const pools = [];
    /** @type {string[]} */
    const written = [];
    class Pool extends holdfast.Pool {
      /** @param {object} options */
      constructor(options) {
        super({ connectionString: server.url, max: 1, ...options });
        pools.push(this);
      }
    }
    const log = (/** @type {unknown} */ value) => written.push(inspect(value));
    const names = { ...holdfast, Pool, console: { log } };
    const expected = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)/g)];
    try {
      await new Function(
        ...Object.keys(names),
        `return (async () => { ${code} })()`,
      )(...Object.values(names));
    } finally {
      await Promise.all(pools.map((pool) => pool.end()));
    }
    assert.ok(expected.length > 0);
    assert.deepStrictEqual(
      written.map(withoutSpace),
      expected.map((match) => withoutSpace(match[1])),
    );
  });
}
