// SPDX-License-Identifier: MIT

// What is measured: the statements, and how many callers send them on how many
// connections.

const ITEMS = 10_000;

const SQL = Object.freeze({
  select: 'select id, label from bench_items where id = $1',
  rows: 'select * from bench_rows',
  insert: 'insert into bench_inserts (number, label) values ($1, $2)',
});

const SETUP = `
  create table bench_items (id int primary key, label text not null);
  insert into bench_items
    select id, 'item ' || id from generate_series(1, ${ITEMS}) as id;
  create table bench_rows (
    id int4, amount int4, name text, note text,
    written timestamptz, active bool, score float8
  );
  insert into bench_rows
    select n, n * 7, 'name ' || n, 'a note of some length, number ' || n,
      timestamptz '2024-01-01 00:00:00.123+00' + n * interval '61 seconds',
      n % 3 = 0, n / 7.0
    from generate_series(1, 1000) as n;
  create table bench_inserts (number bigint, label text);
  analyze bench_items;
  analyze bench_rows;`;

/**
 * @typedef {object} Case
 * @property {string} id
 * @property {string} title
 * @property {'select' | 'rows' | 'insert' | 'transaction'} work
 * @property {number} callers
 * @property {number} connections
 * @property {boolean} pooled through PgBouncer
 * @property {string[]} drivers
 */

const NODE_DRIVERS = ['holdfast', 'pg', 'pg-named', 'pg-pipeline', 'postgres'];
const ALL_DRIVERS = [...NODE_DRIVERS, 'pgbench', 'pgbench-pipeline'];
/**
 * The checkout of `--before`, twice: the difference between its two processes
 * is noise of the machine.
 */
const BEFORE_DRIVERS = ['before', 'before-again'];
/** This checkout's own build, beside the release of `--packed`. */
const DEVELOPER_DRIVER = 'developer';
/** Drivers with transactions of their own, or with leases to build them on. */
const TRANSACTION_DRIVERS = ['holdfast', 'pg', 'pg-named', 'postgres'];
/** Drivers that use no named statements, or can be told not to. */
const POOLED_DRIVERS = ['holdfast', 'pg', 'postgres'];

/** Server connections of the pooler. */
const POOLER_SIZE = 4;

/** @type {Case[]} */
const CASES = [
  {
    id: 'select-1x1',
    title: 'Point select by primary key: 1 caller, 1 connection',
    work: 'select',
    callers: 1,
    connections: 1,
    pooled: false,
    drivers: ALL_DRIVERS,
  },
  {
    id: 'select-10x10',
    title: 'Point select: 10 callers, 10 connections',
    work: 'select',
    callers: 10,
    connections: 10,
    pooled: false,
    drivers: ALL_DRIVERS,
  },
  {
    id: 'select-64x10',
    title: 'Point select: 64 callers, 10 connections',
    work: 'select',
    callers: 64,
    connections: 10,
    pooled: false,
    drivers: ALL_DRIVERS,
  },
  {
    id: 'rows',
    title: '1000 rows of 7 columns: 10 callers, 10 connections',
    work: 'rows',
    callers: 10,
    connections: 10,
    pooled: false,
    drivers: [...NODE_DRIVERS, 'pgbench'],
  },
  {
    id: 'insert',
    title: 'Insert of one row: 10 callers, 10 connections',
    work: 'insert',
    callers: 10,
    connections: 10,
    pooled: false,
    drivers: ALL_DRIVERS,
  },
  {
    id: 'transaction',
    title:
      'Transaction of a point select and an insert: ' +
      '10 callers, 10 connections',
    work: 'transaction',
    callers: 10,
    connections: 10,
    pooled: false,
    drivers: TRANSACTION_DRIVERS,
  },
  {
    id: 'pooler',
    title:
      'Point select through PgBouncer, transaction mode, ' +
      `${POOLER_SIZE} server connections: 64 callers, 10 connections`,
    work: 'select',
    callers: 64,
    connections: 10,
    pooled: true,
    drivers: POOLED_DRIVERS,
  },
];

/** Measured in their own ways, in bench/retry.js and bench/start.js. */
const SPECIAL_CASES = ['retry', 'start', 'observability'];

const DRIVER_NOTES = Object.freeze({
  holdfast: 'Pool of pg-holdfast',
  developer: 'the same as it was built in this checkout, beside the release',
  before: 'Pool of the checkout that --before names',
  'before-again': 'the same in a second process',
  pg: 'Pool of pg, unnamed statements',
  'pg-named': 'Pool of pg, named statements',
  'pg-pipeline': 'one Client of pg with pipeline: true, named statements',
  postgres: 'postgres.js; without prepared statements behind the pooler',
  pgbench: 'pgbench -M prepared, one client a connection, one thread',
  'pgbench-pipeline':
    'pgbench -M prepared, ten statements between \\startpipeline and ' +
    '\\endpipeline; its p50 and p99 are of all ten',
});

module.exports = {
  ALL_DRIVERS,
  BEFORE_DRIVERS,
  CASES,
  DEVELOPER_DRIVER,
  DRIVER_NOTES,
  ITEMS,
  POOLER_SIZE,
  SETUP,
  SPECIAL_CASES,
  SQL,
};
