// SPDX-License-Identifier: MIT
// What all tests of a file share: servers that are started before its first
// test and stopped after its last, and small helpers.

const assert = require('node:assert');
const { before: nodeBefore } = require('node:test');
const { findPgBouncer, startPgBouncer } = require('./pgbouncer.js');
const { startPostgres } = require('./postgres.js');
const { startProxy } = require('./proxy.js');

/** What has to be over before the next hook runs. @type {Promise<unknown>} */
let ready = Promise.resolve();

/**
 * As in node:test, but one after the other: there, hooks outside of `describe`
 * run at the same time, so that a second one does not wait for the first.
 * @param {() => unknown} hook
 */
function before(hook) {
  nodeBefore(() => {
    ready = ready.then(hook);
    return ready;
  });
}

/**
 * Starts something before the first test of the file, and stops it when the
 * process has nothing left to do: after all hooks of the file, which may still
 * need it. Returns a stand-in for it, to be used from the first test on.
 *
 * @param {() => Promise<any> | null} start
 * @param {(started: any) => unknown} stop
 * @returns {any}
 */
function useStarted(start, stop) {
  /** @type {any} */
  let started = null;
  before(async () => {
    started = await start();
    process.once('beforeExit', () => stop(started));
  });
  return new Proxy(
    {},
    {
      get(_, name) {
        assert.ok(started !== null, 'used before the first test');
        const value = started[name];
        return typeof value === 'function' ? value.bind(started) : value;
      },
      set(_, name, value) {
        started[name] = value;
        return true;
      },
      // For `{ ...server }`.
      ownKeys: () => Reflect.ownKeys(started),
      getOwnPropertyDescriptor: (_, name) => ({
        value: started[name],
        enumerable: Object.getOwnPropertyDescriptor(started, name)?.enumerable,
        configurable: true,
      }),
    },
  );
}

/** A PostgreSQL server. @param {import('./postgres.js').PostgresOptions} [options] */
function useServer(options) {
  return useStarted(
    () => startPostgres(options),
    (server) => server.stop('immediate'),
  );
}

/** Why tests with a PgBouncer are skipped; false = they are not. */
const noPgBouncer = findPgBouncer() === null && 'PgBouncer is not installed';

/**
 * A PgBouncer. Where there is none, tests that use it have to be skipped.
 * @param {any} options with `server`, from useServer()
 */
function usePgBouncer(options) {
  return useStarted(
    () => (noPgBouncer ? null : startPgBouncer(options)),
    (bouncer) => bouncer?.stop(),
  );
}

/** A proxy in front of a server. @param {any} server */
function useProxy(server) {
  return useStarted(
    () => startProxy(server),
    (proxy) => proxy.close(),
  );
}

/**
 * What a promise is rejected with.
 * @param {Promise<any> | undefined} promise
 * @returns {Promise<any>}
 */
async function failureOf(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.fail('it did not reject');
}

module.exports = {
  before,
  failureOf,
  noPgBouncer,
  usePgBouncer,
  useProxy,
  useServer,
};
