// SPDX-License-Identifier: MIT
// The server as judge of the scanner, in full: texts made by seed go through a
// proxy that swallows each answer and cuts the connection. None may have more
// effects than one run of it has.

const pg = require('pg');
const { Pool } = require('../..');
const { startPostgres, startProxy } = require('../../test/support/index.js');
const { isRead, setUp } = require('../../test/support/scanner/judge.js');
const { makeText } = require('../../test/support/scanner/texts.js');

const COUNT = 100_000;
const WORKERS = 4;
const LOUD_EVERY = 5000;

const EFFECTS = 'select case when is_called then last_value else 0 end::int n';

/** @typedef {{hits: number, code: string}} Run */

/** One pool, one proxy, one schema: nobody else's effects are counted. */
class Judge {
  #armed = false;

  /** @param {any} server @param {number} index */
  static async open(server, index) {
    const judge = new Judge();
    const database = `judge_${index}`;
    const owner = new pg.Client(server.url);
    await owner.connect();
    await owner.query(`create database ${database}`);
    await owner.end();
    judge.owner = new pg.Client(server.urlFor({ database }));
    await judge.owner.connect();
    judge.keywords = await setUp(judge.owner);
    judge.direct = new pg.Client(server.urlFor({ database, user: 'judge' }));
    await judge.direct.connect();
    judge.proxy = await startProxy({ port: server.port });
    judge.proxy.onMessage((/** @type {any} */ message) => judge.#cut(message));
    const { port } = judge.proxy;
    judge.pool = new Pool({
      connectionString: server.urlFor({ database, port, user: 'judge' }),
      max: 1,
      min: 0,
      retry: { maxRetries: 2, baseMillis: 0, capMillis: 0 },
      deadlineMillis: 20_000,
    });
    judge.pool.on('error', () => {});
    return judge;
  }

  /** @type {any} */ owner;
  /** @type {any} */ direct;
  /** @type {any} */ proxy;
  /** @type {any} */ pool;
  /** @type {string[]} */ keywords = [];

  /** The first answer after the statement left never arrives. */
  #cut(/** @type {any} */ message) {
    if (!this.#armed || message.direction === 'up') {
      return undefined;
    }
    if (message.type !== 'Z') {
      return 'drop';
    }
    this.#armed = false;
    return 'rst';
  }

  async #effects() {
    const { rows } = await this.owner.query(`${EFFECTS} from effects`);
    return rows[0].n;
  }

  /** @param {string} text @returns {Promise<Run>} */
  async alone(text) {
    const before = await this.#effects();
    let code = '';
    try {
      await this.direct.query(text);
    } catch (error) {
      code = /** @type {any} */ (error).code;
    }
    await this.direct.query('rollback');
    return { hits: (await this.#effects()) - before, code };
  }

  /** @param {string} text */
  async cut(text) {
    await this.pool.query('select 1'); // connected
    const before = await this.#effects();
    this.#armed = true;
    let error;
    try {
      await this.pool.query(text);
    } catch (thrown) {
      error = /** @type {any} */ (thrown);
    }
    const wasCut = !this.#armed;
    this.#armed = false;
    return { hits: (await this.#effects()) - before, error, wasCut };
  }

  async close() {
    await this.pool.end();
    await this.proxy.close();
    await this.direct.end();
    await this.owner.end();
  }
}

/**
 * @param {Judge} judge
 * @param {{text: string, hidden: boolean}} made
 * @param {{figures: any, faults: string[]}} found
 */
async function judgeText(judge, { text, hidden }, { figures, faults }) {
  const read = isRead(text);
  figures.texts += 1;
  figures.reads += read ? 1 : 0;
  const once = await judge.alone(text);
  const twice = await judge.cut(text);
  figures.cut += twice.wasCut ? 1 : 0;
  figures.effects += twice.hits;
  figures.repeated += read && twice.error === undefined ? 1 : 0;
  figures.stopped += read && twice.hits > 0 ? 1 : 0;
  if (twice.hits > once.hits) {
    faults.push(`doubled (${once.hits}, then ${twice.hits}): ${text}`);
  }
  if (read && !hidden && once.hits > 0) {
    faults.push(`called a read, and has ${once.hits} effects: ${text}`);
  }
  if (twice.hits > 0 && twice.wasCut && twice.error?.outcome !== 'ambiguous') {
    const outcome = twice.error?.outcome ?? 'a success';
    faults.push(`had an effect and was ${outcome}: ${text}`);
  }
}

/** @param {{seed: number, count: number, say: (line: string) => void}} options */
async function prove({ seed, count, say }) {
  const server = await startPostgres({ auth: 'trust', maxConnections: 100 });
  const figures = { texts: 0, reads: 0, cut: 0, repeated: 0, effects: 0 };
  const found = {
    figures: { ...figures, stopped: 0 },
    faults: /** @type {string[]} */ ([]),
  };
  let next = 0;
  const work = async (/** @type {Judge} */ judge) => {
    while (next < count) {
      const at = next++;
      await judgeText(judge, makeText(seed + at, judge.keywords), found);
      if (at % LOUD_EVERY === 0 && at > 0) {
        say(`${at}: ${JSON.stringify(found.figures)}`);
      }
    }
    await judge.close();
  };
  try {
    const judges = [];
    for (let i = 0; i < WORKERS; i++) {
      judges.push(await Judge.open(server, i));
    }
    await Promise.all(judges.map(work));
  } finally {
    await server.stop();
  }
  return found;
}

module.exports = { count: COUNT, prove };
