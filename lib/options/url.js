// SPDX-License-Identifier: MIT
'use strict';

// Connection strings: URLs as libpq writes them (several hosts, sockets,
// percent-encoding) and libpq's `keyword=value` strings. Messages never repeat
// any of the string: it holds a password.

const { recognise } = require('./recognise.js');

const EXAMPLE = 'postgresql://user:password@host:5432/database';
// pg: is no scheme of libpq, but pg takes it, and people write it.
const SCHEME = /^(?:postgres(?:ql)?|pg):\/\//i;
/** As in pg: a socket's folder, with the database as the parameter `db`. */
const SOCKET = /^socket:(?:\/\/(?:([^/@]*)@)?)?(?=\/(?!\/))/i;
const ANY_SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
const KNOWN_SCHEME =
  /^(prisma(?:\+postgres)?|mysql|mariadb|mongodb(?:\+srv)?|sqlserver|https?):\/\//i;

/**
 * The content of a connection string: names and values as written, plus host,
 * port, user, password and dbname from their places in a URL.
 * @typedef {Map<string, string>} Keywords
 */

/**
 * @param {string} label where the string came from: an option or a variable
 * @param {string} what
 * @returns {TypeError}
 */
function malformed(label, what) {
  return new TypeError(`${label} ${what}; a right one looks like ${EXAMPLE}`);
}

/**
 * @param {string} text
 * @param {string} label
 * @param {string} what
 * @returns {string}
 */
function decode(text, label, what) {
  if (/%(?![0-9a-f]{2})/i.test(text)) {
    throw malformed(
      label,
      `has a % in the ${what} that is not followed by two hex digits: ` +
        'write a % as %25',
    );
  }
  try {
    return decodeURIComponent(text);
  } catch {
    throw malformed(label, `has a ${what} that is not UTF-8`);
  }
}

/**
 * Splits a text in two at the first separator.
 * @param {string} text
 * @param {string} separator
 * @returns {[string, string | undefined]}
 */
function cut(text, separator) {
  const at = text.indexOf(separator);
  return at < 0
    ? [text, undefined]
    : [text.slice(0, at), text.slice(at + separator.length)];
}

/**
 * Splits "host:port" and "[::1]:port".
 * @param {string} text
 * @param {string} label
 * @returns {[host: string, port: string]}
 */
function splitHost(text, label) {
  if (text.startsWith('[')) {
    const end = text.indexOf(']');
    const rest = text.slice(end + 1);
    if (end < 0 || (rest !== '' && !rest.startsWith(':'))) {
      throw malformed(label, 'has an IPv6 address without its brackets');
    }
    return [text.slice(1, end), rest.slice(1)];
  }
  const [host, port] = cut(text, ':');
  return [host, port ?? ''];
}

/**
 * @param {string} text
 * @param {string} label
 * @param {Keywords} into
 */
function readHosts(text, label, into) {
  const pairs = text.split(',').map((part) => splitHost(part, label));
  const hosts = pairs.map(([host]) => decode(host, label, 'host'));
  const ports = pairs.map(([, port]) => port);
  if (ports.some((port) => !/^\d*$/.test(port))) {
    throw malformed(
      label,
      'has a port that is not a number. If the password contains one of ' +
        '/ ? # @ : write it as %2F %3F %23 %40 %3A',
    );
  }
  if (hosts.some((host) => host !== '')) {
    into.set('host', hosts.join(','));
  }
  if (ports.some((port) => port !== '')) {
    into.set('port', ports.join(','));
  }
}

/**
 * @param {string} text
 * @param {string} label
 * @param {Keywords} into
 */
function readParameters(text, label, into) {
  for (const part of text.split('&')) {
    if (part === '') {
      continue;
    }
    const [name, value] = cut(part, '=');
    if (value === undefined) {
      throw malformed(label, 'has a parameter without a value');
    }
    into.set(
      decode(name, label, 'parameter'),
      decode(value, label, 'parameter'),
    );
  }
}

/**
 * @param {string} text "user" or "user:password"
 * @param {string} label
 * @param {Keywords} into
 */
function readLogin(text, label, into) {
  const [user, password] = cut(text, ':');
  if (user !== '') {
    into.set('user', decode(user, label, 'user'));
  }
  if (password !== undefined) {
    into.set('password', decode(password, label, 'password'));
  }
}

/**
 * @param {string} text
 * @param {string} label
 * @returns {Keywords}
 */
