// SPDX-License-Identifier: MIT
'use strict';

// What is between client and server, and when it switches the server
// connection. A client cannot ask for that, so it is measured:
//
// 1. The process id given at login is the server's own: nothing is in between.
// 2. Two clients ask in turns which server process serves them. One that
//    serves both, or changes, is shared: transaction or statement mode.
// 3. Where it stayed apart, one client holds a transaction, so that the other
//    would have to move. Still apart: session mode.
// 4. Statement mode refuses BEGIN.
//
// It only reads; transactions are read-only, empty and rolled back.

const { Failure } = require('./failure.js');
const { readRow } = require('./wire.js');

/** @typedef {import('./connection.js').Connection} Connection */
/** @typedef {import('./context.js').Context} Context */

/**
 * @typedef {'direct' | 'session' | 'transaction' | 'statement' |
 *   'unknown'} Mode
 */

/** @typedef {{mode: Mode, proxied: boolean, evidence: string}} ModeReport */

const PID = 'select pg_backend_pid()';
const STEP_MILLIS = 1500;
/** How long acquiring the second connection may take. */
const PARTNER_MILLIS = 3000;
const TURNS = 6;
const DIRECT_TURNS = 2;

/** @param {Connection} connection @param {number} [limit] */
async function pidOf(connection, limit = STEP_MILLIS) {
  const { rows } = await connection.query(PID, limit);
  return Number(rows[0]?.[0]);
}

/**
 * Runs a query that some poolers refuse.
 * @template T
 * @param {() => Promise<T>} question
 * @returns {Promise<T | null>} null where the server refuses
 */
async function unlessRefused(question) {
  try {
    return await question();
  } catch (error) {
    if (error instanceof Failure && error.kind === 'server') {
      return null;
    }
    throw error;
  }
}

/**
 * pgpool-II passes the server's process id on; it answers this statement
 * itself.
 * @param {Connection} connection
 * @returns {Promise<string | null>}
 */
async function pgpoolVersion(connection) {
  const { rows } = await connection.query('SHOW pool_version', STEP_MILLIS);
  return rows[0]?.[0] ?? null;
}

/** Which server processes a client has met. */
class Meetings {
  /** @type {Set<number>} */
  first = new Set();
  /** @type {Set<number>} */
  second = new Set();

  /** @returns {string | null} why server connections are shared */
  get sharing() {
    const both = [...this.first].some((pid) => this.second.has(pid));
    if (both) {
      return 'one server process served two clients that were both connected';
    }
    return this.first.size > 1 || this.second.size > 1
      ? 'a client was served by another server process after its transaction'
      : null;
  }
}

/**
 * @param {Connection} a
 * @param {Connection} b
 * @param {number} turns
 * @param {Meetings} met filled in
 */
async function meetInTurns(a, b, turns, met) {
  for (let i = 0; i < turns && met.sharing === null; i++) {
    met.first.add(await pidOf(a));
    met.second.add(await pidOf(b));
  }
}

/**
 * Holds a transaction with one client, and checks whether the other changes
 * server connections.
 * @param {Connection} a
 * @param {Connection} b
 * @param {Meetings} met
 */
async function meetWhileHeld(a, b, met) {
  await b.query('begin read only', STEP_MILLIS);
  met.second.add(await pidOf(b));
  try {
    met.first.add(await pidOf(a));
    met.first.add(await pidOf(a));
  } finally {
    await b.query('rollback', STEP_MILLIS);
  }
}

/** @param {unknown} error */
function refusesTransactions(error) {
  return (
    error instanceof Failure &&
    error.kind === 'server' &&
    /statement pool/i.test(error.message)
  );
}

/**
 * Distinguishes transaction from statement mode, on a connection that may be
 * lost.
 * @param {Connection} connection
 * @param {string} sharing
 * @returns {Promise<ModeReport>}
 */
async function sharedMode(connection, sharing) {
  try {
    await connection.query('begin read only', STEP_MILLIS);
    await connection.query('rollback', STEP_MILLIS);
    return { mode: 'transaction', proxied: true, evidence: sharing };
  } catch (error) {
    if (refusesTransactions(error)) {
      const evidence = `${sharing}, and BEGIN is refused`;
      return { mode: 'statement', proxied: true, evidence };
    }
    throw error;
  }
}

