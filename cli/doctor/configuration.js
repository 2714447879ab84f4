// SPDX-License-Identifier: MIT
'use strict';

// The recommended configuration as text to paste, made from what was found:
// for Prisma's own engine, for pg, and for Holdfast. The password is a
// placeholder.

const { adviceOf } = require('./advice.js');
const { isRemote } = require('./verdicts.js');

/** @typedef {import('./new-report.js').Report} Report */
/** @typedef {import('./settings.js').Settings} Settings */

/**
 * @typedef {object} Configuration
 * @property {string} prisma lines of .env, for Prisma's own engine
 * @property {string} pg
 * @property {string} holdfast
 */

/** What is right for this connection. */
/**
 * @typedef {object} Choice
 * @property {number} max
 * @property {number | null} idleMillis null: the driver's default is right
 * @property {string | null} sslmode null: none is needed
 * @property {boolean} unnamed whether statements must not have names
 * @property {boolean} startupTimeouts whether they may be sent at start-up
 * @property {boolean} session whether the pooler is known to keep sessions
 * @property {boolean} wantsDirect whether some work needs another URL
 */

const PLACEHOLDER = 'PASSWORD';
const DIRECT = 'postgresql://…the server itself, not the pooler…';
/** Prisma's default is 10 s; a pooler that is busy may need longer. */
const PRISMA_POOL_SECONDS = 20;
/** pg waits for ever by default. */
const PG_CONNECT_MILLIS = 10_000;
const MILLIS = 1000;

/**
 * @param {Report} report
 * @param {Settings} settings
 * @returns {string | null}
 */
function sslmodeFor({ tls }, settings) {
  if (!isRemote(settings) || tls.offered !== true) {
    return settings.sslmodeGiven ? settings.sslmode : null;
  }
  const isChecked = tls.trusted === true && tls.hostMatches === true;
  return isChecked ? 'verify-full' : 'require';
}

/**
 * @param {Report} report
 * @param {Settings} settings
 * @returns {Choice}
 */
function choose(report, settings) {
  const { pooler } = report;
  const advice = new Map(
    adviceOf(report, settings).map(({ setting, value }) => [setting, value]),
  );
  return {
    max: Number(advice.get('max')),
    idleMillis: numberOrNull(advice.get('idleTimeoutMillis')),
    sslmode: sslmodeFor(report, settings),
    unnamed: ['unsafe', 'refused', 'unknown'].includes(
      pooler.namedStatements ?? 'unknown',
    ),
    startupTimeouts: pooler.startupTimeouts !== false,
    session: pooler.mode === 'session',
    wantsDirect: advice.has('DIRECT_URL'),
  };
}

/** @param {unknown} value */
function numberOrNull(value) {
  return value === undefined ? null : Number(value);
}

/**
 * @param {Settings} settings
 * @param {Record<string, string | number | null>} parameters null is left out
 */
function urlWith(settings, parameters) {
  const { user, password, database, hosts } = settings;
  const [first] = hosts;
  const isSocket = first.name.startsWith('/');
  const places = hosts.map(({ name, port }) =>
    name.includes(':') ? `[${name}]:${port}` : `${name}:${port}`,
  );
  const where = isSocket ? `localhost:${first.port}` : places.join(',');
  const secret = password ? `:${PLACEHOLDER}` : '';
  const all = { host: isSocket ? first.name : null, ...parameters };
  const query = Object.entries(all)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join('&');
  const login = encodeURIComponent(user) + secret;
  const place = `${where}/${encodeURIComponent(database)}`;
  return `postgresql://${login}@${place}${query && '?'}${query}`;
}

/** @param {Choice} choice @param {Settings} settings */
function direct({ wantsDirect }, settings) {
  // Its password is none of the text's business.
  const known = settings.direct === undefined ? DIRECT : 'as it is set now';
  return wantsDirect ? `DIRECT_URL="${known}"\n` : '';
}

/** Prisma's own names for TLS. @type {Record<string, object>} */
const PRISMA_TLS = {
  'verify-full': { sslmode: 'require', sslaccept: 'strict' },
  'verify-ca': { sslmode: 'require', sslaccept: 'strict' },
  allow: { sslmode: 'prefer' },
};

/** @param {Choice} choice @param {Settings} settings */
function forPrisma(choice, settings) {
  const { sslmode, idleMillis, unnamed, max, wantsDirect } = choice;
  const url = urlWith(settings, {
    ...(PRISMA_TLS[sslmode ?? ''] ?? { sslmode }),
    pgbouncer: unnamed ? 'true' : null,
    connection_limit: max,
    pool_timeout: PRISMA_POOL_SECONDS,
    max_idle_connection_lifetime:
      idleMillis === null ? null : Math.max(1, Math.floor(idleMillis / MILLIS)),
  });
  const schema = wantsDirect
    ? '# schema.prisma: directUrl = env("DIRECT_URL"), for migrations\n'
    : '';
  return `DATABASE_URL="${url}"\n${direct(choice, settings)}${schema}`;
}

/** @param {Choice} choice @param {Settings} settings */
function forPg(choice, settings) {
  const { max, idleMillis, unnamed, startupTimeouts, sslmode } = choice;
  const options = [
    'connectionString: process.env.DATABASE_URL,',
    `max: ${max},`,
    ...(idleMillis === null ? [] : [`idleTimeoutMillis: ${idleMillis},`]),
    `connectionTimeoutMillis: ${PG_CONNECT_MILLIS},`,
    'keepAlive: true,',
    ...(unnamed ? ['// no query with a name: the pooler mixes names up'] : []),
    ...(startupTimeouts
      ? []
      : ['// no statement_timeout: the pooler refuses it at start-up']),
  ];
  const url = urlWith(settings, { sslmode });
  return (
    `// DATABASE_URL="${url}"\n` +
    `const pool = new Pool({\n  ${options.join('\n  ')}\n});\n` +
    "pool.on('error', (error) => console.error(error));\n"
  );
}

/** @param {Choice} choice @param {Settings} settings */
function forHoldfast(choice, settings) {
  const { max, idleMillis, sslmode, session } = choice;
  const options = [
    `max: ${max}`,
    ...(idleMillis === null ? [] : [`idleTimeoutMillis: ${idleMillis}`]),
    ...(session ? ["pooler: 'session'"] : []),
  ];
  const comment = direct(choice, settings).replace(/^(?=.)/gm, '// ');
  const url = urlWith(settings, { sslmode });
  return (
    `// DATABASE_URL="${url}"\n${comment}` +
    `const pool = getPool({ ${options.join(', ')} });\n`
  );
}

/**
 * Returns the text to paste.
 * @param {Report} report of a connection that works
 * @param {Settings} settings
 * @returns {Configuration | null} null where the URL cannot be written down
 */
function configurationOf(report, settings) {
  if (settings.database.includes('@')) {
    // It may be the end of a password.
    return null;
  }
  const choice = choose(report, settings);
  return {
    prisma: forPrisma(choice, settings),
    pg: forPg(choice, settings),
    holdfast: forHoldfast(choice, settings),
  };
}

module.exports = { configurationOf };
