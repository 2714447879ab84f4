// SPDX-License-Identifier: MIT
'use strict';

// Finds the addon. It is loaded when it is first used, so that this package can
// be required where no binary fits.

const { version } = require('#platform');
const { provideCore } = require('../errors/judge.js');
const { platformName } = require('../platform/platform.js');
const { imitation } = require('../platform/runtime.js');

/**
 * @typedef {object} Option a row of the engine's table
 * @property {string} name
 * @property {'int' | 'bool' | 'text' | 'enum'} kind
 * @property {number} initial
 * @property {number} min
 * @property {number} max
 * @property {string} [words]
 * @property {string} unit
 * @property {'pool' | 'session' | 'handle'} scope whose it is where
 *   several handles are on one pool
 */

/**
 * @typedef {object} Classification
 * @property {number} outcome
 * @property {number} unit
 * @property {boolean} retryable
 * @property {boolean} once
 * @property {boolean} slow
 * @property {boolean} unnamed
 * @property {boolean} discard
 * @property {boolean} connecting
 * @property {boolean} unknown nothing is known of it
 * @property {number} doubt of several failures, the greatest counts
 * @property {string} reason
 * @property {string} sqlState what it was judged by; '' = by something else
 */

/**
 * What a run is to do: struct hf_run_step of holdfast.h.
 * @typedef {object} Step
 * @property {number} action of RUN_DO
 * @property {number} status of STATUS: with which error the run ends
 * @property {number} phase of PHASE: and where
 * @property {boolean} again another attempt follows
 * @property {boolean} waits the retry waits for an unreachable server
 * @property {boolean} cut the budget forbade it
 * @property {boolean} partial part of the work is done already
 * @property {number} delayMillis
 * @property {string} [refused]
 * @property {Classification} why
 */

/**
 * @typedef {object} FateOrder
 * @property {number} step
 * @property {number} delayMillis of a pause
 * @property {number} leftMillis how long the step may take
 * @property {string} [reason] why it stays unknown
 */

/**
 * Called with all messages of one wake-up; the arrays are reused.
 * @callback Deliver
 * @param {Int32Array} ints
 * @param {Float64Array} nums
 * @param {string[]} strings
 * @param {number} messages
 * @returns {void}
 */

/**
 * @typedef {object} NativePort
 * @property {(ops: Int32Array, count: number, text: string) => number} submit
 * @property {(low: number, high: number, flags: number, chunks: Uint8Array[])
 *   => number} write
 * @property {() => void} ref
 * @property {() => void} unref
 * @property {(pool: number) => Int32Array | undefined} gauges
 * @property {() => void} catchUp
 * @property {() => void} catchUp
 * @property {(pool: number) => Float64Array | undefined} stats
 * @property {(pool: number) => Float64Array | undefined} buckets
 * @property {() => void} close
 */

/** @typedef {string | undefined} Text */

/**
 * @typedef {object} Addon
 * @property {() => Option[]} optionTable
 * @property {() => {code: string, text: string}[]} statuses
 * @property {(text: string) => string} fingerprint a secret's name in this
 *   process
 * @property {() => string[]} statsNames
 * @property {() => number[]} statsBounds
 * @property {() => {libpq: number, openssl?: string, environment: number}}
 *   versions
 * @property {(facts: Int32Array, sqlstate: Text, routine: Text, code: Text,
 *   kind: Text, syscall: Text, name: Text, message: Text) => Classification }
 *   classify
 * @property {(policy: Int32Array, run: Float64Array, facts?: Int32Array,
 *   ...texts: Text[]) => Step} runNext tells a run what happened; `run` by
 *   RUN_AT, the facts and texts of a failure as classify() takes them
 * @property {(policy: Int32Array, around: Int32Array) => number[] }
 *   retryPolicyWithin
 * @property {() => number[]} retryPolicy
 * @property {(name: string) => number[] | undefined} retryPreset
 * @property {(now?: number) => void} retryCountCall
 * @property {() => number} retryCuts
 * @property {(xid: Text | null, server: Text, timeline: Text, waits: Text, now:
 *   number, end: number) => FateOrder & {fate: ArrayBuffer}} fateBegin
 * @property {(fate: ArrayBuffer, event: number, now: number, first?: Text |
 *   null, second?: Text | null, third?: Text | null ) => FateOrder} fateNext
 * @property {(text: string) => number} textTraits bits of enum hf_text_trait
 * @property {(text: string) => number[]} textSplit start, end (in bytes) and
 *   bits of hf_text_trait of each statement
 * @property {(text: string) => number[] | undefined} textPlaceholders start and
 *   end (in bytes), kind (PLACEHOLDER) and surroundings (WITHIN) of each;
 *   undefined when a quote or a comment does not end
 * @property {new (deliver: Deliver) => NativePort} Port
 */

