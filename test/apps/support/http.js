// SPDX-License-Identifier: MIT
// Plain requests: each on a connection of its own, without retries and without
// following redirects.

const http = require('node:http');

const TIMEOUT_MILLIS = 30_000;

/**
 * @typedef {object} Request
 * @property {string} path
 * @property {string} [method]
 * @property {unknown} [body] sent as JSON
 * @property {Record<string, string>} [headers]
 */

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {any} body parsed where it is JSON, else the text
 * @property {string} text
 * @property {import('node:http').IncomingHttpHeaders} headers
 */

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * Rejects with the system's error when there is no complete answer.
 *
 * @param {string} base
 * @param {Request | string} request
 * @param {number} [timeoutMillis]
 * @returns {Promise<Answer>}
 */
function send(base, request, timeoutMillis = TIMEOUT_MILLIS) {
  const wanted = typeof request === 'string' ? { path: request } : request;
  const { path, body, headers = {} } = wanted;
  const text = body === undefined ? undefined : JSON.stringify(body);
  const method = wanted.method ?? (text === undefined ? 'GET' : 'POST');
  const json = text === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const call = http.request(
      new URL(path, base),
      {
        method,
        headers: { ...json, ...headers },
        agent: false,
        signal: AbortSignal.timeout(timeoutMillis),
      },
      (response) => {
        let received = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          received += chunk;
        });
        response.on('error', reject);
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            body: parse(received),
            text: received,
            headers: response.headers,
          });
        });
      },
    );
    call.on('error', reject);
    call.end(text);
  });
}

module.exports = { send };
