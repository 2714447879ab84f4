// SPDX-License-Identifier: MIT
// Runs `pg-holdfast doctor` and `bench` as a user does.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const { Client } = require('pg');

const MAIN = path.join(__dirname, '../../../cli/main.js');

const DOCUMENT = path.join(__dirname, '../../../docs/doctor.md');
/** What is below them has names of the server's and the pool's. */
const FREE = ['options', 'timeouts'];

/** Variables of the machine that would be taken for settings. */
const SETTINGS = /^(PG|DATABASE_URL|SUPABASE_DATABASE_URL|DIRECT_)/;

/** @param {Record<string, string>} [more] */
function cleanEnv(more = {}) {
  const kept = Object.entries(process.env).filter(
    ([name]) => !SETTINGS.test(name),
  );
  return { ...Object.fromEntries(kept), ...more };
}

/**
 * Runs the command line to its end.
 *
 * @param {string[]} args
 * @param {{env?: Record<string, string>, cwd?: string}} [options]
 * @returns {Promise<{code: number | null, stdout: string, stderr: string}>}
 */
function cli(args, { env, cwd } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd,
      env: cleanEnv(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => {
      out.stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      out.stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...out }));
  });
}

const words = new Set(
  [...fs.readFileSync(DOCUMENT, 'utf8').matchAll(/`([^`\n]+)`/g)].map(
    ([, word]) => word,
  ),
);

/** @param {any} value @returns {string[]} the names in it, arrays' too */
function namesIn(value) {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(Array.isArray(value) ? [] : [name]),
    ...(FREE.includes(name) ? [] : namesIn(inner)),
  ]);
}

/** What a report names is in its documentation. */
/** @param {any} report */
function assertDocumented(report) {
  const ids = [...report.findings, ...report.symptoms].map(({ id }) => id);
  const choices = [
    report.verdict,
    report.pooler.mode,
    report.pooler.namedStatements,
    report.authentication.method,
    report.authentication.channelBinding,
    report.settings.direct?.leadsTo,
  ].filter((choice) => choice !== null && choice !== undefined);
  const all = [...namesIn(report), ...ids, ...choices];
  const unknown = all.filter((word) => !words.has(word));
  assert.deepEqual(unknown, [], 'not in docs/doctor.md');
}

/**
 * @param {string[]} args
 * @param {{env?: Record<string, string>} | undefined} options
 * @param {string} output
 */
function assertNoSecret(args, options, output) {
  for (const text of [...args, ...Object.values(options?.env ?? {})]) {
    const secret = /^\w+:\/\/[^:/]*:([^@]{4,})@/.exec(text)?.[1];
    if (secret !== undefined) {
      assert.ok(!output.includes(secret), 'a password is shown');
      const decoded = secret.replace(/%20/g, ' ');
      assert.ok(!output.includes(decoded), 'a password is shown');
    }
  }
}

/**
 * Runs the doctor with --json.
 *
 * @param {string[]} args
 * @param {{env?: Record<string, string>, cwd?: string}} [options]
 */
async function doctor(args, options) {
  const { code, stdout, stderr } = await cli(
    ['doctor', '--json', ...args],
    options,
  );
  let report;
  try {
    report = JSON.parse(stdout);
  } catch {
    throw new Error(`no report (exit code ${code}):\n${stdout}\n${stderr}`);
  }
  assertDocumented(report);
  assertNoSecret(args, options, stdout + stderr);
  const ids = report.findings.map((finding) => finding.id);
  const finding = (id) => report.findings.find((one) => one.id === id);
  const symptom = (id) => report.symptoms.find((one) => one.id === id);
  const advice = (name) => report.advice.find((one) => one.setting === name);
  return { code, report, ids, finding, symptom, advice, stdout, stderr };
}

/** @param {Client} client @param {string} text */
async function repeat(client, text) {
  for (;;) {
    await client.query(text);
  }
}

/**
 * Takes connections until there are `count`, or no more.
 * @param {string} url
 * @param {number} count
 * @param {string} [work] the statement that each runs over and over
 * @returns {Promise<() => void>} gives them back
 */
async function fill(url, count, work) {
  const clients = Array.from({ length: count }, () => new Client(url));
  const ready = clients.map(async (client) => {
    client.on('error', () => {});
    // The server may have room for fewer.
    await client.connect().catch(() => {});
    if (work) {
      repeat(client, work).catch(() => {});
    }
  });
  await Promise.all(ready);
  return () => {
    for (const client of clients) {
      client.connection.stream.destroy();
    }
  };
}

module.exports = { MAIN, cleanEnv, cli, doctor, fill };
