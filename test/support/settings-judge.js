// SPDX-License-Identifier: MIT
// Tenants as judge of settings: statements of many tenants and of nobody,
// interleaved over a few server connections of PgBouncer, in every form there
// is, while connections break. Each answer says whose setting its statement
// saw, and each row whose it was written under.

const { Pool } = require('../../lib/index.js');
const { startPgBouncer } = require('./pgbouncer.js');
const { startProxy } = require('./proxy.js');
const { randomFrom } = require('./scanner/texts.js');

const SERVERS = 4;
const CLIENTS = 16;
const CALLERS = 64;
/** One in so many calls breaks something. */
const FAULT_EVERY = 150;
/** One in so many calls leaks, where a leak is planted. */
const PLANT_EVERY = 40;

const SEEN = `select coalesce(current_setting('app.tenant', true), '') as seen`;
const WRITE = `insert into written (tenant, seen)
  values ($1, coalesce(current_setting('app.tenant', true), ''))
  returning seen`;

/**
 * @typedef {object} Work
 * @property {any} pool
 * @property {string} tenant
 * @property {any} settings
 * @property {any} handle
 */

/** The first row's. @param {any} result @returns {string} */
function seenOf({ rows }) {
  return rows[0].seen;
}

/**
 * What a tenant does; each returns what its statements saw.
 * @type {Record<string, (work: Work) => Promise<string[]>>}
 */
const FORMS = {
  call: async ({ pool, settings }) => [
    seenOf(await pool.query({ text: SEEN, settings })),
  ],
  readOnly: async ({ pool, settings }) => [
    seenOf(await pool.query({ text: SEEN, settings, readOnly: true })),
  ],
  write: async ({ pool, settings, tenant }) => [
    seenOf(await pool.query({ text: WRITE, values: [tenant], settings })),
  ],
  handle: async ({ handle }) => [seenOf(await handle.query(SEEN))],
  once: async ({ handle, tenant }) => [
    seenOf(
      await handle.query({ text: WRITE, values: [tenant], exactlyOnce: true }),
    ),
  ],
  transaction: ({ pool, settings, tenant }) =>
    pool.transaction(
      async (/** @type {any} */ tx) => [
        seenOf(await tx.query(WRITE, [tenant])),
        seenOf(await tx.query(SEEN)),
      ],
      { settings },
    ),
  failing: async ({ handle }) => {
    // PgBouncer 1.18 ends itself when a cancel request meets a lost connection,
    // so the server's own timeout ends the second.
    await handle.query('select 1 / 0').catch(() => {});
    await handle
      .query({ text: 'select pg_sleep(5)', settings: { statement_timeout: 5 } })
      .catch(() => {});
    return [];
  },
  client: async ({ handle, tenant }) => {
    const client = await handle.connect();
    try {
      const seen = [seenOf(await client.query(SEEN))];
      await client.query('begin');
      seen.push(seenOf(await client.query(WRITE, [tenant])));
      await client.query('rollback');
      seen.push(seenOf(await client.query(SEEN)));
      return seen;
    } finally {
      client.release();
    }
  },
};

/** What somebody without settings does. @param {any} pool */
async function asNobody(pool) {
  return [
    seenOf(await pool.query(SEEN)),
    seenOf(await pool.query(WRITE, [''])),
  ];
}

/**
 * @param {any} server from startPostgres()
 * @param {{seed: number, count: number, leak?: boolean,
 *   say?: (line: string) => void}} options `count` tenants; with `leak` some
 *   settings are set for a session, as a wrong implementation would
 */
async function judgeSettings(server, { seed, count, leak = false, say }) {
  await server.psql(
    'drop table if exists written; create table written (tenant text, seen text)',
  );
  const bouncer = await startPgBouncer({ server, poolSize: SERVERS });
  const proxy = await startProxy({ port: bouncer.port });
  const pool = /** @type {any} */ (
    new Pool({
      connectionString: proxy.urlFor(bouncer.url),
      max: CLIENTS,
      logger: false,
      deadlineMillis: 30_000,
    })
  );
  const random = randomFrom(seed);
  const names = Object.keys(FORMS);
  /** @type {string[]} */
  const faults = [];
  const figures = { answers: 0, failed: 0, nobody: 0, broken: 0 };
  let next = 0;

  /** @param {string} owner @param {string} form @param {string[]} seen */
  const judge = (owner, form, seen) => {
    figures.answers += seen.length;
    for (const one of seen) {
      if (one !== owner) {
        faults.push(`${form} of "${owner}" saw "${one}"`);
      }
    }
  };
  const breakSomething = async () => {
    figures.broken += 1;
    if (random() < 0.5) {
      proxy.killAll();
    } else {
      await server.psql(`select pg_terminate_backend(pid) from pg_stat_activity
        where pid <> pg_backend_pid() and backend_type = 'client backend'
        order by random() limit 1`);
    }
  };
  const runOne = async (/** @type {number} */ index) => {
    const tenant = `tenant ${index}`;
    const form = names[Math.floor(random() * names.length)];
    const settings = { 'app.tenant': tenant };
    const handle = pool.withSettings(settings);
    if (leak && index % PLANT_EVERY === 0) {
      await pool.query(`set app.tenant = '${tenant}'`);
    }
    if (index % FAULT_EVERY === FAULT_EVERY - 1) {
      await breakSomething();
    }
    const work = { pool, tenant, settings, handle };
    judge(tenant, form, await FORMS[form](work));
    figures.nobody += 1;
    judge('', 'nobody', await asNobody(pool));
  };
  const caller = async () => {
    while (next < count) {
      const index = next++;
      // What a broken connection did to a call is for other proofs.
      await runOne(index).catch(() => {
        figures.failed += 1;
      });
      if (index % 1000 === 999) {
        say?.(`${index + 1} tenants, ${faults.length} faults`);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: CALLERS }, caller));
    if (bouncer.pid === 0) {
      faults.push('PgBouncer has ended itself');
    }
    const wrong = await server.psql(
      `select tenant || ' wrote as ' || seen from written where tenant <> seen`,
    );
    faults.push(...wrong.split('\n').filter(Boolean));
    const rows = Number(await server.psql('select count(*) from written'));
    return { figures: { tenants: count, ...figures, rows }, faults };
  } finally {
    await pool.end();
    await proxy.close();
    await bouncer.stop();
  }
}

module.exports = { judgeSettings };
