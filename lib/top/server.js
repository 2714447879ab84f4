// SPDX-License-Identifier: MIT
'use strict';

// Serves the state of this process's pools, and the page that shows it, on the
// loopback interface. The page has no data in it; the state needs the token.

const { createHash, randomBytes, timingSafeEqual } = require('node:crypto');
const http = require('node:http');
const path = require('node:path');
const { threadId } = require('node:worker_threads');

const { announce } = require('./announce.js');
const { PAGE, POLICY } = require('./page.js');
const { Reader } = require('./state.js');
const { versions } = require('../engine/versions.js');

const LOOPBACK = '127.0.0.1';
const TOKEN_BYTES = 32;
const BEARER = /^Bearer (\S+)$/;

/** Nothing of it is kept, framed or guessed at. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': POLICY,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** @param {string} text */
function digest(text) {
  return createHash('sha256').update(text).digest();
}

/**
 * Whether a request has the token. Digests are of one length, and comparing
 * them takes as long whatever is in them.
 * @param {http.IncomingMessage} request
 * @param {Buffer} expected
 */
function hasToken({ headers }, expected) {
  const given = BEARER.exec(headers.authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), expected);
}

/**
 * Whether the browser knows us as the loopback interface: a name of somebody's
 * that leads here would make its pages ours.
 * @param {http.IncomingMessage} request
 */
function isLocal({ headers, socket }) {
  const names = [LOOPBACK, 'localhost'];
  return names.some((name) => headers.host === `${name}:${socket.localPort}`);
}

/**
 * @param {http.ServerResponse} response
 * @param {number} status
 * @param {string} type
 * @param {string} body
 */
function send(response, status, type, body) {
  response.writeHead(status, {
    ...HEADERS,
    'content-type': `${type}; charset=utf-8`,
  });
  response.end(body);
}

/** @param {http.ServerResponse} response @param {number} status */
function refuse(response, status) {
  send(response, status, 'text/plain', `${http.STATUS_CODES[status]}\n`);
}

/**
 * @param {http.IncomingMessage} request
 * @param {http.ServerResponse} response
 * @param {{reader: Reader, expected: Buffer}} context
 */
async function answer(request, response, { reader, expected }) {
  const { method, url } = request;
  if (!isLocal(request)) {
    refuse(response, 421);
  } else if (method !== 'GET') {
    refuse(response, 405);
  } else if (url === '/') {
    send(response, 200, 'text/html', PAGE);
  } else if (url !== '/state') {
    refuse(response, 404);
  } else if (hasToken(request, expected)) {
    const body = JSON.stringify(await reader.read());
    send(response, 200, 'application/json', body);
  } else {
    refuse(response, 401);
  }
}

/**
 * @param {http.Server} server
 * @param {number} port
 * @returns {Promise<number>} the port it listens on
 */
function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => {
      const address = /** @type {import('node:net').AddressInfo} */ (
        server.address()
      );
      resolve(address.port);
    });
  });
}

/** What was started, without its arguments: they may have secrets. */
function titleOf() {
  const [, script] = process.argv;
  return script === undefined ? 'node' : path.basename(script);
}

/**
 * Starts serving. It does not keep the process alive.
 * @param {number} port 0: any
 */
async function startServer(port) {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const title = titleOf();
  const reader = new Reader({ title, version: versions.holdfast });
  const context = { reader, expected: digest(token) };
  const server = http.createServer((request, response) => {
    answer(request, response, context).catch(() => {
      if (!response.headersSent) {
        refuse(response, 500);
      }
    });
  });
  server.unref();
  server.on('connection', (socket) => socket.unref());
  const place = {
    ...{ pid: process.pid, thread: threadId, title, token },
    port: await listen(server, port),
    startedAt: new Date().toISOString(),
  };
  server.on('error', () => {});
  process.on('exit', announce(place));
}

module.exports = { startServer };
