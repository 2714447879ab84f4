// SPDX-License-Identifier: MIT
// Faults at every byte of the wire: small sessions of writes go through a proxy
// that resets, closes or stalls a connection at a given byte, or at the end of
// a given message or TLS record. What callers were told of each write is
// compared with what the server has.

const { Pool } = require('../..');
const { startProxy } = require('./proxy.js');
const { countEnds, strikeAtEnd } = require('./wire-boundaries.js');

/** How long a call may take before it counts as hung, in ms. */
const HUNG_MS = 20_000;
const SMALL_BYTES = 4200;
/**
 * The step from one position to the next: a prime, so that every byte is met in
 * the end, and all parts in a short run.
 */
const STRIDE = 37;
const LARGE_TEXT = 20_000;
const LARGE_BYTES = 70_000;
/** Sizes of the buffers of libpq and the server, and of TLS records. */
const BOUNDARIES = [8192, 16_384];

/** @typedef {'up' | 'down'} Direction */

/**
 * @typedef {object} Fault
 * @property {Direction} direction
 * @property {number} at the byte; with `end`, counted from there
 * @property {number} [end] the n-th end of a message or TLS record
 * @property {'rst' | 'fin' | 'stall' | 'none'} action
 * @property {boolean} tls
 * @property {boolean} large
 */

/** @typedef {{id: number, told: string, fault: Fault}} Entry */

const BOUNDS = {
  deadlineMillis: 4000,
  timeoutMillis: 400,
  connectTimeoutMillis: 400,
};
/**
 * Without a fault, a call has all the time it needs, however slow the machine
 * is.
 */
const UNBOUND = { deadlineMillis: HUNG_MS, connectTimeoutMillis: HUNG_MS };
/** Counted before the ledger begins. */
const PROBE_ID = 1_000_000_000;
/** @type {Fault} */
const NO_FAULT = {
  ...{ direction: 'up', at: 0, action: 'none' },
  ...{ tls: false, large: true },
};

/** A small generator of numbers: the same seed, the same faults. */
class Random {
  #state;

  /** @param {number} seed */
  constructor(seed) {
    this.#state = seed >>> 0 || 1;
  }

  /** @param {number} below */
  next(below) {
    // xorshift32, by Marsaglia.
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state % below;
  }

  /** @template T @param {T[]} list @returns {T} */
  pick(list) {
    return /** @type {T} */ (list[this.next(list.length)]);
  }
}

/**
 * Every position of a small session in turn, in both directions; of large ones,
 * positions near the boundaries of buffers and anywhere.
 *
 * @param {Random} random
 * @param {number} index
 * @returns {Fault}
 */
function drawFault(random, index) {
  const large = random.next(4) === 0;
  const near =
    random.pick(BOUNDARIES) * (1 + random.next(4)) + random.next(3) - 1;
  const anywhere = 1 + random.next(LARGE_BYTES);
  return {
    direction: random.pick(/** @type {Direction[]} */ (['up', 'down'])),
    at: large
      ? random.pick([near, anywhere])
      : 1 + ((index * STRIDE) % SMALL_BYTES),
    action: random.pick(
      /** @type {Fault['action'][]} */ (['rst', 'rst', 'fin', 'stall']),
    ),
    tls: random.next(3) === 0,
    large,
  };
}

/**
 * Every end of a message, of a TLS record and of a buffer in a large session,
 * one byte before it and one after, in both directions and with each kind of
 * fault.
 *
 * @param {Awaited<ReturnType<Lane['count']>>} counted
 * @param {boolean} tls
 * @returns {Fault[]}
 */
function boundaryFaults({ ends, bytes }, tls) {
  /** @type {Fault[]} */
  const faults = [];
  const kinds = /** @type {Fault['action'][]} */ (['rst', 'fin', 'stall']);
  for (const direction of /** @type {Direction[]} */ (['up', 'down'])) {
    for (const offset of [-1, 0, 1]) {
      for (const action of kinds) {
        const fault = { direction, action, tls, large: true };
        for (let end = 0; end < ends[direction]; end++) {
          faults.push({ ...fault, end, at: offset });
        }
        // 16 KiB is twice 8.
        for (
          let at = BOUNDARIES[0];
          at < bytes[direction];
          at += BOUNDARIES[0]
        ) {
          faults.push({ ...fault, at: at + offset });
        }
      }
    }
  }
  return faults;
}

/**
 * @param {Lane} lane
 * @param {Random} random
 * @param {number} most
 */
async function pickBoundaries(lane, random, most) {
  const faults = [
    ...boundaryFaults(await lane.count(false), false),
    ...boundaryFaults(await lane.count(true), true),
  ];
  while (faults.length > most) {
    faults.splice(random.next(faults.length), 1);
  }
  return faults;
}

/** @param {Promise<unknown>} promise @returns {Promise<string>} */
async function toldOf(promise) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const hung = new Promise((resolve) => {
    timer = setTimeout(resolve, HUNG_MS, 'hung');
  });
  const told = promise.then(
    () => 'ok',
    (error) => error.outcome ?? `unlabelled ${error.stack}`,
  );
  const first = await Promise.race([told, hung]);
  clearTimeout(timer);
  return /** @type {string} */ (first);
}

/** One proxy and the sessions that go through it, one after the other. */
class Lane {
  /** @type {any} */
  #proxy;
  #server;
  /** @type {Entry[]} */
  entries = [];
  /** @type {string[]} */
  faults = [];

  /** @param {any} server @param {any} proxy */
  constructor(server, proxy) {
    this.#server = server;
    this.#proxy = proxy;
  }

