// SPDX-License-Identifier: MIT
// The fuzzers, one after the other, each for `count` seconds: libFuzzer on the
// scanner, the encoder and the batch of operations, a server's bytes to a real
// connection, and connection strings with libpq as the judge.

const { spawn } = require('node:child_process');
const path = require('node:path');

const { judgeConninfo } = require('../../test/support/conninfo-judge.js');

const ROOT = path.join(__dirname, '..', '..');
const SECONDS = 1200;
const LAST_LINES = 40;
const STRINGS = 20_000;

/**
 * @param {string[]} args of make
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{code: number | null, said: string}>}
 */
function make(args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn('make', ['--no-print-directory', ...args], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    const keep = (/** @type {Buffer} */ chunk) => {
      said = (said + chunk).slice(-1_000_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, said }));
  });
}

/** @param {string} said @param {string} name @returns {number} */
function statOf(said, name) {
  return Number(new RegExp(`stat::${name}:\\s+(\\d+)`).exec(said)?.[1]);
}

/** @param {string} said */
function lastLines(said) {
  return said.trimEnd().split('\n').slice(-LAST_LINES).join('\n');
}

/** @param {{seed: number, count: number}} options */
function judgeFor({ seed, count }) {
  const until = Date.now() + count * 1000;
  const figures = { strings: 0, both: 0, onPurpose: 0 };
  /** @type {string[]} */
  const faults = [];
  for (let part = seed; Date.now() < until; part++) {
    const judged = judgeConninfo({ seed: part, count: STRINGS });
    figures.strings += STRINGS;
    figures.both += judged.figures.both;
    figures.onPurpose += judged.figures.onPurpose;
    faults.push(...judged.faults);
  }
  return { figures, faults };
}

/** @param {{seed: number, count: number, say: (line: string) => void}} options */
async function prove({ seed, count, say }) {
  /** @type {Record<string, unknown>} */
  const figures = {};
  /** @type {string[]} */
  const faults = [];
  for (const name of ['scan', 'encoder', 'ops']) {
    const args = [`fuzz-${name}`, `SECONDS=${count}`, `SEED=${seed}`];
    const { code, said } = await make(args, {});
    figures[name] = statOf(said, 'number_of_executed_units');
    say(`${name}: ${figures[name]} inputs`);
    if (code !== 0) {
      faults.push(lastLines(said));
    }
  }
  const limit = `LIMIT=${count + 300}`;
  const babble = await make(['BUILD=asan', 'net', 'ONLY=test_babble', limit], {
    HOLDFAST_BABBLE_SECONDS: String(count),
  });
  figures.babble = Number(/(\d+) answers made/.exec(babble.said)?.[1]);
  say(`babble: ${figures.babble} answers`);
  if (babble.code !== 0) {
    faults.push(lastLines(babble.said));
  }
  const strings = judgeFor({ seed, count });
  faults.push(...strings.faults);
  return { figures: { ...figures, ...strings.figures }, faults };
}

module.exports = { count: SECONDS, prove };
