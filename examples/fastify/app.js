// SPDX-License-Identifier: MIT
// The application: plain SQL in its routes, and one place for errors.

import Fastify from 'fastify';
import { classify, prometheusText } from 'pg-holdfast';

const NUMBER = { type: 'integer', minimum: 1, maximum: 2_147_483_647 };

/** @param {string[]} required */
const body = (properties, required = Object.keys(properties)) => ({
  schema: { body: { type: 'object', required, properties } },
});

/** @param {import('pg-holdfast').Pool} pool */
export function buildApp(pool) {
  const app = Fastify({ logger: { level: process.env.LOG_LEVEL ?? 'warn' } });
  app.setErrorHandler(onError);
  // After the last answer: what still runs is waited for.
  app.addHook('onClose', () => pool.end());

  // A read is repeated by itself when its connection breaks.
  app.get('/accounts/:id', async ({ params: { id } }, reply) => {
    const { rows } = await pool.query(
      'select id, owner, balance from accounts where id = $1',
      [id],
    );
    return rows[0] ?? reply.code(404).send({ message: `no account ${id}` });
  });

  // A write that may be sent again: the reference makes it one order.
  app.post(
    '/orders',
    body({
      reference: { type: 'string', format: 'uuid' },
      account: NUMBER,
      amount: NUMBER,
    }),
    async ({ body: { reference, account, amount } }, reply) => {
      const { rows } = await pool.query(
        `insert into orders (reference, account, amount) values ($1, $2, $3)
         on conflict (reference) do update set reference = excluded.reference
         returning id`,
        [reference, account, amount],
      );
      return reply.code(201).send(rows[0]);
    },
  );

  // Two rows or none, and never twice: `retry` repeats what provably left
  // nothing behind, `exactlyOnce` asks the server when the answer to COMMIT is
  // lost.
  app.post(
    '/transfers',
    body({ from: NUMBER, to: NUMBER, amount: NUMBER }),
    async ({ body: { from, to, amount } }) => {
      const move = 'update accounts set balance = balance + $2 where id = $1';
      await pool.transaction(
        async (client) => {
          await client.query(move, [from, -amount]);
          await client.query(move, [to, amount]);
        },
        { retry: true, exactlyOnce: true },
      );
      return { from, to, amount };
    },
  );

  app.get('/health', async (_request, reply) => {
    const health = await pool.health({ timeoutMillis: 1000 });
    return reply.code(health.status === 'down' ? 503 : 200).send(health);
  });

  app.get('/metrics', (_request, reply) =>
    reply.type('text/plain; version=0.0.4').send(prometheusText([pool])),
  );

  return app;
}

/** Classes of SQLSTATEs that are the request's fault. */
const CALLERS_FAULT = /^(22|23)/;

/**
 * `outcome` tells a client whether it may send the request again.
 * @param {any} error
 */
function onError(error, request, reply) {
  if (error.validation) {
    return reply.code(400).send({ message: error.message });
  }
  const { outcome, retryable, sqlState } = classify(error);
  const isTheirs = CALLERS_FAULT.test(sqlState ?? '');
  if (!isTheirs) {
    request.log.error(error);
  }
  const again = retryable && outcome !== 'ambiguous';
  if (again) {
    reply.header('retry-after', '1');
  }
  return reply
    .code(isTheirs ? 422 : again ? 503 : 500)
    .send({ code: sqlState ?? error.code, outcome, message: error.message });
}
