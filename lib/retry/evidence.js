// SPDX-License-Identifier: MIT
'use strict';

// Evidence for the engine's judge from anything that can be thrown. Errors come
// wrapped: Drizzle and TypeORM put the driver's error into `cause` or
// `driverError`, Prisma into `meta`, node several into one AggregateError. The
// outermost layer that carries information counts.
//
// Nothing read from an error may throw: there are getters, proxies, cycles.

const { native } = require('#core');
const { isOurs, severityNumber } = require('../errors/error-classes.js');
const { EVIDENCE, FACT, PHASE, TEXT } = require('../protocol/policy.js');
const {
  asSqlState,
  isObject,
  judge,
  read,
  readText,
} = require('./evidence-parts.js');
const { ownEvidence } = require('./own-evidence.js');

/** How deep wrappers are opened, and how wide. */
const LAYERS_MAX = 12;

const PRISMA_CODE = /^P[1-9]\d{3}$/;

/** @typedef {import('./evidence-parts.js').Evidence} Evidence */

/**
 * Returns the facts a driver adapter mapped: a plain object with a kind or
 * the server's code.
 * @param {object} error
 * @returns {object | undefined}
 */
function mappedFacts(error) {
  const adapterError = read(read(error, 'meta'), 'driverAdapterError');
  const candidates = [read(adapterError, 'cause'), read(error, 'cause')];
  for (const mapped of candidates) {
    if (
      isObject(mapped) &&
      (readText(mapped, 'kind') || readText(mapped, 'originalCode'))
    ) {
      return mapped;
    }
  }
  return undefined;
}

/**
 * Returns whether the text of an error is the user's statement, which must not
 * be judged.
 * @param {object} error
 * @param {string | undefined} message
 * @returns {boolean}
 */
function quotesStatement(error, message) {
  return (
    message?.startsWith('Failed query: ') === true ||
    read(read(error, 'constructor'), 'name') === 'DrizzleQueryError'
  );
}

/**
 * Returns an error's text, with the server's message where that is in another
 * property.
 * @param {string | undefined} message
 * @param {string | undefined} said
 * @returns {string | undefined}
 */
function withSaid(message, said) {
  if (message === undefined || said === undefined || message.includes(said)) {
    return message ?? said;
  }
  return `${message}\nMessage: \`${said}\``;
}

/**
 * Returns the evidence of one layer.
 * @param {object} error
 * @returns {Evidence}
 */
function layerEvidence(error) {
  const mapped = mappedFacts(error);
  const meta = read(error, 'meta');
  const code = readText(error, 'code') ?? readText(error, 'errorCode');
  const message = readText(error, 'message');
  const facts = new Int32Array(FACT.COUNT);
  facts[FACT.PHASE] = PHASE.UNKNOWN;
  facts[FACT.SEVERITY] = severityNumber(
    readText(mapped, 'severity') ?? readText(error, 'severity'),
  );
  const metaCode =
    code !== undefined && PRISMA_CODE.test(code)
      ? readText(meta, 'code')
      : undefined;
  return {
    facts,
    strings: [
      asSqlState(readText(mapped, 'originalCode')) ??
        asSqlState(readText(mapped, 'code')) ??
        asSqlState(metaCode) ??
        asSqlState(code) ??
        asSqlState(readText(error, 'sqlState')),
      readText(error, 'routine'),
      code,
      readText(mapped, 'kind'),
      readText(error, 'syscall'),
      readText(error, 'name'),
      quotesStatement(error, message)
        ? undefined
        : withSaid(
            message,
            readText(mapped, 'originalMessage') ??
              (metaCode === undefined ? undefined : readText(meta, 'message')),
          ),
    ],
  };
}

/**
 * Returns the errors inside of one, outermost first.
 * @param {object} error
 * @returns {unknown[]}
 */
function insides(error) {
  return [
    read(read(error, 'meta'), 'driverAdapterError'),
    read(error, 'cause'),
    read(error, 'driverError'),
    read(error, 'originalError'),
    read(error, 'original'),
    read(error, 'parent'),
  ];
}

/**
 * Returns an error's layers, outermost first, each once.
 * @param {object} error
 * @returns {object[]}
 */
