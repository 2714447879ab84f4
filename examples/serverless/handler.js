// SPDX-License-Identifier: MIT
// A handler as AWS Lambda calls it: one invocation at a time, and between
// two of them the process is frozen, for seconds or for hours.

import { getPool, withDatabaseRetry } from 'pg-holdfast';

// Made once for each instance, not for each invocation. Few connections:
// there may be hundreds of instances.
const pool = getPool({
  connectionString: process.env.DATABASE_URL,
  application_name: 'example-serverless',
  max: 2,
});

// The time before the first invocation is free. It never rejects: a database
// that is away now may be there when it is needed.
await pool.warmup({ timeoutMillis: 2000 });

const INSERT = `
  insert into writes (number, pair)
  select $1::bigint, $2::bigint from pg_sleep($3)`;

/** @param {{slow?: boolean, seconds?: number}} event */
function seconds({ slow = false, seconds = slow ? 0.015 : 0 }) {
  return seconds;
}

/** What the function can do, by `event.action`. */
const ACTIONS = {
  // Only reads: may be repeated even when its answer was lost.
  async read({ id }) {
    const { rows } = await pool.query('select label from items where id = $1', [
      id,
    ]);
    return rows[0];
  },

  // A single write: done once, or its error says that nobody knows.
  async one(event) {
    const [number] = event.numbers;
    await pool.query(INSERT, [number, null, seconds(event)]);
    return { numbers: event.numbers };
  },

  // A transaction, repeated as a whole when it provably left nothing behind.
  async two(event, attempt) {
    const [one, two] = event.numbers;
    await pool.transaction(
      async (client) => {
        await client.query(INSERT, [one, two, 0]);
        await client.query(INSERT, [two, one, seconds(event)]);
      },
      { exactlyOnce: true, context: attempt },
    );
    return { numbers: event.numbers };
  },

  async health() {
    return await pool.health({ timeoutMillis: 1000 });
  },
};

/**
 * @param {{action: keyof typeof ACTIONS} & Record<string, any>} event
 * @param {{getRemainingTimeInMillis: () => number}} context
 */
export async function handler(event, context) {
  const action = ACTIONS[event.action];
  if (action === undefined) {
    return answer(404, { message: `no action ${event.action}` });
  }
  try {
    // `context` is Lambda's: the work is over, well or badly, 200 ms before
    // the platform would end it, so that there is time to say what happened.
    const result = await withDatabaseRetry(
      (attempt) => action(event, attempt),
      { context },
    );
    return answer(200, result);
  } catch (error) {
    const { code, outcome, message } = error;
    const again = outcome === 'not_executed' || outcome === 'rolled_back';
    return answer(again ? 503 : 500, { code, outcome, message });
  }
}

function answer(statusCode, body) {
  return {
    statusCode,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}
