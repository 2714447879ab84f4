// SPDX-License-Identifier: MIT
'use strict';

// Settings of the session, by whatever way they come: the options `schema`,
// `settings` and `options`, and a few variables. Start-up options such as
// "-c search_path=app" are taken apart, because behind a pooler only their
// settings can be kept; what else they hold stays as it is.

const { argumentError } = require('../validate/argument-error.js');
const { escapeIdentifier } = require('../values/quote.js');

/** @typedef {import('./draft.js').Draft} Draft */

const NAME = /^[a-z_][a-z0-9_$]*(\.[a-z_][a-z0-9_$]*)*$/;
const NAME_MAX = 63;

/**
 * Returns a setting's name as the server knows it.
 * @param {string} name
 * @param {string} key as the user wrote it
 */
function settingName(name, key) {
  const lower = name.toLowerCase();
  if (lower.length > NAME_MAX || !NAME.test(lower)) {
    throw argumentError(`${key} is not the name of a setting`);
  }
  return lower;
}

/**
 * Returns the value to set, or undefined where it is always so. Throws where
 * answers could no longer be read.
 * @param {string} name
 * @param {string} text
 * @param {string} key
 */
function settingText(name, text, key) {
  if (name === 'client_encoding') {
    if (!/^(utf-?8|unicode)$/i.test(text)) {
      throw argumentError(`${key} is refused: the encoding is always UTF8`);
    }
    return undefined;
  }
  if (name === 'datestyle') {
    const words = text.toLowerCase().split(/[\s,]+/);
    if (words.some((word) => /^(sql|german|postgres)/.test(word))) {
      throw argumentError(`${key} must be ISO: dates are read in that style`);
    }
    const order = words.find((word) => word !== 'iso' && word !== '');
    return order === undefined ? 'ISO' : `ISO, ${order}`;
  }
  return text;
}

/**
 * @param {Map<string, string>} settings
 * @param {string} name
 * @param {unknown} value
 * @param {string} key
 */
function putSetting(settings, name, value, key) {
  if (!['string', 'number', 'boolean'].includes(typeof value)) {
    throw argumentError(`${key} must be text, a number, true or false`);
  }
  if (String(value).includes('\0')) {
    throw argumentError(`${key} contains a control character`);
  }
  const known = settingName(name, key);
  const text = settingText(known, String(value), key);
  if (text !== undefined) {
    settings.set(known, text);
  }
}

/**
 * Splits command-line options as the server does: at white space, and a
 * backslash keeps the character behind it.
 * @param {string} text
 * @returns {{raw: string, word: string}[]}
 */
function splitOptions(text) {
  return [...text.matchAll(/(?:\\[\s\S]|[^\s\\])+/g)].map(([raw]) => ({
    raw,
    word: raw.replace(/\\([\s\S])/g, '$1'),
  }));
}

/**
 * Takes start-up options apart: what they set, and what else they say.
 * @param {string} text
 * @param {string} key
 * @returns {{settings: Map<string, string>, rest: string}}
 */
function parseStartOptions(text, key) {
  /** @type {Map<string, string>} */
  const settings = new Map();
  /** @type {string[]} */
  const rest = [];
  const parts = splitOptions(text);
  for (let i = 0; i < parts.length; i++) {
    const [{ word, raw }, next] = [parts[i], parts[i + 1]];
    const separate = word === '-c' && next !== undefined;
    const long = /^--([^=]+)=([\s\S]*)$/.exec(word);
    const short = /^([^=]+)=([\s\S]*)$/.exec(
      separate ? next.word : word.startsWith('-c') ? word.slice(2) : '',
    );
    const found = long ?? short;
    if (found === null) {
      rest.push(raw);
      continue;
    }
    i += separate ? 1 : 0;
    const name = found[1].replaceAll('-', '_');
    putSetting(settings, name, found[2], `${key} ${name.slice(0, NAME_MAX)}`);
  }
  return { settings, rest: rest.join(' ') };
}

/**
 * Reads the option `options`.
 * @param {Draft} draft
 * @param {string} text checked
 * @param {string} key
 */
function readStartOptions(draft, text, key) {
  const { settings, rest } = parseStartOptions(text, key);
  draft.startSettings = settings;
  if (rest === '') {
    draft.target.delete('options');
  } else {
    draft.target.set('options', rest);
  }
}

/**
 * Throws for what has no names and values of its own to read, such as a Map:
 * its settings would not be there, and nobody would notice.
 * @param {any} value
 * @param {string} key
 */
function assertSettings(value, key) {
  const prototype =
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.getPrototypeOf(value)
      : undefined;
  // Object.prototype may be that of another realm.
  if (
    prototype === undefined ||
    (prototype !== null && Object.getPrototypeOf(prototype) !== null)
  ) {
    throw argumentError(
      `${key} must be an object of names and values, not a list, a Map, a ` +
        'promise or an instance of a class',
    );
  }
}

/**
 * Reads the option `settings`.
 * @param {Draft} draft
 * @param {any} value
 * @param {string} key
 */
function readSettings(draft, value, key) {
  assertSettings(value, key);
  for (const [name, text] of Object.entries(value)) {
    if (text !== undefined && text !== null) {
      putSetting(draft.settings, name, text, `${key}.${name.slice(0, 64)}`);
    }
  }
}

/**
 * Reads the option `schema`.
 * @param {Draft} draft
 * @param {string} value checked
 * @param {string} key
 */
function readSchema(draft, value, key) {
  if (value.includes(',')) {
    throw argumentError(
      `${key} is the name of one schema: for several, give search_path ` +
        "(settings: { search_path: 'a, b' }, or search_path=a,b in the " +
        'connection string)',
    );
  }
  draft.settings.set('search_path', escapeIdentifier(value));
}

/**
 * Returns all settings, without those that have an option of their own.
 * @param {Draft} draft
 * @param {Readonly<Record<string, string>>} timeouts and their options
 * @returns {Map<string, string>}
 */
function allSettings(draft, timeouts) {
  const all = new Map([...draft.startSettings, ...draft.settings]);
  for (const [name, option] of Object.entries(timeouts)) {
    if (Number(draft.engine.get(option) ?? 0) > 0) {
      all.delete(name);
    }
  }
  return all;
}

module.exports = {
  allSettings,
  assertSettings,
  parseStartOptions,
  putSetting,
  readSchema,
  readSettings,
  readStartOptions,
};
