// SPDX-License-Identifier: MIT
'use strict';

// Sessions. Behind a pooler that multiplexes, LISTEN, session settings and
// advisory locks need a direct connection: a second pool, on directUrl,
// DIRECT_URL or DIRECT_DATABASE_URL, opened when it is first needed.

const { directConfig, weakerTls } = require('./direct-config.js');
const { refusal } = require('../errors/errors.js');
const { coreOf } = require('../observe/live.js');
const { warnOnce } = require('../platform/warn.js');

/** @typedef {import('./pool-core.js').PoolCore} PoolCore */

const DIRECT_VARIABLES = Object.freeze(['DIRECT_URL', 'DIRECT_DATABASE_URL']);

/** @type {WeakMap<PoolCore, import('./pool.js').Pool>} */
const directPools = new WeakMap();
/**
 * Direct pools, which have no direct pool of their own.
 * @type {WeakSet<PoolCore>}
 */
const directCores = new WeakSet();

/**
 * @param {string} [text]
 * @returns {Error}
 */
function required(text) {
  return refusal('HF_SESSION_REQUIRED', text);
}

/**
 * Returns the direct URL, and the name of its option or variable.
 * @param {PoolCore} core
 * @returns {{url: string, name: string} | undefined}
 */
function directUrlOf(core) {
  const given = core.directUrl;
  if (given !== undefined) {
    return { url: given, name: 'directUrl' };
  }
  for (const name of DIRECT_VARIABLES) {
    const url = process.env[name];
    if (url !== undefined && url.trim() !== '') {
      return { url, name };
    }
  }
  return undefined;
}

/**
 * Makes a pool; an error in its URL names the option or variable it came from.
 * @param {PoolCore} core
 * @param {object} config
 * @param {string} name
 */
function poolOf(core, config, name) {
  try {
    return core.makePool(config);
  } catch (error) {
    if (error instanceof Error) {
      error.message = error.message.replace('connectionString', name);
    }
    throw error;
  }
}

/**
 * Opens the direct pool. Throws errors in its URL.
 * @param {PoolCore} core
 * @param {{url: string, name: string}} direct
 * @returns {import('./pool.js').Pool}
 */
function openDirect(core, { url, name }) {
  const { options } = /** @type {any} */ (core.pool);
  const config = directConfig(core.resolved, core.types, url, name);
  const pool = poolOf(core, config, name);
  const { database } = /** @type {any} */ (pool.options);
  // A variable may be left over from another project.
  if (name !== 'directUrl' && database !== options.database) {
    throw required(
      `${name} leads to database ${database}, not to ${options.database}: ` +
        'set it to the same database without the pooler, or give directUrl',
    );
  }
  pool.on('error', (error, client) => {
    if (core.pool.listenerCount('error') > 0) {
      core.pool.emit('error', error, client);
    }
  });
  const inner = /** @type {PoolCore} */ (coreOf(pool));
  const weaker = weakerTls(core.resolved, inner.resolved, name);
  if (weaker !== undefined) {
    warnOnce(weaker, 'HF_DIRECT_TLS');
  }
  // Its connections are prepared as those of the pool.
  inner.hookedBy = core.pool;
  inner.useHook();
  directCores.add(inner);
  directPools.set(core, pool);
  return pool;
}

/**
 * Returns the direct pool; throws where none is configured.
 * @param {PoolCore} core
 * @returns {import('./pool.js').Pool}
 */
function directPoolOf(core) {
  if (directCores.has(core)) {
    throw directIsPooled();
  }
  const open = directPools.get(core);
  if (open !== undefined) {
    return open;
  }
  const direct = directUrlOf(core);
  if (direct === undefined) {
    throw required(
      'this needs a session of its own, and a connection pooler is in ' +
        'the way: set DIRECT_URL (or DIRECT_DATABASE_URL), for example ' +
        'to postgresql://user:password@host:5432/database',
    );
  }
  return openDirect(core, direct);
}

