// SPDX-License-Identifier: MIT
// Runs the programs that try the packed packages out, and judges what they say.

const fs = require('node:fs');
const path = require('node:path');
const { exec } = require('../steps.js');

/** @typedef {import('./check.js').Finding} Finding */

/**
 * @typedef {object} Trial
 * @property {string[]} command Node, and what runs it
 * @property {Record<string, string>} env for it
 * @property {string} folder with the packages in node_modules
 * @property {{url: string, otherUrl: string, ca: string, otherCa: string}}
 *   server with TLS: by the host of its certificate, and by another
 * @property {() => Promise<void>} restart of the server
 * @property {Record<string, {version: string, pinned: boolean}>} [sources]
 *   what was linked in, where that is known
 */

const LIMIT_MS = 300_000;
const LOOK_MS = 50;

/** What the tasks of work-program.js are, in the words of a report. */
const TASKS = {
  values: 'values there and back, numbers of all sizes',
  errors: "the server's errors, and a server that is not there",
  transactions: 'transactions, kept and undone',
  copies: 'COPY both ways',
  streams: 'a stream of rows',
  cancels: 'a statement cancelled',
  workers: 'worker threads ended in the middle of a statement',
  restart: 'the server restarted under calls that retry',
  exits: 'processes ended with statements under way',
};

/** @param {string} version Debian's, as 3.5.7-1~deb13u2 */
function upstream(version) {
  return version.split('-')[0];
}

/**
 * @param {Record<string, any>} said by the program
 * @param {NonNullable<Trial['sources']>} sources
 * @returns {Finding}
 */
function judgeVersions(said, sources) {
  const libpq = upstream(sources['libpq']?.version ?? '');
  const openssl = upstream(sources['openssl']?.version ?? '');
  const unpinned = Object.values(sources).filter(({ pinned }) => !pinned);
  const note = unpinned.map(({ version }) => `; ${version} is NOT PINNED`);
  return {
    name: 'versions',
    ok: said['libpq'] === libpq && said['openssl'] === openssl,
    detail: `libpq ${said['libpq']}, OpenSSL ${said['openssl']}${note.join('')}`,
  };
}

/**
 * @param {Record<string, any>} said by tls-program.js
 * @returns {Finding[]}
 */
function judgeTls(said) {
  const refused = (/** @type {string} */ text, /** @type {RegExp} */ why) =>
    text.startsWith('refused: ') && why.test(text);
  return [
    {
      name: 'TLS, verify-full, SCRAM with channel binding',
      ok: said['right'] === 'TLSv1.3 true',
      detail: said['right'],
    },
    {
      name: 'wrong authority refused',
      ok: refused(said['wrongAuthority'], /certificate verify failed/),
      detail: said['wrongAuthority'],
    },
    {
      // Ours is not among them: refused by them, not for lack of them.
      name: "ssl: true reads Node's authorities",
      ok: refused(said['nodeRoots'], /certificate verify failed/),
      detail: said['nodeRoots'],
    },
    {
      name: 'wrong host refused',
      ok: refused(said['wrongHost'], /does not match host name/),
      detail: said['wrongHost'],
    },
    {
      name: 'TLS in a worker thread',
      ok: said['worker'] === 0,
      detail: `exit code ${said['worker']}`,
    },
  ];
}

/**
 * @param {Record<string, string>} said by work-program.js
 * @param {number | null} code it ended with
 * @returns {Finding[]}
 */
function judgeWork(said, code) {
  const tasks = Object.entries(TASKS).map(([task, name]) => ({
    name,
    ok: said[task] === '',
    detail: said[task] === '' ? 'as it should be' : `${said[task]}`,
  }));
  const name = 'process.exit() with a statement under way';
  return [...tasks, { name, ok: code === 0, detail: `exit code ${code}` }];
}

/**
 * Its output goes to a file: under wine Node writes to no pipe.
 *
 * @param {Trial} trial
 * @param {string} program
 * @param {object} given
 */
async function runProgram({ command, env, folder }, program, given) {
  const file = path.join(folder, 'output');
  const fd = fs.openSync(file, 'w');
  const [executable = '', ...args] = command;
  const { code } = await exec(
    executable,
    [...args, path.join(__dirname, program)],
    {
      cwd: folder,
      timeoutMs: LIMIT_MS,
      stdout: fd,
      env: { ...env, NODE_OPTIONS: '', HF_TRY: JSON.stringify(given) },
    },
  );
  fs.closeSync(fd);
  const output = fs.readFileSync(file, 'utf8');
  const line = output.split('\n').find((text) => text.startsWith('{'));
  return { code, output, said: line === undefined ? null : JSON.parse(line) };
}

/**
 * Restarts the server once, when the program asks for it by a file.
 *
 * @param {string} folder
 * @param {() => Promise<void>} restart
 */
function listenForRestart(folder, restart) {
  const timer = setInterval(async () => {
    if (fs.existsSync(path.join(folder, 'wanted'))) {
      clearInterval(timer);
      await restart();
      fs.writeFileSync(path.join(folder, 'done'), '');
    }
  }, LOOK_MS);
  return timer;
}

/**
 * @param {Trial} trial
 * @returns {Promise<Finding[]>}
 */
async function tryPrograms(trial) {
  const { server, sources } = trial;
  const tls = await runProgram(trial, 'tls-program.js', server);
  if (tls.said === null) {
    return [{ name: 'runs', ok: false, detail: tls.output.slice(-2000) }];
  }
  const control = path.join(trial.folder, 'control');
  fs.mkdirSync(control, { recursive: true });
  const timer = listenForRestart(control, trial.restart);
  const given = { ...server, control };
  const work = await runProgram(trial, 'work-program.js', given);
  clearInterval(timer);
  const none = { values: work.output.slice(-2000) };
  return [
    ...(sources === undefined ? [] : [judgeVersions(tls.said, sources)]),
    ...judgeTls(tls.said),
    ...judgeWork(work.said ?? none, work.code),
  ];
}

module.exports = { tryPrograms };
