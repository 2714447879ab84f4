// SPDX-License-Identifier: MIT

// Each driver, used as its own documentation shows. A driver is loaded only
// when it is asked for: it may not be installed.

const { SQL } = require('./cases.js');

/**
 * @typedef {object} Opened
 * @property {(id: number) => Promise<unknown>} select
 * @property {() => Promise<unknown>} rows
 * @property {(number: number) => Promise<unknown>} insert
 * @property {((id: number) => Promise<unknown>)} [transaction]
 * @property {() => Promise<unknown>} close
 */

/**
 * @typedef {object} Target
 * @property {string} url
 * @property {number} connections
 * @property {boolean} pooled
 */

/** @param {number} number */
const labelOf = (number) => `label ${number}`;

/** @param {string} checkout @param {Target} target @returns {Opened} */
function openHoldfast(checkout, { url, connections }) {
  const { Pool } = require(checkout);
  const pool = new Pool({ connectionString: url, max: connections });
  return {
    select: (id) => pool.query(SQL.select, [id]),
    rows: () => pool.query(SQL.rows),
    insert: (number) => pool.query(SQL.insert, [number, labelOf(number)]),
    transaction: (id) =>
      pool.transaction(async (/** @type {any} */ client) => {
        await client.query(SQL.select, [id]);
        await client.query(SQL.insert, [id, labelOf(id)]);
      }),
    close: () => pool.end(),
  };
}

/**
 * As pg's documentation shows it.
 *
 * @param {any} pool
 * @param {(client: any) => Promise<unknown>} work
 */
async function pgTransaction(pool, work) {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await work(client);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

/** @param {Target} target @returns {Opened} */
function openPg({ url, connections }) {
  const { Pool } = require('pg');
  const pool = new Pool({ connectionString: url, max: connections });
  return {
    select: (id) => pool.query(SQL.select, [id]),
    rows: () => pool.query(SQL.rows),
    insert: (number) => pool.query(SQL.insert, [number, labelOf(number)]),
    transaction: (id) =>
      pgTransaction(pool, async (client) => {
        await client.query(SQL.select, [id]);
        await client.query(SQL.insert, [id, labelOf(id)]);
      }),
    close: () => pool.end(),
  };
}

/**
 * @param {{query: (config: object) => Promise<unknown>}} queryable
 * @param {() => Promise<unknown>} close
 * @returns {Opened}
 */
function namedStatements(queryable, close) {
  return {
    select: (id) =>
      queryable.query({ name: 'select', text: SQL.select, values: [id] }),
    rows: () => queryable.query({ name: 'rows', text: SQL.rows }),
    insert: (number) =>
      queryable.query({
        name: 'insert',
        text: SQL.insert,
        values: [number, labelOf(number)],
      }),
    close,
  };
}

/** @param {Target} target @returns {Opened} */
function openPgNamed({ url, connections }) {
  const { Pool } = require('pg');
  const pool = new Pool({ connectionString: url, max: connections });
  return {
    ...namedStatements(pool, () => pool.end()),
    transaction: (id) =>
      pgTransaction(pool, async (client) => {
        const on = namedStatements(client, () => Promise.resolve());
        await on.select(id);
        await on.insert(id);
      }),
  };
}

/** @param {Target} target @returns {Promise<Opened>} */
async function openPgPipeline({ url }) {
  const { Client } = require('pg');
  // The types lack `pipeline`.
  const config = /** @type {any} */ ({ connectionString: url, pipeline: true });
  const client = new Client(config);
  if (/** @type {any} */ (client).pipeline !== true) {
    throw new Error('this version of pg has no pipeline option');
  }
  await client.connect();
  return namedStatements(client, () => client.end());
}

/** @param {Target} target @returns {Opened} */
function openPostgres({ url, connections, pooled }) {
  const postgres = require('postgres');
  const sql = postgres(url, { max: connections, prepare: !pooled });
  return {
    select: (id) => sql`select id, label from bench_items where id = ${id}`,
    rows: () => sql`select * from bench_rows`,
    insert: (number) =>
      sql`insert into bench_inserts (number, label)
          values (${number}, ${labelOf(number)})`,
    transaction: (id) =>
      sql.begin(async (/** @type {any} */ tx) => {
        await tx`select id, label from bench_items where id = ${id}`;
        await tx`insert into bench_inserts (number, label)
          values (${id}, ${labelOf(id)})`;
      }),
    close: () => sql.end(),
  };
}

/** The packed release, or this checkout's build. @param {Target} target */
const openMeasured = (target) =>
  openHoldfast(process.env.HOLDFAST_BENCH_MEASURED ?? '..', target);

/** This checkout's build, beside the release. @param {Target} target */
const openDeveloper = (target) => openHoldfast('..', target);

/** Another checkout, of `--before`. @param {Target} target */
const openBefore = (target) =>
  openHoldfast(process.env.HOLDFAST_BENCH_BEFORE ?? '', target);

/** @type {Record<string, (target: Target) => Opened | Promise<Opened>>} */
const DRIVERS = {
  holdfast: openMeasured,
  developer: openDeveloper,
  before: openBefore,
  'before-again': openBefore,
  pg: openPg,
  'pg-named': openPgNamed,
  'pg-pipeline': openPgPipeline,
  postgres: openPostgres,
};

module.exports = { DRIVERS };
