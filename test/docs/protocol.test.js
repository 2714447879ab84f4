// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const { generate, outdated } = require('../../scripts/protocol.js');

test('lib/protocol is what the headers say', () => {
  assert.deepStrictEqual([...outdated().keys()], []);
});

test('a group without a name in the headers is a fault', () => {
  assert.throws(() => generate(['enum hf_op_kind { HF_OTHER };']), {
    message: 'no enum hf_op_kind with names that begin with HF_OP_',
  });
});
