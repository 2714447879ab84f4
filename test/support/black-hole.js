// SPDX-License-Identifier: MIT
// A port of this machine that never answers a SYN, as a firewall that drops
// packets: a listener whose queue is full and whose process is stopped.

const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const net = require('node:net');
const { eventually } = require('./eventually.js');

const LISTEN =
  "const s=require('node:net').createServer();" +
  "s.listen({port:0,host:'127.0.0.1',backlog:1},()=>{" +
  'process.stdout.write(String(s.address().port));' +
  "setImmediate(()=>process.kill(process.pid,'SIGSTOP'))})";

const QUIET_MS = 250;
const QUIET_IN_A_ROW = 4;
const SOCKETS_MAX = 64;

/**
 * Returns whether the port answers within a moment.
 * @param {number} port
 * @param {net.Socket[]} sockets
 */
function answers(port, sockets) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.unref();
    const timer = setTimeout(() => resolve(false), QUIET_MS);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(true);
    });
    socket.on('error', () => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}

/** @param {number | undefined} pid */
function isStopped(pid) {
  const state = execFileSync('ps', ['-o', 'stat=', '-p', String(pid)]);
  return String(state).startsWith('T');
}

/** @returns {Promise<{port: number, close: () => void}>} */
async function startBlackHole() {
  const child = spawn(process.execPath, ['-e', LISTEN], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  /** @type {net.Socket[]} */
  const sockets = [];
  const [text] = await once(child.stdout, 'data');
  const port = Number(String(text));
  await eventually(() => isStopped(child.pid), {
    what: 'the listener stopped',
  });
  // From now on nothing is accepted from its queue.
  for (let quiet = 0; quiet < QUIET_IN_A_ROW; ) {
    quiet = (await answers(port, sockets)) ? 0 : quiet + 1;
    if (sockets.length > SOCKETS_MAX) {
      throw new Error('the listener still answers');
    }
  }
  return {
    port,
    close() {
      for (const socket of sockets) {
        socket.destroy();
      }
      child.kill('SIGKILL');
    },
  };
}

module.exports = { startBlackHole };