/**
 * Returns the function for a failed statement of query(): one that cannot have
 * its settings behind the pooler is sent on a direct connection, where there is
 * one.
 * @param {PoolCore} core
 * @param {any} config
 * @param {any} values
 * @param {(value: any) => void} resolve
 * @param {(error: any) => void} reject
 * @returns {(error: any) => void}
 */
function bypassPooler(core, config, values, resolve, reject) {
  return (error) => {
    const isRefused =
      error?.code === 'HF_SESSION_REQUIRED' && error.phase === 'local';
    if (
      !isRefused ||
      directCores.has(core) ||
      directUrlOf(core) === undefined
    ) {
      reject(error);
      return;
    }
    try {
      const answer = directPoolOf(core).query(config, values);
      /** @type {Promise<any>} */ (answer).then(resolve, reject);
    } catch (failure) {
      reject(failure);
    }
  };
}

/**
 * Acquires a session on a direct connection.
 * @param {PoolCore} core of the pool behind the pooler
 * @param {import('./acquire.js').ConnectOptions} options
 * @param {{stack?: string} | undefined} stack
 * @param {(client: any) => void} resolve
 * @param {(error: any) => void} reject
 */
function acquireSession(core, options, stack, resolve, reject) {
  try {
    core.refuseAfterEnd(); // opened later, it would never be ended
    const pool = directPoolOf(core);
    const inner = /** @type {PoolCore} */ (coreOf(pool));
    inner.acquire(options, stack, resolve, reject);
  } catch (error) {
    reject(error);
  }
}

/**
 * Opens a handle on the pool of one connection that listens for a target in
 * this process, in addition to other connections, however many threads and
 * pools have such a handle. Its identity does not depend on which functions
 * prepare connections, only on whether there are any: the function of one
 * handle prepares the session.
 * @param {PoolCore} core
 * @returns {PoolCore}
 */
function openListening(core) {
  const { resolved, hasHook } = core;
  const functions = [typeof resolved.password === 'function', hasHook];
  const sizes = new Map([...resolved.engine, ['max', '1'], ['min', '0']]);
  const pool = core.makePool(undefined, {
    key: `listen ${resolved.key} ${functions}`,
    sizes: { written: [], learn() {}, valueOf: () => undefined },
    resolved: Object.create(resolved, {
      engine: { value: [...sizes] },
      cacheNotifyChannel: { value: undefined },
      warnings: { value: [] },
    }),
  });
  const inner = /** @type {PoolCore} */ (coreOf(pool));
  inner.hookedBy = core.pool;
  if (hasHook) {
    inner.useHook();
  }
  return inner;
}

/**
 * Opens the session to listen on: in addition to the pool's own, or a direct
 * one where a pooler is known.
 * @param {PoolCore} core
 * @param {boolean} pooled whether one was found
 * @returns {PoolCore}
 */
function openToListen(core, pooled) {
  if (!pooled && !hasSessions(core)) {
    return openListening(core);
  }
  core.refuseAfterEnd(); // opened later, it would never be ended
  return openListening(/** @type {PoolCore} */ (coreOf(directPoolOf(core))));
}

/**
 * Returns the error for a direct connection string that leads to a pooler.
 * @returns {Error}
 */
function directIsPooled() {
  return required(
    'the direct connection string leads to a pooler, too: set DIRECT_URL ' +
      'to the database itself',
  );
}

/**
 * Ends the direct pool, if there is one.
 * @param {PoolCore} core
 * @returns {Promise<void>}
 */
async function endSessions(core) {
  const pool = directPools.get(core);
  directPools.delete(core);
  if (pool !== undefined && !pool.ending) {
    await pool.end();
  }
}

/** @param {PoolCore} core @returns {boolean} */
function hasSessions(core) {
  return directPools.has(core);
}

module.exports = {
  DIRECT_VARIABLES,
  acquireSession,
  directIsPooled,
  endSessions,
  hasSessions,
  openToListen,
  bypassPooler,
};
