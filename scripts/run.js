// SPDX-License-Identifier: MIT
// Sets up what is missing, then runs: node scripts/run.js <demo|bench|test>

const { spawn } = require('node:child_process');
const path = require('node:path');
const { ROOT, say } = require('./steps.js');
const { SetupError, setup } = require('./setup.js');

/** @type {Record<string, {profile: 'demo' | 'test', file: string}>} */
const PROGRAMS = {
  demo: { profile: 'demo', file: 'demo/main.js' },
  bench: { profile: 'demo', file: 'bench/main.js' },
  test: { profile: 'test', file: 'scripts/test.js' },
};

async function main() {
  const [name = '', ...args] = process.argv.slice(2);
  const program = PROGRAMS[name];
  if (program === undefined) {
    say(`usage: node scripts/run.js ${Object.keys(PROGRAMS).join('|')}`);
    process.exitCode = 2;
    return;
  }
  try {
    await setup(program.profile);
  } catch (error) {
    if (!(error instanceof SetupError)) {
      throw error;
    }
    say(error.message);
    process.exitCode = 1;
    return;
  }
  const rest = args[0] === '--' ? args.slice(1) : args;
  const file = path.join(ROOT, program.file);
  const child = spawn(process.execPath, [file, ...rest], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  // Ctrl-C reaches the child by itself; it ends, and so do we.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.once('exit', (code, signal) => {
    if (signal) {
      say(`${name} was ended by ${signal}`);
    }
    process.exitCode = code ?? 1;
  });
}

main();
