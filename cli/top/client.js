// SPDX-License-Identifier: MIT
'use strict';

// Asks a process for the state of its pools.

const http = require('node:http');

/** @typedef {import('../../lib/top/announce.js').Place} Place */
/** @typedef {import('../../lib/top/state.js').ProcessState} ProcessState */

const LIMIT_MILLIS = 3000;
const OK = 200;

/**
 * @param {Place} place
 * @returns {Promise<ProcessState>}
 */
function readState({ port, token }) {
  return new Promise((resolve, reject) => {
    const request = http.get(
      {
        ...{ host: '127.0.0.1', port, path: '/state', timeout: LIMIT_MILLIS },
        agent: false,
        headers: { authorization: `Bearer ${token}` },
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          body += chunk;
        });
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === OK) {
            resolve(JSON.parse(body));
          } else {
            reject(new Error(`it answers ${response.statusCode}`));
          }
        });
      },
    );
    request.on('timeout', () => {
      const seconds = LIMIT_MILLIS / 1000;
      request.destroy(new Error(`no answer within ${seconds} s`));
    });
    request.on('error', reject);
  });
}

module.exports = { readState };
