// SPDX-License-Identifier: MIT
'use strict';

// Looks types up in the catalogue, once for all results that wait for them.

const { Call } = require('./call.js');
const { FLAG, OP } = require('../protocol/operations.js');
const { nowMillis } = require('../platform/clock.js');
const { Catalog } = require('../values/catalog/catalog.js');
const { TypeReader } = require('../values/catalog/type-reader.js');
const { unreadable } = require('../values/unreadable.js');

/** @typedef {import('../values/catalog/catalog.js').TypeEntry} TypeEntry */
/** @typedef {import('../values/results.js').Result} Result */
/** @typedef {import('./lease-types.js').LeaseTypes} LeaseTypes */

/** The limit of a look-up where the pool's calls have none. */
const LOOKUP_MILLIS = 8000;

const IN_FAILED_TRANSACTION = '25P02';

/**
 * Commands after which a type may be another one. What is created or dropped has
 * an OID that nothing else had.
 * @type {ReadonlySet<string | null>}
 */
const ALTERS = new Set(['ALTER', 'DO', 'CALL']);

/**
 * Types, and those they consist of. What they are is read from their output
 * functions, which a domain has of its base. PostgreSQL 13 has no multiranges.
 */
const SQL = `with recursive wanted(oid) as (
  select pg_catalog.unnest($1::pg_catalog.oid[])
  union
  select part.oid from wanted join pg_catalog.pg_type t on t.oid = wanted.oid
    cross join lateral (
      select t.typelem where t.typoutput = 'pg_catalog.array_out'::regproc
      union all select t.typbasetype where t.typtype = 'd'
      union all select r.rngsubtype from pg_catalog.pg_range r
        where t.typtype in ('r', 'm') and t.oid in (r.rngtypid,
          (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::pg_catalog.oid)
      union all select a.atttypid from pg_catalog.pg_attribute a
        where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0
          and not a.attisdropped
    ) as part(oid)
)
select pg_catalog.json_build_object(
  'oid', t.oid::pg_catalog.int8,
  'kind', case
    when t.typtype = 'd' then 'domain'
    when t.typoutput = 'pg_catalog.array_out'::regproc then 'array'
    when t.typtype = 'c' then 'composite'
    when t.typtype = 'e' then 'enum'
    when t.typtype = 'r' then 'range'
    when t.typtype = 'm' then 'multirange'
    else 'text' end,
  'schema', n.nspname,
  'name', t.typname,
  'alias', case when t.typoutput = 'pg_catalog.array_out'::regproc
    and t.typtype = 'b' then e.typname || '[]' else '' end,
  'visible', pg_catalog.pg_type_is_visible(t.oid),
  'of', coalesce(case
    when t.typtype = 'd' then t.typbasetype
    when t.typtype in ('r', 'm') then (
      select r.rngsubtype from pg_catalog.pg_range r where t.oid in (r.rngtypid,
        (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::pg_catalog.oid))
    when t.typoutput = 'pg_catalog.array_out'::regproc then t.typelem
    end, 0)::pg_catalog.int8,
  'delimiter', coalesce(e.typdelim, ','),
  'attributes', coalesce((
    select pg_catalog.json_agg(pg_catalog.json_build_object(
        'name', a.attname, 'oid', a.atttypid::pg_catalog.int8)
      order by a.attnum)
    from pg_catalog.pg_attribute a
    where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0
      and not a.attisdropped), '[]'))
from wanted join pg_catalog.pg_type t on t.oid = wanted.oid
  join pg_catalog.pg_namespace n on n.oid = t.typnamespace
  left join pg_catalog.pg_type e on e.oid = t.typelem`;

/** The answer is text, whatever parsers there are. */
const AS_TEXT = Object.freeze({
  getTypeParser: () => (/** @type {string} */ text) => text,
});

/**
 * A statement and its values.
 * @typedef {readonly [string, string[]]} Question
 */

/**
 * @param {number[]} oids
 * @returns {Question}
 */
function questionOf(oids) {
  return [SQL, [`{${oids}}`]];
}

/**
 * Makes a call that asks for types.
 * @param {import('./call.js').Owner} owner
 * @param {Question} question
 * @param {(value: any) => void} resolve
 * @param {(error: any) => void} reject
 * @returns {Call}
 */