  /** @param {any} server */
  static async open(server) {
    return new Lane(server, await startProxy({ port: server.port }));
  }

  close() {
    return this.#proxy.close();
  }

  /** @param {Fault} fault */
  #arm({ direction, at, action, end }) {
    if (action === 'none') {
      return { clear() {} };
    }
    if (end !== undefined) {
      const offset = at;
      return strikeAtEnd(this.#proxy, { direction, end, offset, action });
    }
    const rule = { direction, bytes: at, once: true };
    if (action === 'stall') {
      return this.#proxy.stallAfter(rule);
    }
    return this.#proxy.cutAfter({ ...rule, how: action });
  }

  /** @param {Fault} fault */
  #open(fault) {
    const url = new URL(this.#proxy.urlFor(this.#server.url));
    url.searchParams.set('sslmode', fault.tls ? 'require' : 'disable');
    const pool = new Pool({
      connectionString: String(url),
      max: 1,
      ...(fault.action === 'none' ? UNBOUND : BOUNDS),
      logger: false,
    });
    pool.on('error', () => {});
    return pool;
  }

  /**
   * Counts the ends and the bytes of a large session.
   * @param {boolean} tls
   */
  count(tls) {
    const fault = { ...NO_FAULT, tls };
    return countEnds(this.#proxy, () => this.run(fault, PROBE_ID));
  }

  /**
   * @param {Fault} fault
   * @param {number} id the first of the four it writes
   */
  async run(fault, id) {
    const pool = this.#open(fault);
    const text = fault.large ? 'x'.repeat(LARGE_TEXT) : 'x';
    const insert = 'insert into ledger values ($1, $2)';
    const armed = this.#arm(fault);
    const note = (/** @type {number} */ n, /** @type {string} */ told) => {
      this.entries.push({ id: n, told, fault });
    };
    note(id, await toldOf(pool.query(insert, [id, text])));
    const read = pool.query('select $1::int as n, $2::text as t', [id, text]);
    await toldOf(read.then((result) => this.#check(result, id, text, fault)));
    note(
      id + 1,
      await toldOf(
        pool.transaction(async (client) => {
          await client.query(insert, [id + 1, text]);
        }),
      ),
    );
    // The first asks which server it is on; the second is the engine's alone.
    for (const n of [id + 2, id + 3]) {
      const values = [n, text];
      const once = pool.query({ text: insert, values, exactlyOnce: true });
      note(n, await toldOf(once));
    }
    armed.clear();
    this.#proxy.killAll('rst');
    if ((await toldOf(pool.end())) === 'hung') {
      this.faults.push(`end() hung after ${JSON.stringify(fault)}`);
    }
  }

  /**
   * @param {any} result
   * @param {number} id
   * @param {string} text
   * @param {Fault} fault
   */
  #check({ rows }, id, text, fault) {
    if (rows.length !== 1 || rows[0].n !== id || rows[0].t !== text) {
      this.faults.push(`a wrong answer after ${JSON.stringify(fault)}`);
    }
  }
}

/**
 * Compares what callers were told with what the server has.
 *
 * @param {Entry[]} entries
 * @param {Map<number, number>} counts rows by id
 * @returns {string[]} what does not agree
 */
function judgeLedger(entries, counts) {
  const allowed = new Map([
    ['ok', [1]],
    ['not_executed', [0]],
    ['rolled_back', [0]],
    ['permanent', [0]],
    ['ambiguous', [0, 1]],
  ]);
  return entries
    .filter(({ id, told }) => {
      const count = counts.get(id) ?? 0;
      return !allowed.get(told)?.includes(count);
    })
    .map(
      ({ id, told, fault }) =>
        `${id}: told ${told}, ${counts.get(id) ?? 0} rows, ` +
        JSON.stringify(fault),
    );
}

/**
 * @param {any} server
 * @param {{seed: number, count: number, boundaries?: number, lanes: number,
 *   say?: (line: string) => void}} options `count` faults that are drawn, and
 *   so many at the boundaries of a large session
 */
async function judgeWire(server, options) {
  const { seed, count, boundaries = 0, lanes, say } = options;
  const random = new Random(seed);
  const owner = new Pool({ connectionString: server.url, max: 1 });
  await owner.query('create table if not exists ledger (id int, t text)');
  const open = await Promise.all(
    Array.from({ length: lanes }, () => Lane.open(server)),
  );
  const exact =
    boundaries > 0 ? await pickBoundaries(open[0], random, boundaries) : [];
  open[0].entries = [];
  await owner.query('truncate ledger');
  let next = 0;
  await Promise.all(
    open.map(async (lane) => {
      while (next < count + exact.length) {
        const index = next++;
        const fault = exact[index - count] ?? drawFault(random, index);
        await lane.run(fault, index * 4);
        if (index % 1000 === 999) {
          say?.(`${index + 1} faults`);
        }
      }
    }),
  );
  const { rows } = await owner.query(
    'select id, count(*)::int as n from ledger group by id',
  );
  await owner.end();
  await Promise.all(open.map((lane) => lane.close()));
  const entries = open.flatMap((lane) => lane.entries);
  const counts = new Map(rows.map(({ id, n }) => [id, n]));
  /** @type {Record<string, number>} */
  const told = {};
  for (const entry of entries) {
    told[entry.told] = (told[entry.told] ?? 0) + 1;
  }
  const faults = [
    ...open.flatMap((lane) => lane.faults),
    ...judgeLedger(entries, counts),
  ];
  return { entries, counts, told, faults, boundaries: exact.length };
}

module.exports = { judgeLedger, judgeWire };