function layersOf(error) {
  const layers = [error];
  for (let at = 0; at < layers.length && layers.length < LAYERS_MAX; at++) {
    for (const inside of insides(layers[at])) {
      if (isObject(inside) && !layers.includes(inside)) {
        layers.push(inside);
      }
    }
  }
  return layers.slice(0, LAYERS_MAX);
}

/**
 * Returns the evidence of the most doubtful of several errors.
 * @param {unknown[]} errors
 * @param {Set<unknown>} seen
 * @returns {Evidence | undefined}
 */
function worstOf(errors, seen) {
  let worst = -1;
  /** @type {Evidence | undefined} */
  let found;
  for (const error of errors.slice(0, LAYERS_MAX)) {
    const evidence = gather(error, seen);
    const { doubt } = judge(evidence);
    if (doubt > worst) {
      worst = doubt;
      found = evidence;
    }
  }
  return found;
}

/**
 * @param {unknown} errors
 * @returns {unknown[] | undefined}
 */
function asList(errors) {
  try {
    return Array.isArray(errors) && errors.length > 0
      ? errors.slice()
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns the error of ours in an error, under whatever wrappers.
 * @param {unknown} error
 * @returns {import('../errors/errors.js').HoldfastError | undefined}
 */
function findOurs(error) {
  if (isOurs(error)) {
    return error;
  }
  return isObject(error)
    ? /** @type {any} */ (layersOf(error).find((layer) => isOurs(layer)))
    : undefined;
}

/**
 * @param {unknown} error
 * @param {Set<unknown>} seen
 * @returns {Evidence}
 */
function gather(error, seen) {
  if (!isObject(error) && typeof error !== 'function') {
    return primitiveEvidence(error);
  }
  if (seen.has(error)) {
    return primitiveEvidence(undefined);
  }
  seen.add(error);
  const ours = findOurs(error);
  if (ours !== undefined) {
    return ownEvidence(ours);
  }
  /** @type {Evidence | undefined} */
  let first;
  for (const layer of layersOf(error)) {
    const evidence =
      worstOf(asList(read(layer, 'errors')) ?? [], seen) ??
      layerEvidence(layer);
    first ??= evidence;
    if (!judge(evidence).unknown) {
      return evidence;
    }
  }
  return first ?? primitiveEvidence(undefined);
}

/**
 * @param {unknown} value
 * @returns {Evidence}
 */
function primitiveEvidence(value) {
  const facts = new Int32Array(FACT.COUNT);
  facts[FACT.PHASE] = PHASE.UNKNOWN;
  /** @type {any} */
  const strings = new Array(EVIDENCE.COUNT).fill(undefined);
  strings[EVIDENCE.MESSAGE] = readText({ message: value }, 'message');
  return { facts, strings };
}

/**
 * Returns whether an error carries the failed statement, as Drizzle's do, and
 * that statement only reads. (Prisma names an operation, but in a batch it may
 * be another one than the one that failed.)
 * @param {unknown} error
 * @returns {boolean}
 */
function showsRead(error) {
  const texts = isObject(error)
    ? layersOf(error)
        .map((layer) => readText(layer, 'query') ?? readText(layer, 'sql'))
        .filter((text) => text !== undefined)
    : [];
  return (
    texts.length > 0 &&
    texts.every((text) => (native().textTraits(text) & TEXT.READS) !== 0)
  );
}

/**
 * Returns the evidence of anything that was thrown.
 * @param {unknown} error
 * @returns {Evidence}
 */
function gatherEvidence(error) {
  const evidence = gather(error, new Set());
  if (findOurs(error) === undefined && showsRead(error)) {
    evidence.facts[FACT.ONLY_READS] = 1;
  }
  return evidence;
}

/**
 * Returns whether a layer of an error, or one of several errors in it, is what
 * is looked for.
 * @param {unknown} error
 * @param {(layer: object) => boolean} matches
 * @param {Set<unknown>} [seen]
 * @returns {boolean}
 */
function someLayer(error, matches, seen = new Set()) {
  if (!isObject(error) || seen.has(error)) {
    return false;
  }
  seen.add(error);
  return layersOf(error).some((layer) => {
    if (matches(layer)) {
      return true;
    }
    const errors = asList(read(layer, 'errors')) ?? [];
    return errors
      .slice(0, LAYERS_MAX)
      .some((inside) => someLayer(inside, matches, seen));
  });
}

module.exports = { gatherEvidence, findOurs, judge, someLayer };
