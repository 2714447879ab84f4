// SPDX-License-Identifier: MIT
import { getPool } from 'pg-holdfast';
import { buildApp } from './app.js';

// DATABASE_URL is read; the pool is the same wherever this is called.
const pool = getPool({ application_name: 'holdfast-fastify' });
const app = buildApp(pool);

// Deploys send SIGTERM: no new requests, the running ones are answered, then
// the pool ends, and with it the process.
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => app.close());
}

// It never rejects: a database that is away now may be there when it is needed.
await pool.warmup({ timeoutMillis: 2000 });
const { PORT = '3000', HOST = '127.0.0.1' } = process.env;
const address = await app.listen({ port: Number(PORT), host: HOST });
console.log(`listening on ${address}`);
