// SPDX-License-Identifier: MIT
'use strict';

// Errors that lost their code on the way, and what their sentence says.

process.env.NODE_ENV = 'test'; // no lines of the log

const assert = require('node:assert');
const { test } = require('node:test');

const { classify, retryQuery } = require('../../lib/retry/retry.js');

/** One letter of the outcome, and + where repeating is useful. */
const SENTENCES = {
  'Connection timeout': 'N+',
  'Max client connections reached': 'N+',
  'MaxClientsInSessionMode: max clients reached - in Session mode max clients are limited to pool_size':
    'N+',
  'Error querying the database: FATAL: MaxClientsInSessionMode: max clients reached':
    'N+',
  'remaining connection slots are reserved for non-replication superuser connections':
    'N+',
  'FATAL: remaining connection slots are reserved for roles with the SUPERUSER attribute':
    'N+',
  'sorry, too many clients already': 'N+',
  'the database system is starting up': 'N+',
  'the database system is in recovery mode': 'N+',
  'connect ECONNREFUSED 127.0.0.1:5432': 'N+',
  'connect ENOENT /var/run/postgresql/.s.PGSQL.5432': 'N+',
  'getaddrinfo ENOTFOUND db.example': 'N+',
  'getaddrinfo EAI_AGAIN db.example': 'N+',
  'read ECONNRESET': 'A+',
  'write EPIPE': 'A+',
  'read ETIMEDOUT': 'A+',
  'socket hang up': 'A+',
  'write CONNECTION_CLOSED 127.0.0.1:5432': 'A+',
  'write CONNECT_TIMEOUT 127.0.0.1:5432': 'N+',
  'terminating connection due to administrator command': 'R+',
  'could not serialize access due to concurrent update': 'R+',
  'deadlock detected': 'R+',
  query_wait_timeout: 'N+',
  'server conn crashed?': 'A+',
  'bind message supplies 3 parameters, but prepared statement "s1" requires 1':
    'R+',
  'bind message supplies 3 parameters, but prepared statement "" requires 1':
    'P',
  'unnamed prepared statement does not exist': 'R+',
  'cached plan must not change result type': 'R+',
};

/** @type {Record<string, string>} */
const LETTERS = {
  not_executed: 'N',
  rolled_back: 'R',
  ambiguous: 'A',
  permanent: 'P',
};

test('errors without their code are recognised by their message', () => {
  /** @type {string[]} */
  const wrong = [];
  for (const [text, expected] of Object.entries(SENTENCES)) {
    for (const error of [new Error(text), text, { message: text }]) {
      const { outcome, retryable } = classify(error);
      const said = `${LETTERS[outcome]}${retryable ? '+' : ''}`;
      if (said !== expected) {
        wrong.push(`${text}: ${said}, not ${expected}`);
      }
    }
  }
  assert.deepStrictEqual(wrong, []);
});

test('an unknown code does not hide a known message', () => {
  const fatal = { code: 'XX000', severity: 'FATAL' };
  const full = Object.assign(
    new Error('MaxClientsInSessionMode: max clients reached'),
    fatal,
  );
  assert.strictEqual(classify(full).outcome, 'not_executed');
  assert.strictEqual(classify(full).retryable, true);
  const bug = { ...fatal, severity: 'ERROR', routine: 'ExecProcNode' };
  const internal = Object.assign(new Error('tuple concurrently updated'), bug);
  assert.strictEqual(classify(internal).outcome, 'permanent');
});

test('the message of a seed is retried by a helper', async () => {
  let calls = 0;
  const value = await retryQuery(() => {
    calls += 1;
    return calls > 2 ? calls : Promise.reject(new Error('Connection timeout'));
  });
  assert.strictEqual(value, 3);
});
