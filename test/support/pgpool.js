// SPDX-License-Identifier: MIT
// pgpool-II in front of a test server, where it is installed.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { findProgram, pathFolders } = require('./account.js');
const { freePort } = require('./daemon.js');
const { eventually } = require('./eventually.js');
const { makeFolder } = require('./run-folder.js');

/** @returns {string | null} the program */
function findPgpool() {
  return findProgram('pgpool', [...pathFolders(), '/usr/sbin']);
}

/** @param {number} port */
function answers(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('close', () => socket.destroy());
    setTimeout(() => socket.end(), 50);
  });
}

/**
 * Starts pgpool. The server must trust its clients.
 *
 * @param {{server: any, mode?: string, servers?: any[]}} options `mode` as in
 *   backend_clustering_mode
 */
async function startPgpool({ server, mode = 'raw', servers = [server] }) {
  const program = findPgpool();
  if (program === null) {
    throw new Error('pgpool is not installed');
  }
  const folder = makeFolder('pgpool');
  const [port, pcp] = [await freePort(), await freePort()];
  const file = (/** @type {string} */ name) => path.join(folder, name);
  const backends = servers.map(
    (one, i) => `backend_hostname${i} = '127.0.0.1'
backend_port${i} = ${one.port}
backend_weight${i} = 1
`,
  );
  fs.writeFileSync(
    file('pgpool.conf'),
    `backend_clustering_mode = '${mode}'
listen_addresses = '127.0.0.1'
port = ${port}
socket_dir = '${folder}'
pcp_port = ${pcp}
pcp_socket_dir = '${folder}'
num_init_children = 8
max_pool = 2
pid_file_name = '${file('pgpool.pid')}'
logdir = '${folder}'
sr_check_period = 0
health_check_period = 0
load_balance_mode = on
statement_level_load_balance = on
${backends.join('')}`,
  );
  for (const name of ['pcp.conf', 'pool_hba.conf', 'pool_passwd']) {
    fs.writeFileSync(file(name), '');
  }
  const log = fs.openSync(file('log'), 'w');
  const child = spawn(
    program,
    [
      '-n',
      ...['-f', file('pgpool.conf'), '-F', file('pcp.conf')],
      ...['-a', file('pool_hba.conf')],
    ],
    { stdio: ['ignore', log, log] },
  );
  const ended = new Promise((resolve) => child.on('exit', resolve));
  await eventually(() => answers(port));
  return {
    url: `postgresql://${server.user}@127.0.0.1:${port}/${server.database}`,
    async stop() {
      child.kill('SIGINT');
      await ended;
      fs.closeSync(log);
    },
  };
}

module.exports = { findPgpool, startPgpool };