function lookupCall(owner, [text, values], resolve, reject) {
  const call = new Call(owner, AS_TEXT, resolve, reject);
  call.text = text;
  call.values = values;
  call.rowAsArray = true;
  call.isLookup = true;
  call.hasOwnTypes = true;
  call.flags = FLAG.IDEMPOTENT;
  return call;
}

/**
 * Asks on any connection of the pool.
 * @param {import('./pool-core.js').PoolCore} core
 * @param {Question} question
 * @returns {Promise<Result>}
 */
function askPool(core, question) {
  return new Promise((resolve, reject) => {
    const call = lookupCall(core, question, resolve, reject);
    call.deadline = core.defaults.deadline || LOOKUP_MILLIS;
    call.acquire = core.defaults.acquire;
    call.submit(core.port, OP.QUERY, core.open());
  });
}

/**
 * Catalogues by database and user, each as long as a pool has it. Those that are
 * gone are taken out now and then.
 * @type {Map<string, WeakRef<Catalog>>}
 */
const catalogs = new Map();

const PRUNE_AT = 64;

/**
 * @param {string} key
 * @returns {Catalog}
 */
function catalogOf(key) {
  const known = catalogs.get(key)?.deref();
  if (known !== undefined) {
    return known;
  }
  if (catalogs.size % PRUNE_AT === 0) {
    for (const [old, ref] of catalogs) {
      if (ref.deref() === undefined) {
        catalogs.delete(old);
      }
    }
  }
  const made = new Catalog();
  catalogs.set(key, new WeakRef(made));
  return made;
}

/**
 * Look-ups under way, by type. A lease has its own, since the pool's may wait
 * for the lease's connection.
 * @typedef {Map<number, Promise<void>>} Flights
 */

/** @type {WeakMap<Catalog, Flights>} */
const flightsOfPools = new WeakMap();

/**
 * @template {object} K
 * @param {WeakMap<K, Flights>} map
 * @param {K} key
 * @returns {Flights}
 */
function flightsOf(map, key) {
  const flights = map.get(key) ?? new Map();
  map.set(key, flights);
  return flights;
}

/**
 * Looks types up and keeps what is found.
 * @param {Catalog} catalog
 * @param {number[]} oids
 * @param {(oids: number[]) => Promise<Result>} ask
 */
async function look(catalog, oids, ask) {
  const { generation } = catalog;
  const at = nowMillis();
  const { rows } = await ask(oids);
  /** @type {TypeEntry[]} */
  const entries = rows.map(([json]) => ({ ...JSON.parse(json), at }));
  const found = new Set(entries.map(({ oid }) => oid));
  const left = [...oids];
  for (let oid = left.pop(); oid !== undefined; oid = left.pop()) {
    const last = catalog.last(oid);
    if (!found.has(oid) && last !== undefined) {
      // It was dropped: values of it are read as they were before.
      found.add(oid);
      entries.push({ ...last, at });
      left.push(last.of, ...last.attributes.map((attribute) => attribute.oid));
    }
  }
  catalog.add(entries, generation);
}

/**
 * Looks types up, unless that is under way.
 * @param {Catalog} catalog
 * @param {Iterable<number>} missing
 * @param {Flights} flights
 * @param {(oids: number[]) => Promise<Result>} ask
 * @returns {Promise<unknown>}
 */
function lookOnce(catalog, missing, flights, ask) {
  const own = [...missing].filter((oid) => !flights.has(oid));
  const waits = [...missing].flatMap((oid) => flights.get(oid) ?? []);
  if (own.length > 0) {
    const flight = look(catalog, own, ask).finally(() => {
      for (const oid of own) {
        flights.delete(oid);
      }
    });
    for (const oid of own) {
      flights.set(oid, flight);
    }
    waits.push(flight);
  }
  return Promise.all(waits);
}

/**
 * Returns the columns whose values are in the rows, by their keys there. Of two
 * columns of one name, an object has the last.
 * @param {Result} result
 * @param {Set<number>} types
 */
