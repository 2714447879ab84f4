// SPDX-License-Identifier: MIT

// The demo's bookkeeping: compares what the callers were told with what the
// table holds. Nothing here touches a server, a clock or a screen, so that it
// can be tested by itself (test/js/demo.test.js).

/**
 * One settled call that writes.
 * @typedef {object} Write
 * @property {'insert' | 'pair'} kind a single row, or two that belong together
 * @property {number[]} numbers the unique numbers it was to write
 * @property {boolean} ok whether the caller was told that it worked
 * @property {string | null} outcome the error's outcome, null without one
 * @property {string | null} code the error's code, null without one
 */

/**
 * @typedef {object} Failure
 * @property {string | null} outcome
 * @property {string | null} code
 * @property {number} count
 */

/**
 * What one load process reported.
 * @typedef {object} Load
 * @property {{succeeded: number, wrong: number, failures: Failure[]}} reads
 * @property {Write[]} writes
 * @property {number} started calls begun
 * @property {number} settled calls that settled, either way
 * @property {boolean} ended whether the process ran until it was told to stop
 * @property {number} retries
 * @property {number | null} connectionsLostBusy connections lost with a
 *   statement sent, null where the driver does not count them
 */

/**
 * @typedef {object} Faults
 * @property {boolean} killing whether this run terminates backends
 * @property {number} kills
 * @property {number} busyKills kills of a backend that was serving a call
 * @property {boolean} restarting whether this run restarts a pooler
 * @property {number} restarts
 * @property {number} restartsWanted
 * @property {number} poolSize connections of one load process, at most
 */

/** @typedef {Map<number, number>} Rows how often each number was found */

/**
 * @typedef {object} Check
 * @property {string} id
 * @property {string} text what is claimed, as a sentence
 * @property {boolean | null} ok null: not checked in this run
 * @property {string} detail the figures behind it
 */

const OUTCOMES = ['not_executed', 'rolled_back', 'ambiguous', 'permanent'];
const DUPLICATE_STATEMENT = '42P05';

/** @param {Load} load @returns {Failure[]} */
function failuresOf(load) {
  const writes = load.writes
    .filter((write) => !write.ok)
    .map(({ outcome, code }) => ({ outcome, code, count: 1 }));
  return [...load.reads.failures, ...writes];
}

/** @param {Failure[]} failures @param {(f: Failure) => boolean} match */
function count(failures, match) {
  let sum = 0;
  for (const failure of failures) {
    if (match(failure)) {
      sum += failure.count;
    }
  }
  return sum;
}

/** @param {Failure[]} failures */
function byOutcome(failures) {
  /** @type {Record<string, number>} */
  const failed = {};
  for (const outcome of OUTCOMES) {
    failed[outcome] = count(failures, (f) => f.outcome === outcome);
  }
  failed.unlabelled = count(
    failures,
    (f) => f.outcome === null || !OUTCOMES.includes(f.outcome),
  );
  return failed;
}

/**
 * Compares the writes with the rows found.
 * @param {Write[]} writes
 * @param {Rows} rows
 */
function compareRows(writes, rows) {
  const result = {
    acknowledged: 0,
    missing: 0,
    twice: 0,
    found: 0,
    halves: 0,
    presentThoughDenied: 0,
    presentThoughFailed: 0,
  };
  for (const seen of rows.values()) {
    result.found += seen;
    result.twice += seen > 1 ? 1 : 0;
  }
  for (const write of writes) {
    const present = write.numbers.filter((number) => rows.has(number)).length;
    if (present > 0 && present < write.numbers.length) {
      result.halves++;
    }
    if (write.ok) {
      result.acknowledged += write.numbers.length;
      result.missing += write.numbers.length - present;
    } else if (present > 0) {
      result.presentThoughFailed++;
      // Every outcome but `ambiguous` promises that nothing is there.
      const denied =
        write.outcome !== 'ambiguous' &&
        write.outcome !== null &&
        OUTCOMES.includes(write.outcome);
      result.presentThoughDenied += denied ? 1 : 0;
    }
  }
  return result;
}

/**
 * Adds up one load.
 * @param {Load} load
 * @param {Rows} rows
 */
function summarize(load, rows) {
  const failures = failuresOf(load);
  const written = load.writes.filter((write) => write.ok).length;
  return {
    calls: load.started,
    succeeded: load.reads.succeeded + written,
    writesSucceeded: written,
    readsSucceeded: load.reads.succeeded,
    readsFailed: count(load.reads.failures, () => true),
    readsWrong: load.reads.wrong,
    duplicateStatement: count(failures, (f) => f.code === DUPLICATE_STATEMENT),
    failed: byOutcome(failures),
    ambiguousWrites: load.writes.filter((w) => w.outcome === 'ambiguous')
      .length,
    unsettled: load.started - load.settled,
    ended: load.ended,
    retries: load.retries,
    connectionsLostBusy: load.connectionsLostBusy,
    ...compareRows(load.writes, rows),
  };
}

/** @typedef {ReturnType<typeof summarize>} Summary */

/**
 * Returns how many writes may be ambiguous: one for each connection that broke
 * under a statement. For a driver that does not count those, as many as the
 * faults can have broken.
 * @param {Summary} summary
 * @param {Faults} faults
 */
function ambiguousAllowance(summary, faults) {
  if (summary.connectionsLostBusy !== null) {
    return {
      allowed: summary.connectionsLostBusy,
      source: 'connections lost with a statement sent',
    };
  }
  return {
    allowed: faults.kills + faults.restarts * faults.poolSize,
    source: 'kills + restarts x pool size; the driver does not count losses',
  };
}

