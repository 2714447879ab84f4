// SPDX-License-Identifier: MIT

// Clients of Prisma as an application makes them, on either adapter.

const { PrismaPg } = require('@prisma/adapter-pg');
const { classify, getPool } = require('pg-holdfast');
const {
  createPrismaClientWithExtensions,
  PrismaHoldfast,
} = require('pg-holdfast/prisma');
const { PrismaClient } = require('./generated');

const CONNECTIONS = 8;
/** Prisma 6 leaks one of pg's connections when ROLLBACK fails on it. */
const MANY_CONNECTIONS = 200;

/** For outages that a test makes: as many attempts as needed. */
const PATIENT = Object.freeze({
  maxRetries: 30,
  baseMillis: 20,
  capMillis: 200,
  deadlineMillis: 30_000,
});

function makeAdapter() {
  const url = process.env.DATABASE_URL;
  return process.env.ADAPTER === 'holdfast'
    ? new PrismaHoldfast(getPool({ connectionString: url, max: CONNECTIONS }))
    : new PrismaPg({ connectionString: url, max: MANY_CONNECTIONS });
}

/** A client without our extension, on either adapter. */
function makeRaw() {
  return new PrismaClient({ adapter: makeAdapter() });
}

/** @param {object} [options] of retryExtension() */
function makeClient(options) {
  return createPrismaClientWithExtensions(makeRaw(), options);
}

/** Reports to the test, on a line of its own. @param {object} what */
function tell(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

/** @param {any} error */
function describe(error) {
  const { outcome, retryable, reason } = classify(error);
  const { code, message } = error;
  return {
    ...{ outcome, retryable, reason, code },
    message: String(message).trim().split('\n').at(-1),
  };
}

/**
 * Runs a program and ends the process: pg's pool would keep it alive.
 * @param {() => Promise<void>} main
 */
function start(main) {
  main().then(
    () => process.exit(0),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
}

module.exports = { PATIENT, describe, makeClient, makeRaw, start, tell };
