// SPDX-License-Identifier: MIT
// Payments on a server whose connections can be cut at COMMIT.

const { Pool } = require('../../lib/index.js');
const { before, useProxy, useServer } = require('./suite.js');

/** What is paid to meet a server. */
const MET = -1;

const PAY = 'insert into paid values ($1) returning n';

/** A server with a table `paid`, and a proxy in front of it. */
function usePayments() {
  const server = useServer();
  const proxy = useProxy(server);

  before(async () => {
    await server.psql('create table paid (n int)');
  });

  /** @param {object} [options] @returns {any} */
  function open(options) {
    return new Pool(
      /** @type {any} */ ({
        connectionString: proxy.urlFor(server.url),
        max: 2,
        pooler: 'none',
        ...options,
      }),
    );
  }

  /**
   * Has a pool learn which server it is on: from the next call with
   * exactlyOnce on, the engine commits by itself.
   * @param {any} pool
   */
  async function meet(pool) {
    await pool.query({ text: PAY, values: [MET], exactlyOnce: true });
  }

  /** @param {number} n how often it was paid */
  async function paid(n) {
    return Number(
      await server.psql(`select count(*) from paid where n = ${n}`),
    );
  }

  /**
   * Cuts the connection that next sends COMMIT: before the server gets it, or
   * when it has answered.
   *
   * @param {'before' | 'after'} when
   * @param {number} [times]
   */
  function cutCommit(when, times = 1) {
    let left = times;
    /** @type {Set<any>} */
    const committing = new Set();
    const state = { cuts: 0 };
    proxy.onMessage((/** @type {any} */ message) => {
      const { direction, payload, connection } = message;
      if (direction === 'up') {
        if (!payload.includes('COMMIT') || left === 0) {
          return 'pass';
        }
        left -= 1;
        state.cuts += 1;
        if (when === 'before') {
          return 'rst';
        }
        committing.add(connection);
        return 'pass';
      }
      return committing.delete(connection) ? 'rst' : 'pass';
    });
    return state;
  }

  return { cutCommit, meet, open, paid, proxy, server };
}

module.exports = { PAY, usePayments };
