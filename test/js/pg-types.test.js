// SPDX-License-Identifier: MIT
'use strict';

// Our types with those of pg.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const ROOT = path.join(__dirname, '..', '..');

const TYPES = `
import type { QueryConfig, PoolConfig } from 'pg';
import { Pool, retryQuery } from 'pg-holdfast';
declare const config: QueryConfig;
declare const maybe: number | undefined;
declare const signal: AbortSignal | undefined;
const pool = new Pool({ max: maybe, ssl: undefined, schema: undefined });
pool.query(config).then(({ rows }) => rows);
pool.query({ text: 'select 1', name: undefined, timeoutMillis: maybe, signal });
pool.connect({ signal }, (error, client, release) => {
  client?.query('select 1');
  release(error);
});
pool.connect(null, (error, client, release) => release());
void retryQuery(() => pool.query('select 1'), { maxRetries: maybe, signal });
void ({} as PoolConfig);
`;

test('the types take a pg.QueryConfig under exactOptionalPropertyTypes', (t) => {
  const folder = fs.mkdtempSync(path.join(ROOT, 'build', 'types-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  fs.writeFileSync(path.join(folder, 'use.ts'), TYPES);
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    module: 'node16',
    moduleResolution: 'node16',
    target: 'es2022',
    types: ['node'],
    typeRoots: [path.join(ROOT, 'node_modules/@types')],
    paths: { 'pg-holdfast': [path.join(ROOT, 'lib/index.d.ts')] },
  };
  const file = path.join(folder, 'tsconfig.json');
  const files = ['use.ts'];
  fs.writeFileSync(file, JSON.stringify({ compilerOptions, files }));
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', file], {
    encoding: 'utf8',
  });
  assert.strictEqual(status, 0, stdout);
});