function parseSocket(text, label) {
  /** @type {Keywords} */
  const keywords = new Map();
  const [start, login] = /** @type {RegExpExecArray} */ (SOCKET.exec(text));
  readLogin(login ?? '', label, keywords);
  const [folder, query] = cut(text.slice(start.length), '?');
  keywords.set('host', decode(folder, label, 'folder'));
  readParameters(query ?? '', label, keywords);
  const database = keywords.get('db');
  if (database !== undefined) {
    keywords.delete('db');
    keywords.set('dbname', database);
  }
  return keywords;
}

/**
 * @param {string} text
 * @param {string} label
 * @returns {Keywords}
 */
function parseUrl(text, label) {
  /** @type {Keywords} */
  const keywords = new Map();
  const rest = text.replace(SCHEME, '');
  const end = /[/?]/.exec(rest)?.index ?? rest.length;
  const authority = rest.slice(0, end);
  const at = authority.lastIndexOf('@');
  if (at >= 0) {
    readLogin(authority.slice(0, at), label, keywords);
  }
  readHosts(authority.slice(at + 1), label, keywords);
  const [path, query] = cut(rest.slice(end), '?');
  if (path.length > 1) {
    keywords.set('dbname', decode(path.slice(1), label, 'database'));
  }
  readParameters(query ?? '', label, keywords);
  return keywords;
}

/**
 * Parses libpq's form: words, or quoted with ' and \ before ' and \.
 * @param {string} text
 * @param {string} label
 * @returns {Keywords}
 */
function parseKeywords(text, label) {
  /** @type {Keywords} */
  const keywords = new Map();
  const space = '[ \\t\\n\\v\\f\\r]';
  const quoted = "'((?:[^'\\\\]|\\\\.)*)'";
  const bare = `(?![ \\t\\n\\v\\f\\r'])((?:[^ \\t\\n\\v\\f\\r\\\\]|\\\\.)*)`;
  const pair = new RegExp(
    `${space}*([a-z_]+)${space}*=${space}*(?:${quoted}|${bare})(?=${space}|$)`,
    'gisy',
  );
  let at = 0;
  while (at < text.trimEnd().length) {
    pair.lastIndex = at;
    const match = pair.exec(text);
    if (match === null) {
      throw malformed(label, 'is not a list of keyword=value');
    }
    const value = match[2] ?? match[3];
    keywords.set(match[1], value.replace(/\\(.)/gs, '$1'));
    at = pair.lastIndex;
  }
  return keywords;
}

/**
 * Returns the error for a string that is not a connection string of PostgreSQL.
 * @param {string} text
 * @param {string} label
 * @returns {TypeError}
 */
function notOurs(text, label) {
  // Only known schemes are quoted: another may be part of a secret.
  const scheme = KNOWN_SCHEME.exec(text)?.[1].toLowerCase();
  if (scheme?.startsWith('prisma')) {
    return malformed(label, `is a ${scheme}:// URL, not the database's own`);
  }
  return malformed(
    label,
    scheme ? `is not a PostgreSQL URL but ${scheme}://` : 'is not a URL',
  );
}

/**
 * Parses a connection string. Throws a TypeError that names `label` and shows
 * what a right one looks like.
 * @param {string} text
 * @param {string} label
 * @returns {Keywords}
 */
function parseConnectionString(text, label) {
  const trimmed = text.trim();
  if (trimmed === '') {
    throw malformed(label, 'is empty');
  }
  const mistake = recognise(trimmed);
  if (mistake !== undefined) {
    throw malformed(label, mistake);
  }
  if (SCHEME.test(trimmed)) {
    return parseUrl(trimmed, label);
  }
  if (SOCKET.test(trimmed)) {
    return parseSocket(trimmed, label);
  }
  if (ANY_SCHEME.test(trimmed)) {
    throw notOurs(trimmed, label);
  }
  if (trimmed.startsWith('/')) {
    // As pg: a socket's folder, then the database.
    const [host, dbname] = cut(trimmed, ' ');
    return new Map(
      dbname === undefined
        ? [['host', host]]
        : [
            ['host', host],
            ['dbname', dbname],
          ],
    );
  }
  if (/^[a-z_]+\s*=/i.test(trimmed)) {
    return parseKeywords(trimmed, label);
  }
  throw notOurs(trimmed, label);
}

module.exports = { EXAMPLE, parseConnectionString };
