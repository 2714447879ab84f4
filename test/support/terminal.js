// SPDX-License-Identifier: MIT
// A program in a terminal of its own (a pseudo terminal, by script(1)).

const { spawn } = require('node:child_process');
const { EventEmitter, once } = require('node:events');

/** @param {string} word */
const quoted = (word) => `'${word.replaceAll("'", "'\\''")}'`;

/**
 * @param {string} file
 * @param {string[]} args
 * @param {{env?: NodeJS.ProcessEnv, columns?: number, rows?: number}} [options]
 */
function startInTerminal(file, args, options = {}) {
  const { env = process.env, columns = 80, rows = 24 } = options;
  const size = `stty cols ${columns} rows ${rows}`;
  const command = `${size}; exec ${[file, ...args].map(quoted).join(' ')}`;
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    env: { ...env, SHELL: '/bin/sh', TERM: 'xterm-256color' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const heard = new EventEmitter();
  const terminal = {
    pid: child.pid,
    output: '',
    ended: once(child, 'exit').then(([code]) => code),
    /** @param {string} keys */
    press: (keys) => child.stdin.write(keys),
    /** Waits for a text on the terminal. @param {string | RegExp} text */
    async says(text) {
      const isThere = () =>
        typeof text === 'string'
          ? terminal.output.includes(text)
          : text.test(terminal.output);
      while (!isThere()) {
        await once(heard, 'data');
      }
    },
  };
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    terminal.output += chunk;
    heard.emit('data');
  });
  return terminal;
}

/** @returns {string | false} why there is none */
function noTerminal() {
  return process.platform === 'linux'
    ? false
    : 'script(1) is another elsewhere';
}

module.exports = { noTerminal, startInTerminal };
