// SPDX-License-Identifier: MIT
'use strict';

// The options of the retry helpers: checked, and turned into a plan.

const { native } = require('#core');
const { currentContext, contextOf } = require('./context.js');
const { lazy } = require('../errors/error-classes.js');
const {
  GROWTH,
  JITTER,
  POLICY,
  RETRY_LIMIT,
} = require('../protocol/policy.js');
const { checkKeysAs } = require('../validate/keys.js');
const {
  MILLIS_MAX,
  checkBoolean,
  checkInteger,
} = require('../validate/values.js');
const { isSignal } = require('../platform/signals.js');

/**
 * @typedef {object} RetryOptions
 * @property {'fast' | 'linear' | 'serverless'} [preset]
 * @property {number} [maxRetries]
 * @property {number} [maxAttempts]
 * @property {number} [baseMillis]
 * @property {number} [capMillis]
 * @property {'full' | 'none'} [jitter]
 * @property {'exponential' | 'linear'} [growth]
 * @property {number} [deadlineMillis]
 * @property {boolean} [idempotent]
 * @property {boolean} [retryBudget] whether the budget of the process may limit
 *   retries
 * @property {AbortSignal} [signal]
 * @property {(event: any) => void} [onRetry]
 * @property {string} [name]
 * @property {boolean} [joinAsync]
 * @property {object} [context] what a retry helper gave its function, or what
 *   the platform gave the handler: anything with getRemainingTimeInMillis()
 * @property {number | (() => number)} [remaining] milliseconds the process has
 *   left
 */

/**
 * @typedef {object} Plan
 * @property {Int32Array} policy as the engine takes it
 * @property {number} deadlineMillis
 * @property {boolean} callerDeadline
 * @property {AbortSignal | undefined} signal
 * @property {((event: any) => void) | undefined} onRetry
 * @property {string | undefined} name
 * @property {boolean} joinAsync
 * @property {import('./context.js').JoinedRun | undefined} outer
 */

const JITTERS = Object.keys(JITTER).map((name) => name.toLowerCase());
const GROWTHS = Object.keys(GROWTH).map((name) => name.toLowerCase());

const defaultPolicy = lazy(() => Int32Array.from(native().retryPolicy()));
const defaultDeadline = lazy(() => {
  const row = native()
    .optionTable()
    .find((/** @type {any} */ option) => option.name === 'deadlineMillis');
  return row?.initial ?? 0;
});

/** @type {() => Plan} */
const defaultPlan = lazy(() => ({
  policy: defaultPolicy(),
  deadlineMillis: defaultDeadline(),
  callerDeadline: false,
  signal: undefined,
  onRetry: undefined,
  name: undefined,
  joinAsync: false,
  outer: undefined,
}));

/** @type {Record<string, (value: any, key: string) => void>} */
const CHECKS = {
  preset: (value, key) => {
    if (typeof value !== 'string' || !native().retryPreset(value)) {
      throw new TypeError(`${key} must be 'fast', 'linear' or 'serverless'`);
    }
  },
  maxRetries: (value, key) => checkInteger(value, key, 0, 100),
  maxAttempts: (value, key) => checkInteger(value, key, 1, 101),
  baseMillis: (value, key) => checkInteger(value, key, 0, MILLIS_MAX),
  capMillis: (value, key) => checkInteger(value, key, 0, MILLIS_MAX),
  jitter: (value, key) => checkWord(value, key, JITTERS),
  growth: (value, key) => checkWord(value, key, GROWTHS),
  deadlineMillis: (value, key) => checkInteger(value, key, 0, MILLIS_MAX),
  idempotent: checkBoolean,
  retryBudget: checkBoolean,
  joinAsync: checkBoolean,
  signal: (value, key) => {
    if (!isSignal(value)) {
      throw new TypeError(`${key} must be an AbortSignal`);
    }
  },
  onRetry: (value, key) => {
    if (typeof value !== 'function') {
      throw new TypeError(`${key} must be a function`);
    }
  },
  name: (value, key) => {
    if (typeof value !== 'string') {
      throw new TypeError(`${key} must be a string`);
    }
  },
  context: (value, key) => {
    if (contextOf(value) === undefined && clockOf(value) === undefined) {
      throw new TypeError(
        `${key} must be what a retry helper gave its function, or have a ` +
          'function getRemainingTimeInMillis',
      );
    }
  },
  remaining: (value, key) => {
    if (typeof value !== 'number' && typeof value !== 'function') {
      throw new TypeError(
        `${key} must be a number of milliseconds or a function that returns it`,
      );
    }
  },
};

const OPTION_NAMES = Object.freeze(Object.keys(CHECKS));
const KNOWN = new Set(OPTION_NAMES);

/**
 * Returns the function by which AWS Lambda and the like give the remaining
 * time.
 * @param {any} value
 * @returns {(() => unknown) | undefined}
 */
function clockOf(value) {
  const read = value?.getRemainingTimeInMillis;
  return typeof read === 'function' ? () => read.call(value) : undefined;
}