function columnsOf({ fields, rowAsArray }, types) {
  const keys = fields.map(({ name }, i) => (rowAsArray ? i : name));
  return fields.flatMap(({ name, dataTypeID: oid }, i) =>
    types.has(oid) && keys.lastIndexOf(keys[i]) === i
      ? [{ key: keys[i], name, oid }]
      : [],
  );
}

/**
 * Reads what was left as text in a result.
 * @param {Result} result
 * @param {TypeReader} reader
 * @param {Set<number>} missing
 * @param {boolean} isLenient what is still not known stays text
 */
function readLate(result, reader, missing, isLenient) {
  reader.begin(!isLenient);
  for (const { key, name, oid } of columnsOf(result, missing)) {
    const parse = reader.getTypeParser(oid);
    if (reader.missing !== null && !isLenient) {
      throw unreadable(
        `the type of column ${JSON.stringify(name)} (OID ${oid}) does not ` +
          'exist any more: it was dropped',
      );
    }
    for (const row of result.rows) {
      row[key] = typeof row[key] === 'string' ? parse(row[key]) : row[key];
    }
  }
}

/** The types of a pool's results, or of those in a transaction that alters some. */
class TypeLookup {
  /** @type {WeakMap<object, TypeReader>} */
  #readers = new WeakMap();
  /** @type {WeakMap<LeaseTypes, Flights>} */
  #flights = new WeakMap();
  #core;
  #parses;

  /**
   * @param {import('./pool-core.js').PoolCore} core
   * @param {boolean} parses the option catalogTypes
   * @param {Catalog} [catalog] that of the database where it is not given
   */
  constructor(core, parses, catalog = catalogOf(core.resolved.key)) {
    this.#core = core;
    this.#parses = parses;
    this.catalog = catalog;
  }

  /** Returns the same with a catalogue of its own. */
  apart() {
    return new TypeLookup(this.#core, this.#parses, new Catalog());
  }

  /**
   * Returns what reads a result: the entry for rows of any kind.
   * @param {import('../values/types.js').CustomTypes} types
   * @returns {TypeReader}
   */
  reader(types) {
    let reader = this.#readers.get(types);
    if (reader === undefined) {
      reader = new TypeReader(types, this.catalog, this.#parses);
      this.#readers.set(types, reader);
    }
    reader.begin(false);
    return reader;
  }

  /**
   * Reads what is left as text in a result, after asking for its types. Rejects
   * with HF_RESULT_UNREADABLE.
   * @param {Result} result
   * @param {TypeReader} reader
   * @param {Set<number>} missing
   * @param {LeaseTypes | null} lease whose statement it was
   */
  async complete(result, reader, missing, lease) {
    let isLenient = false;
    try {
      isLenient = await this.#look(missing, lease);
    } catch (cause) {
      throw unreadable(
        'the types of its columns could not be looked up',
        cause,
      );
    }
    readLate(result, reader, missing, isLenient);
  }

  /**
   * A lease asks on its own connection, which sees what its transaction has made
   * and needs no second one. In a failed transaction it cannot.
   * @param {Set<number>} missing
   * @param {LeaseTypes | null} lease
   * @returns {Promise<boolean>} whether what is still not known stays text
   */
  async #look(missing, lease) {
    if (lease?.mayAsk && (await this.#lookOn(lease, missing))) {
      return false;
    }
    const isFailed = lease?.isFailed ?? false;
    if (!isFailed || this.#core.hasRoom) {
      const flights = flightsOf(flightsOfPools, this.catalog);
      await lookOnce(this.catalog, missing, flights, (oids) =>
        askPool(this.#core, questionOf(oids)),
      );
    }
    return isFailed;
  }

  /**
   * @param {LeaseTypes} lease
   * @param {Set<number>} missing
   * @returns {Promise<boolean>} whether its transaction let it ask
   */
  async #lookOn(lease, missing) {
    const flights = flightsOf(this.#flights, lease);
    try {
      await lookOnce(this.catalog, missing, flights, (oids) =>
        lease.ask(questionOf(oids)),
      );
      return true;
    } catch (/** @type {any} */ error) {
      if (error.code !== IN_FAILED_TRANSACTION) {
        throw error;
      }
      return false;
    }
  }
}

module.exports = { ALTERS, TypeLookup, askPool, lookupCall, questionOf };
