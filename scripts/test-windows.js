// SPDX-License-Identifier: MIT
// Runs test files by Node for Windows, under wine, with the package for Windows
// that `npm run release -- win32-x64` made:
//
//   node scripts/test-windows.js test/js/pool.test.js …
//
// PostgreSQL is this system's: see test/support/elsewhere.js.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { serveElsewhere } = require('../test/support/elsewhere.js');
const { startPostgres } = require('../test/support/postgres.js');
const { version } = require('../package.json');
const { installPacked } = require('./release/install-packed.js');
const { runnerOf } = require('./release/runners.js');
const { ROOT, exec, say, seconds } = require('./steps.js');

const PLATFORM = 'win32-x64';
const LIMIT_MS = 180_000;

/**
 * @param {string} file
 * @param {string[]} command
 * @param {Record<string, string>} env
 * @param {string} folder for its output: see scripts/release/programs.js
 */
async function runFile(file, command, env, folder) {
  const since = Date.now();
  const output = path.join(folder, 'output');
  const fd = fs.openSync(output, 'w');
  const [executable = '', ...args] = command;
  const { timedOut } = await exec(
    executable,
    [...args, '--test-reporter=tap', path.join(ROOT, file)],
    { env, timeoutMs: LIMIT_MS, stdout: fd },
  );
  fs.closeSync(fd);
  const text = fs.readFileSync(output, 'utf8');
  const count = (/** @type {string} */ what) =>
    Number(new RegExp(`^# ${what} (\\d+)`, 'm').exec(text)?.[1] ?? -1);
  const right = count('fail') === 0 && count('pass') > 0 && !timedOut;
  const late = timedOut ? ', TIMED OUT' : '';
  say(
    `${right ? 'right' : 'WRONG'}  ${file}: ${count('pass')} passed, ` +
      `${count('fail')} failed${late} (${seconds(since)})`,
  );
  if (!right) {
    const first = text.search(/^ *not ok/m);
    say(text.slice(Math.max(first, 0), Math.max(first, 0) + 3000));
  }
  return right;
}

/** @param {string[]} files */
async function main(files) {
  const runner = await runnerOf(PLATFORM);
  const packed = `dist/pg-holdfast-${PLATFORM}-${version}.tgz`;
  const lacks = fs.existsSync(path.join(ROOT, packed))
    ? runner.why
    : `there is no ${packed}`;
  if (runner.command === undefined || lacks !== runner.why) {
    say(`${PLATFORM}: not run here: ${lacks}`);
    return;
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-windows-'));
  installPacked(folder, PLATFORM);
  const servers = await serveElsewhere(startPostgres);
  const env = {
    ...runner.env,
    NODE_ENV: 'test',
    NODE_OPTIONS: '',
    NODE_PATH: path.join(folder, 'node_modules'),
    HOLDFAST_TEST_ELSEWHERE: servers.url,
  };
  let right = true;
  try {
    for (const file of files) {
      right = (await runFile(file, runner.command, env, folder)) && right;
    }
  } finally {
    await servers.close();
    fs.rmSync(folder, { recursive: true });
  }
  process.exitCode = right ? 0 : 1;
}

main(process.argv.slice(2)).catch((error) => {
  say(`windows: ${error.message}`);
  process.exitCode = 1;
});