/** @param {Summary} s @returns {Check[]} */
function rowChecks(s) {
  return [
    {
      id: 'missing',
      text: 'every row whose call succeeded is in the table',
      ok: s.missing === 0,
      detail: `${s.acknowledged} acknowledged, ${s.missing} missing`,
    },
    {
      id: 'twice',
      text: 'no row is there twice',
      ok: s.twice === 0,
      detail: `${s.found} found, ${s.twice} more than once`,
    },
    {
      id: 'halves',
      text: 'no transaction left half of its rows',
      ok: s.halves === 0,
      detail: `${s.halves} halves`,
    },
    {
      id: 'label',
      text: 'no row is there whose call was said to have written nothing',
      ok: s.presentThoughDenied === 0,
      detail: `${s.presentThoughDenied} such rows`,
    },
  ];
}

/** @param {Summary} s @param {Faults} faults @returns {Check[]} */
function callChecks(s, faults) {
  const { allowed, source } = ambiguousAllowance(s, faults);
  const repeatable = s.failed.not_executed + s.failed.rolled_back;
  const misnamed = s.failed.unlabelled + s.failed.permanent;
  return [
    {
      id: 'worked',
      text: 'reads and writes went through',
      ok: s.readsSucceeded > 0 && s.writesSucceeded > 0,
      detail: `${s.readsSucceeded} reads, ${s.writesSucceeded} writes`,
    },
    {
      id: 'settled',
      text: 'every call came back',
      ok: s.ended && s.unsettled === 0,
      detail: s.ended
        ? `${s.unsettled} of ${s.calls} did not`
        : 'the process did not reach its end',
    },
    {
      id: 'prepared',
      text: 'no "prepared statement already exists" (42P05)',
      ok: s.duplicateStatement === 0,
      detail: `${s.duplicateStatement} of ${s.calls} calls`,
    },
    {
      id: 'reads',
      text: 'no read failed or returned the wrong row',
      ok: s.readsFailed === 0 && s.readsWrong === 0,
      detail: `${s.readsFailed} failed, ${s.readsWrong} wrong`,
    },
    {
      id: 'repeatable',
      text: 'no call failed that could safely have been repeated',
      ok: repeatable === 0,
      detail:
        `${s.failed.not_executed} not_executed, ` +
        `${s.failed.rolled_back} rolled_back`,
    },
    {
      id: 'named',
      text: 'every failure said what had happened',
      ok: misnamed === 0,
      detail:
        `${s.failed.unlabelled} without outcome, ` +
        `${s.failed.permanent} called permanent, which none of this was`,
    },
    {
      id: 'ambiguous',
      text: 'no more writes in doubt than connections broken under one',
      ok: s.ambiguousWrites <= allowed,
      detail: `${s.ambiguousWrites} in doubt, ${allowed} ${source}`,
    },
  ];
}

/** @param {Faults} faults @returns {Check[]} */
function faultChecks(faults) {
  const { kills, busyKills, restarts, restartsWanted } = faults;
  return [
    {
      id: 'busy',
      text: 'at least half of the kills hit a backend at work',
      ok: faults.killing ? kills > 0 && busyKills * 2 >= kills : null,
      detail: `${busyKills} of ${kills}`,
    },
    {
      id: 'restarts',
      text: 'the pooler was restarted as often as planned',
      ok: faults.restarting ? restarts >= restartsWanted : null,
      detail: `${restarts} of ${restartsWanted}`,
    },
  ];
}

/**
 * Judges Holdfast's run.
 * @param {Summary} summary
 * @param {Faults} faults
 * @returns {Check[]}
 */
function judge(summary, faults) {
  return [
    ...callChecks(summary, faults),
    ...rowChecks(summary),
    ...faultChecks(faults),
  ];
}

/** @typedef {'label' | 'ack' | 'twice'} Plant */

/** Which check has to find which planted fault. */
const FOUND_BY = Object.freeze({
  label: 'label',
  ack: 'missing',
  twice: 'twice',
});

/**
 * Returns the load with one lie in it. `twice` is no lie about the load: the
 * demo writes that row for real, so it comes back unchanged.
 * @param {Plant} plant
 * @param {Load} load
 * @param {Rows} rows
 * @returns {Load}
 */
function plantFault(plant, load, rows) {
  const writes = [...load.writes];
  if (plant === 'ack') {
    const unused = highestNumber(writes, rows) + 1;
    writes.push({
      kind: 'insert',
      numbers: [unused],
      ok: true,
      outcome: null,
      code: null,
    });
    return {
      ...load,
      writes,
      started: load.started + 1,
      settled: load.settled + 1,
    };
  }
  if (plant === 'label') {
    const at = indexToMislabel(writes, rows);
    if (at >= 0) {
      writes[at] = { ...writes[at], ok: false, outcome: 'not_executed' };
    }
  }
  return { ...load, writes };
}

/** @param {Write[]} writes @param {Rows} rows */
function highestNumber(writes, rows) {
  let highest = 0;
  for (const number of rows.keys()) {
    highest = Math.max(highest, number);
  }
  for (const write of writes) {
    highest = Math.max(highest, ...write.numbers);
  }
  return highest;
}

/**
 * Prefers a write that really was in doubt; otherwise takes an acknowledged
 * one.
 * @param {Write[]} writes
 * @param {Rows} rows
 */
function indexToMislabel(writes, rows) {
  /** @param {Write} write */
  const present = (write) => write.numbers.every((number) => rows.has(number));
  const doubted = writes.findIndex(
    (write) => write.outcome === 'ambiguous' && present(write),
  );
  return doubted >= 0
    ? doubted
    : writes.findIndex((write) => write.ok && present(write));
}

module.exports = { FOUND_BY, OUTCOMES, judge, plantFault, summarize };