/** @type {(keyof Addon)[]} */
const NAMES = [
  'optionTable',
  'statuses',
  'fingerprint',
  'statsNames',
  'statsBounds',
  'versions',
  'classify',
  'runNext',
  'retryPolicyWithin',
  'retryPolicy',
  'retryPreset',
  'retryCountCall',
  'retryCuts',
  'fateBegin',
  'fateNext',
  'textTraits',
  'textSplit',
  'textPlaceholders',
  'Port',
];

/** What the core as WebAssembly provides, too; see lib/wasm. */
const CORE = new Set([
  'optionTable',
  'statuses',
  'statsNames',
  'statsBounds',
  'classify',
  'runNext',
  'retryPolicyWithin',
  'retryPolicy',
  'retryPreset',
  'retryCountCall',
  'retryCuts',
  'textTraits',
]);

/** @type {Addon | undefined} */
let addon;

/** HOLDFAST_CORE=wasm shows what works where no binary fits. */
function isPretended() {
  return process.env.HOLDFAST_CORE === 'wasm';
}

/** @param {unknown[]} causes @param {unknown} cause @returns {undefined} */
function note(causes, cause) {
  causes.push(cause);
  return undefined;
}

/**
 * @param {unknown[]} causes gets what it fails with
 * @returns {unknown} what "npm run build" or "npx pg-holdfast build" left
 */
function fromBuild(causes) {
  try {
    // @ts-ignore: it is there only once it was built
    return require('../../build/Release/holdfast.node');
  } catch (cause) {
    return note(causes, cause);
  }
}

/**
 * Loads the platform's package. The names are literals, the only ones that
 * bundlers and file tracers follow; each in a try of its own, without which
 * bundlers want all of them to be there.
 * @param {unknown[]} causes gets what it fails with
 * @returns {unknown} undefined where there is no package for the platform
 */
function fromPackage(causes) {
  switch (platformName()) {
    case 'linux-x64':
      try {
        // @ts-ignore: it is there where it fits
        return require('pg-holdfast-linux-x64');
      } catch (cause) {
        return note(causes, cause);
      }
    case 'linux-arm64':
      try {
        // @ts-ignore: it is there where it fits
        return require('pg-holdfast-linux-arm64');
      } catch (cause) {
        return note(causes, cause);
      }
    case 'linux-x64-musl':
      try {
        // @ts-ignore: it is there where it fits
        return require('pg-holdfast-linux-x64-musl');
      } catch (cause) {
        return note(causes, cause);
      }
    case 'linux-arm64-musl':
      try {
        // @ts-ignore: it is there where it fits
        return require('pg-holdfast-linux-arm64-musl');
      } catch (cause) {
        return note(causes, cause);
      }
    case 'win32-x64':
      try {
        // @ts-ignore: it is there where it fits
        return require('pg-holdfast-win32-x64');
      } catch (cause) {
        return note(causes, cause);
      }
    default:
      return undefined;
  }
}

/**
 * Returns the addon. Throws an error with code HF_NO_BINARY.
 * @returns {Addon}
 */
function load() {
  if (addon !== undefined) {
    return addon;
  }
  /** @type {unknown[]} */
  const causes = [];
  // Bun ends, uncatchably, when it opens the addon.
  if (isPretended() || imitation() !== undefined) {
    throw require('./no-binary.js').noBinary(platformName(), causes);
  }
  // A local build comes first: it was made on purpose.
  for (const source of [fromBuild, fromPackage]) {
    addon = /** @type {Addon | undefined} */ (source(causes));
    if (addon !== undefined) {
      return addon;
    }
  }
  throw require('./no-binary.js').noBinary(platformName(), causes);
}

/**
 * Returns the addon or, where none fits, the core as WebAssembly.
 * @param {keyof Addon} name
 * @returns {Addon}
 */
function offerer(name) {
  try {
    return load();
  } catch (error) {
    if (!CORE.has(name)) {
      throw error;
    }
    return wasmCore(error);
  }
}

/**
 * @param {unknown} why there is no addon
 * @returns {Addon}
 */
function wasmCore(why) {
  const { compile } = require('../wasm/compile.js');
  const { loadCore } = require('../wasm/index.js');
  try {
    return /** @type {any} */ (loadCore(version, compile));
  } catch {
    throw why; // node --jitless has no WebAssembly, for one
  }
}

/**
 * Defines a lazy property for each function of the addon.
 * @param {object} target
 */
function offer(target) {
  for (const name of NAMES) {
    Object.defineProperty(target, name, {
      configurable: true,
      enumerable: true,
      get() {
        const value = offerer(name)[name];
        Object.defineProperty(target, name, { value });
        return value;
      },
    });
  }
}

const native = { load };
offer(native);
provideCore(() => /** @type {any} */ (native));

module.exports = /** @type {Addon & {load: typeof load}} */ (
  /** @type {unknown} */ (native)
);