/**
 * Returns the deadline that the platform sets: 0 = none, 1 = it has passed.
 * @param {RetryOptions} options
 * @returns {number}
 */
function platformDeadline({ remaining, context }) {
  const clock =
    remaining === undefined && contextOf(context) === undefined
      ? clockOf(context)
      : remaining;
  if (clock === undefined) {
    return 0;
  }
  const left = typeof clock === 'function' ? clock() : clock;
  if (typeof left !== 'number' || Number.isNaN(left)) {
    throw new TypeError('remaining must be, or return, a number');
  }
  return Math.min(
    MILLIS_MAX,
    Math.max(1, Math.floor(left - RETRY_LIMIT.ANSWER_MS)),
  );
}

/**
 * @param {unknown} value
 * @param {string} key
 * @param {string[]} words
 */
function checkWord(value, key, words) {
  if (!words.includes(/** @type {string} */ (value))) {
    throw new TypeError(`${key} must be '${words.join("' or '")}'`);
  }
}

/**
 * @param {Record<string, unknown>} options
 */
function checkAll(options) {
  checkKeysAs(options, KNOWN, 'unknown retry option ');
  for (const [key, value] of Object.entries(options)) {
    if (value !== undefined) {
      CHECKS[key](value, key);
    }
  }
  const { maxRetries, maxAttempts } = options;
  if (
    maxRetries !== undefined &&
    maxAttempts !== undefined &&
    Number(maxAttempts) !== Number(maxRetries) + 1
  ) {
    throw new TypeError(
      'maxRetries counts extra attempts, maxAttempts all of them: give one',
    );
  }
}

/**
 * @param {RetryOptions} options
 * @returns {Int32Array}
 */
function policyOf(options) {
  const preset = options.preset && native().retryPreset(options.preset);
  const policy = Int32Array.from(preset || defaultPolicy());
  /** @type {[number, number | undefined][]} */
  const given = [
    [POLICY.MAX_RETRIES, options.maxAttempts && options.maxAttempts - 1],
    [POLICY.MAX_RETRIES, options.maxRetries],
    [POLICY.BASE_MS, options.baseMillis],
    [POLICY.CAP_MS, options.capMillis],
    [POLICY.JITTER, options.jitter && JITTERS.indexOf(options.jitter)],
    [POLICY.GROWTH, options.growth && GROWTHS.indexOf(options.growth)],
  ];
  for (const [place, value] of given) {
    if (value !== undefined) {
      policy[place] = value;
      policy[
        place > POLICY.MAX_RETRIES ? POLICY.DELAYS_GIVEN : POLICY.COUNT_GIVEN
      ] = 1;
    }
  }
  policy[POLICY.RETRY_AMBIGUOUS] = options.idempotent ? 1 : 0;
  policy[POLICY.UNBUDGETED] = options.retryBudget === false ? 1 : 0;
  return policy;
}

/**
 * Checks options and returns the plan they make. Throws a TypeError or a
 * RangeError that names the key.
 * @param {unknown} options undefined, an object, or an outer helper's context
 * @returns {Plan}
 */
function parseRetryOptions(options) {
  const given = options === undefined ? undefined : asOptions(options);
  if (given === undefined) {
    const outer = contextOf(options) ?? currentContext();
    return outer === undefined ? defaultPlan() : { ...defaultPlan(), outer };
  }
  checkAll(/** @type {Record<string, unknown>} */ (given));
  const platform = platformDeadline(given);
  const own = given.deadlineMillis;
  const deadline = platform && own ? Math.min(own, platform) : platform || own;
  return {
    policy: policyOf(given),
    deadlineMillis: deadline ?? defaultDeadline(),
    callerDeadline: Boolean(deadline),
    signal: given.signal,
    onRetry: given.onRetry,
    name: given.name,
    joinAsync: given.joinAsync ?? false,
    outer:
      contextOf(given.context) ?? contextOf(given.signal) ?? currentContext(),
  };
}

/**
 * @param {unknown} options
 * @returns {RetryOptions | undefined} undefined for an outer helper's context
 */
function asOptions(options) {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('retry options must be an object');
  }
  return contextOf(options) === undefined ? options : undefined;
}

/**
 * @param {string} name
 */
function presetOptions(name) {
  const policy = native().retryPreset(name) ?? [];
  return Object.freeze({
    maxRetries: policy[POLICY.MAX_RETRIES],
    baseMillis: policy[POLICY.BASE_MS],
    capMillis: policy[POLICY.CAP_MS],
    jitter: JITTERS[policy[POLICY.JITTER]],
    growth: GROWTHS[policy[POLICY.GROWTH]],
  });
}

/** The presets, as options; read from the engine on access. */
const presets = Object.freeze({
  get fast() {
    return presetOptions('fast');
  },
  get linear() {
    return presetOptions('linear');
  },
  get serverless() {
    return presetOptions('serverless');
  },
});

module.exports = {
  OPTION_NAMES,
  defaultPlan,
  parseRetryOptions,
  presets,
};