/**
 * Reads the answer to a query that was already sent.
 * @param {Connection} connection
 */
async function latePid(connection) {
  for (;;) {
    const { type, body } = await connection.next(PARTNER_MILLIS, 'an answer');
    if (type === 'D') {
      return Number(readRow(body)[0]);
    }
    if (type === 'E') {
      return null;
    }
  }
}

/**
 * The second client got no server connection: does it wait for the first one's?
 * @param {Context} context
 * @param {Connection} a
 * @param {Connection} b
 * @param {Meetings} met
 * @returns {Promise<ModeReport>}
 */
async function modeByLeaving(context, a, b, met) {
  context.close(a);
  const pid = await latePid(b).catch(() => null);
  if (pid !== null && met.first.has(pid)) {
    const evidence =
      'a second client got a server process only when the first, idle ' +
      'outside any transaction, had left it';
    return { mode: 'session', proxied: true, evidence };
  }
  return unknown('a second client got no server connection in time');
}

/**
 * @param {Context} context
 * @param {Connection} a
 * @param {Connection} b
 * @returns {Promise<ModeReport>}
 */
async function proxiedMode(context, a, b) {
  const met = new Meetings();
  try {
    await meetInTurns(a, b, TURNS, met);
  } catch (error) {
    if (error instanceof Failure && error.kind === 'silent') {
      return await modeByLeaving(context, a, b, met);
    }
    throw error;
  }
  if (met.sharing === null) {
    try {
      await meetWhileHeld(a, b, met);
    } catch (error) {
      if (refusesTransactions(error)) {
        const evidence = 'BEGIN is refused';
        return { mode: 'statement', proxied: true, evidence };
      }
      throw error;
    }
  }
  return met.sharing === null
    ? {
        mode: 'session',
        proxied: true,
        evidence: 'two clients kept a server process each, over transactions',
      }
    : await sharedMode(b, met.sharing);
}

/**
 * Determines the mode with two connections of its own.
 * @param {Context} context
 * @returns {Promise<ModeReport>}
 */
async function findMode(context) {
  const a = await context.connect({ limit: PARTNER_MILLIS });
  const reported = await unlessRefused(() => pidOf(a));
  if (reported === null) {
    context.close(a);
    return untold();
  }
  const isDirect = reported === a.pid;
  const version = isDirect
    ? await unlessRefused(() => pgpoolVersion(a)).catch(() => null)
    : null;
  if (version !== null) {
    context.close(a);
    return pgpool(version);
  }
  /** @type {Connection | undefined} */
  let b;
  try {
    b = await context.connect({ limit: PARTNER_MILLIS });
    if (!isDirect) {
      return await proxiedMode(context, a, b);
    }
    const met = new Meetings();
    await meetInTurns(a, b, DIRECT_TURNS, met);
    return met.sharing === null ? direct() : await sharedMode(b, met.sharing);
  } catch (error) {
    if (isDirect) {
      return direct();
    }
    return unknown(error instanceof Error ? error.message : String(error));
  } finally {
    context.close(a);
    if (b !== undefined) {
      context.close(b);
    }
  }
}

/** @param {string} evidence @returns {ModeReport} */
function unknown(evidence) {
  return { mode: 'unknown', proxied: true, evidence };
}

/** @returns {ModeReport} */
function untold() {
  return {
    mode: 'direct',
    proxied: false,
    evidence:
      'the server does not tell its process id: taken for a direct connection',
  };
}

/** @param {string} version */
function pgpool(version) {
  return {
    mode: /** @type {Mode} */ ('session'),
    proxied: true,
    product: 'pgpool-II',
    productEvidence: 'SHOW pool_version is answered',
    version,
    evidence: 'SHOW pool_version is answered; a client keeps its server',
  };
}

/** @returns {ModeReport} */
function direct() {
  return {
    mode: 'direct',
    proxied: false,
    evidence: 'the process id given at login is the server process',
  };
}

module.exports = { findMode };
