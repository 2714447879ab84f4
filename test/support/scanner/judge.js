// SPDX-License-Identifier: MIT
// The server as judge of the scanner: runs texts and counts their side effects.

const { native } = require('#core');
const { makeText } = require('./texts.js');
const { KEYWORDS, SETUP } = require('./schema.js');

const TEXT_READS = 1;

/** @param {string} text */
const isRead = (text) => (native().textTraits(text) & TEXT_READS) !== 0;

/** @param {any} client of pg, the owner's @returns {Promise<string[]>} */
async function setUp(client) {
  await client.query(SETUP);
  const { rows } = await client.query(KEYWORDS);
  return rows.map((/** @type {any} */ row) => row.word);
}

/** @param {any} client */
async function effects(client) {
  const { rows } = await client.query(
    'select case when is_called then last_value else 0 end::int n from effects',
  );
  return rows[0].n;
}

/**
 * Runs a text by itself; returns how often it called hit(), and whether it was
 * refused.
 * @param {any} client
 * @param {string} text
 * @param {number} before
 */
async function run(client, text, before) {
  let code = '';
  try {
    await client.query(text);
  } catch (error) {
    code = /** @type {any} */ (error).code;
  }
  await client.query('rollback; discard temp');
  const after = await effects(client);
  return { code, hits: after - before, after };
}

/**
 * Runs a text as it is, and again in a read-only transaction.
 * @param {any} client
 * @param {string} text
 * @param {{at: number, scs: string}} how effects so far, and
 *   standard_conforming_strings
 */
async function runTwice(client, text, { at, scs }) {
  await client.query(`set standard_conforming_strings = ${scs};
    set escape_string_warning = off; set transaction_read_only = off`);
  const plain = await run(client, text, at);
  await client.query('set default_transaction_read_only = on');
  const guarded = await run(client, text, plain.after);
  await client.query('set default_transaction_read_only = off');
  return { plain, guarded };
}

/**
 * Judges `count` texts: each one that the scanner calls a read is run, in a
 * read-only transaction and outside one.
 * @param {object} options
 * @param {any} options.client of pg, as the role `judge`
 * @param {string[]} options.keywords
 * @param {number} options.seed
 * @param {number} options.count
 * @param {() => boolean} options.until
 */
async function judge({ client, keywords, seed, count, until }) {
  const faults = /** @type {string[]} */ ([]);
  const found = { texts: 0, reads: 0, ran: 0, hidden: 0, faults };
  let at = await effects(client);
  for (let i = 0; i < count && !until(); i++) {
    const { text, hidden } = makeText(seed + i, keywords);
    found.texts += 1;
    if (!isRead(text)) {
      continue;
    }
    const scs = i % 3 === 0 ? 'off' : 'on';
    const { plain, guarded } = await runTwice(client, text, { at, scs });
    at = guarded.after;
    found.reads += 1;
    found.ran += Number(plain.code === '');
    found.hidden += Number(plain.hits > 0 && hidden);
    if (guarded.hits > 0) {
      faults.push(`read-only, and yet ${guarded.hits} effects: ${text}`);
    }
    if (plain.hits > 0 && !hidden) {
      faults.push(`called a read, ${plain.hits} effects (scs ${scs}): ${text}`);
    }
  }
  return found;
}

module.exports = { effects, isRead, judge, run, setUp };
