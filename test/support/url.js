// SPDX-License-Identifier: MIT

/**
 * @typedef {object} UrlParts
 * @property {string} [host]
 * @property {number} [port]
 * @property {string} [user]
 * @property {string} [password]
 * @property {string} [database]
 * @property {Record<string, string | number>} [params]
 */

/**
 * Writes a PostgreSQL connection string.
 *
 * @param {UrlParts} parts
 * @returns {string}
 */
function makeUrl(parts) {
  const { host, port, user = '', password, database = '', params } = parts;
  const encode = encodeURIComponent;
  const login =
    password === undefined
      ? encode(user)
      : `${encode(user)}:${encode(password)}`;
  const pairs = Object.entries(params ?? {}).map(
    ([key, value]) => `${encode(key)}=${encode(value)}`,
  );
  const query = pairs.length > 0 ? `?${pairs.join('&')}` : '';
  return `postgresql://${login}@${host}:${port}/${encode(database)}${query}`;
}

module.exports = { makeUrl };
