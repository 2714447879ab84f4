// SPDX-License-Identifier: MIT
'use strict';

// resetRoute(): replaces every connection, for callers with the secret. For
// all others there is no such route: whatever is wrong with a request, the
// answer is the same 404.

const crypto = require('node:crypto');

const { rootOf } = require('../errors/error-classes.js');
const { nowMillis } = require('../platform/clock.js');
const { warnOnce } = require('../platform/warn.js');
const { checkOptions } = require('../validate/keys.js');
const { isBuilding, json, readPool, readTime } = require('./options.js');

const KNOWN = new Set(['pool', 'secret', 'intervalMillis', 'timeoutMillis']);
const SECRET_MIN = 16;
const INTERVAL_MILLIS = 10_000;
const TIMEOUT_MILLIS = 8000;
const BEARER = /^Bearer +(\S.*)$/i;

/**
 * When the last reset was begun, in the process and not per route: there is
 * one pool, and routes may be reloaded.
 */
let lastAt = -Infinity;

/** Makes the compared texts equally long, and their bytes unpredictable. */
const key = crypto.randomBytes(32);

/**
 * @param {string} text
 * @param {'utf8' | 'latin1'} [encoding] headers come as latin1
 */
function digest(text, encoding = 'utf8') {
  return crypto.createHmac('sha256', key).update(text, encoding).digest();
}

/**
 * @param {unknown} secret
 * @returns {Buffer | null} null when no request can be let in
 */
function readSecret(secret) {
  if (secret !== undefined && typeof secret !== 'string') {
    throw new TypeError('secret must be a string');
  }
  // Characters, not UTF-16 units; HTTP strips blanks at the ends.
  const text = (secret ?? '').trim();
  if ([...text].length >= SECRET_MIN) {
    return digest(text);
  }
  if (text !== '' && !isBuilding()) {
    warnOnce(
      `resetRoute(): a secret of less than ${SECRET_MIN} characters is ` +
        'none: every request is refused',
      'HF_SECRET_SHORT',
    );
  }
  return null;
}

/**
 * @param {Request} request
 * @param {Buffer | null} expected
 * @returns {boolean}
 */
function isAllowed(request, expected) {
  const given = BEARER.exec(request.headers.get('authorization') ?? '')?.[1];
  // Always compared, so that the time it takes reveals nothing.
  const same = crypto.timingSafeEqual(
    digest((given ?? '').trim(), 'latin1'),
    expected ?? digest(''),
  );
  return (
    same &&
    given !== undefined &&
    expected !== null &&
    request.method === 'POST' &&
    !isBuilding()
  );
}

/**
 * @param {import('../pool/warmup.js').WarmupResult} result
 * @returns {Response}
 */
function report({ ok, durationMillis, error }) {
  if (ok) {
    return json(200, { ok, durationMillis });
  }
  const { code, message } = rootOf(error) ?? {};
  return json(503, { ok, durationMillis, error: { code, message } });
}

/**
 * Returns a handler for POST.
 * @param {any} options
 * @returns {(request: Request) => Promise<Response>}
 */
function resetRoute(options) {
  checkOptions(options, KNOWN, 'resetRoute()');
  const expected = readSecret(options.secret);
  const pool = readPool(options.pool);
  const interval = readTime(
    options.intervalMillis,
    'intervalMillis',
    INTERVAL_MILLIS,
  );
  const timeoutMillis = readTime(
    options.timeoutMillis,
    'timeoutMillis',
    TIMEOUT_MILLIS,
  );
  return async function POST(request) {
    if (!isAllowed(request, expected)) {
      return new Response(null, {
        status: 404,
        headers: { 'cache-control': 'no-store' },
      });
    }
    const now = nowMillis();
    const left = lastAt + interval - now;
    if (left > 0) {
      const seconds = String(Math.ceil(left / 1000));
      return json(
        429,
        { ok: false, retryAfterMillis: Math.ceil(left) },
        { 'retry-after': seconds },
      );
    }
    lastAt = now;
    return await pool
      .reset({ timeoutMillis })
      .catch((error) => ({ ok: false, durationMillis: 0, error }))
      .then(report);
  };
}

module.exports = { resetRoute };
