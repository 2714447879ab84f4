// SPDX-License-Identifier: MIT
// The judge of the demo, tried on accounts whose faults we know.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const {
  FOUND_BY,
  judge,
  plantFault,
  summarize,
} = require('../../demo/account.js');
const { checkList, table } = require('../../demo/display.js');
const { Latencies } = require('../../demo/latencies.js');
const { FaultMaker } = require('../../demo/faults.js');

/** @typedef {import('../../demo/account.js').Load} Load */
/** @typedef {import('../../demo/account.js').Write} Write */
/** @typedef {import('../../demo/account.js').Faults} Faults */

/** @param {number[]} numbers @returns {Write} */
const written = (...numbers) => ({
  kind: numbers.length === 2 ? 'pair' : 'insert',
  numbers,
  ok: true,
  outcome: null,
  code: null,
});

/** @param {string | null} outcome @param {string | null} code */
const failed =
  (outcome, code = '57P01') =>
  (/** @type {number[]} */ ...numbers) => ({
    ...written(...numbers),
    ok: false,
    outcome,
    code,
  });

/** @param {Write[]} writes @param {Partial<Load>} changes @returns {Load} */
function loadOf(writes, changes = {}) {
  const succeeded = 10;
  return {
    reads: { succeeded, wrong: 0, failures: [] },
    writes,
    started: succeeded + writes.length,
    settled: succeeded + writes.length,
    ended: true,
    retries: 0,
    connectionsLostBusy: 1,
    ...changes,
  };
}

/** @param {number[]} numbers */
function rowsOf(...numbers) {
  const rows = new Map();
  for (const number of numbers) {
    rows.set(number, (rows.get(number) ?? 0) + 1);
  }
  return rows;
}

/** @type {Faults} */
const QUIET = {
  killing: true,
  kills: 4,
  busyKills: 3,
  restarting: true,
  restarts: 2,
  restartsWanted: 2,
  poolSize: 8,
};

/**
 * The ids of the checks that failed.
 * @param {Load} load
 * @param {Map<number, number>} rows
 * @param {Partial<Faults>} faults
 */
function failing(load, rows, faults = {}) {
  return judge(summarize(load, rows), { ...QUIET, ...faults })
    .filter((check) => check.ok === false)
    .map((check) => check.id);
}

const GOOD = [written(1), written(2, 3), failed('ambiguous')(4)];

describe('the judge of the demo', () => {
  test('finds nothing wrong with a correct account', () => {
    assert.deepEqual(failing(loadOf(GOOD), rowsOf(1, 2, 3)), []);
    assert.deepEqual(failing(loadOf(GOOD), rowsOf(1, 2, 3, 4)), []);
  });

  test('misses a row that was acknowledged', () => {
    assert.deepEqual(failing(loadOf(GOOD), rowsOf(2, 3)), ['missing']);
  });

  test('sees a row that is there twice', () => {
    assert.deepEqual(failing(loadOf(GOOD), rowsOf(1, 1, 2, 3)), ['twice']);
  });

  test('sees an ambiguous write that ran twice', () => {
    const rows = rowsOf(1, 2, 3, 4, 4);
    assert.deepEqual(failing(loadOf(GOOD), rows), ['twice']);
  });

  test('sees half of a transaction, acknowledged or in doubt', () => {
    assert.deepEqual(failing(loadOf(GOOD), rowsOf(1, 2)), [
      'missing',
      'halves',
    ]);
    const doubted = [written(1), failed('ambiguous')(2, 3)];
    assert.deepEqual(failing(loadOf(doubted), rowsOf(1, 3)), ['halves']);
  });

  for (const outcome of ['not_executed', 'rolled_back']) {
    test(`objects to a write that failed as ${outcome}`, () => {
      const writes = [...GOOD, failed(outcome)(5)];
      const rows = rowsOf(1, 2, 3);
      assert.deepEqual(failing(loadOf(writes), rows), ['repeatable']);
    });

    test(`sees the row of a write that was called ${outcome}`, () => {
      const writes = [...GOOD, failed(outcome)(5)];
      const rows = rowsOf(1, 2, 3, 5);
      assert.deepEqual(failing(loadOf(writes), rows), ['repeatable', 'label']);
    });
  }

  test('objects to a failure without an outcome, or called permanent', () => {
    const rows = rowsOf(1, 2, 3);
    for (const outcome of [null, 'permanent', 'no such outcome']) {
      const writes = [...GOOD, failed(outcome)(5)];
      assert.deepEqual(failing(loadOf(writes), rows), ['named']);
    }
  });

  test('sees the row of a write that was called permanent', () => {
    const writes = [...GOOD, failed('permanent')(5)];
    const rows = rowsOf(1, 2, 3, 5);
    assert.deepEqual(failing(loadOf(writes), rows), ['named', 'label']);
  });

  test('objects to 42P05, in reads and in writes', () => {
    const writes = [...GOOD, failed('ambiguous', '42P05')(5)];
    const load = loadOf(writes, { connectionsLostBusy: 2 });
    assert.deepEqual(failing(load, rowsOf(1, 2, 3)), ['prepared']);
    const failures = [{ outcome: 'ambiguous', code: '42P05', count: 3 }];
    const reads = { succeeded: 7, wrong: 0, failures };
    const summary = summarize(loadOf(GOOD, { reads }), rowsOf(1, 2, 3));
    assert.equal(summary.duplicateStatement, 3);
    assert.deepEqual(failing(loadOf(GOOD, { reads }), rowsOf(1, 2, 3)), [
      'prepared',
      'reads',
    ]);
  });

  test('objects to a read that failed and to a wrong row', () => {
    const rows = rowsOf(1, 2, 3);
    const failures = [{ outcome: 'ambiguous', code: '57P01', count: 1 }];
    const failedRead = { succeeded: 9, wrong: 0, failures };
    assert.deepEqual(failing(loadOf(GOOD, { reads: failedRead }), rows), [
      'reads',
    ]);
    const wrongRow = { succeeded: 10, wrong: 1, failures: [] };
    assert.deepEqual(failing(loadOf(GOOD, { reads: wrongRow }), rows), [
      'reads',
    ]);
  });

  test('allows one write in doubt for each connection lost at work', () => {
    const writes = [...GOOD, failed('ambiguous')(5)];
    const rows = rowsOf(1, 2, 3);
    const enough = loadOf(writes, { connectionsLostBusy: 2 });
    assert.deepEqual(failing(enough, rows), []);
    const short = loadOf(writes, { connectionsLostBusy: 1 });
    assert.deepEqual(failing(short, rows), ['ambiguous']);
  });

  test('uses the count of faults where losses were not counted', () => {
    const load = loadOf(GOOD, { connectionsLostBusy: null });
    const rows = rowsOf(1, 2, 3);
    const kills = { kills: 1, busyKills: 1 };
    assert.deepEqual(failing(load, rows, { ...kills, restarts: 2 }), []);
    const none = { killing: false, kills: 0, busyKills: 0 };
    assert.deepEqual(
      failing(load, rows, { ...none, restarting: false, restarts: 0 }),
      ['ambiguous'],
    );
  });

  test('requires kills, half of them during work', () => {
    const rows = rowsOf(1, 2, 3);
    const load = loadOf(GOOD);
    assert.deepEqual(failing(load, rows, { kills: 4, busyKills: 2 }), []);
    assert.deepEqual(failing(load, rows, { kills: 5, busyKills: 2 }), ['busy']);
    assert.deepEqual(failing(load, rows, { kills: 0, busyKills: 0 }), ['busy']);
  });

  test('requires the pooler to be restarted as planned', () => {
    const rows = rowsOf(1, 2, 3);
    assert.deepEqual(failing(loadOf(GOOD), rows, { restarts: 1 }), [
      'restarts',
    ]);
  });

  test('leaves out what a run without faults cannot show', () => {
    const checks = judge(summarize(loadOf(GOOD), rowsOf(1, 2, 3)), {
      ...QUIET,
      killing: false,
      restarting: false,
    });
    const skipped = checks.filter((check) => check.ok === null);
    assert.deepEqual(
      skipped.map((check) => check.id),
      ['busy', 'restarts'],
    );
  });

  test('requires every call to settle and the process to survive', () => {
    const rows = rowsOf(1, 2, 3);
    assert.deepEqual(failing(loadOf(GOOD, { settled: 12 }), rows), ['settled']);
    assert.deepEqual(failing(loadOf(GOOD, { ended: false }), rows), [
      'settled',
    ]);
  });

  test('rejects a run whose load did nothing', () => {
    const reads = { succeeded: 0, wrong: 0, failures: [] };
    const load = loadOf([], { reads });
    assert.deepEqual(failing(load, rowsOf()), ['worked']);
  });
});

describe('a planted fault', () => {
  const rows = rowsOf(1, 2, 3, 4);

  test('label: turns a write in doubt whose row is there', () => {
    const load = plantFault('label', loadOf(GOOD), rows);
    assert.deepEqual(load.writes[2], failed('not_executed')(4));
    assert.ok(failing(load, rows).includes(FOUND_BY.label));
  });

  test('label: makes one up where no write was in doubt', () => {
    const load = plantFault('label', loadOf([written(1)]), rowsOf(1));
    assert.ok(failing(load, rowsOf(1)).includes(FOUND_BY.label));
  });

  test('label: passes over a write in doubt whose row is not there', () => {
    const absent = rowsOf(1, 2, 3);
    const load = plantFault('label', loadOf(GOOD), absent);
    assert.equal(load.writes[2].outcome, 'ambiguous');
    assert.ok(failing(load, absent).includes(FOUND_BY.label));
  });

  test('ack: claims a row that nobody wrote', () => {
    const load = plantFault('ack', loadOf(GOOD), rows);
    assert.deepEqual(failing(load, rows), [FOUND_BY.ack]);
  });

  test('twice: is the row itself, and found', () => {
    const load = plantFault('twice', loadOf(GOOD), rows);
    assert.deepEqual(load, loadOf(GOOD));
    assert.deepEqual(failing(load, rowsOf(1, 1, 2, 3, 4)), [FOUND_BY.twice]);
  });

  test('leaves the account it was planted in alone', () => {
    const load = loadOf(GOOD);
    plantFault('label', load, rows);
    plantFault('ack', load, rows);
    assert.deepEqual(load, loadOf(GOOD));
  });
});

describe('what the demo prints', () => {
  test('names every check with its verdict', () => {
    const text = checkList([
      { id: 'a', text: 'this held', ok: true, detail: '1' },
      { id: 'b', text: 'this did not', ok: false, detail: '2' },
      { id: 'c', text: 'nobody looked', ok: null, detail: '3' },
    ]);
    assert.match(text, /^ {2}ok {6}this held \(1\)$/m);
    assert.match(text, /^ {2}FAILED {2}this did not \(2\)$/m);
    assert.match(text, /^ {2}- {7}nobody looked \(not part of this run\)$/m);
  });

  test('aligns numbers to the right', () => {
    const text = table([
      ['', 'a'],
      ['x', '1'],
      ['yy', '100'],
    ]);
    assert.equal(text.split('\n').at(-2), '  x      1');
  });
});

describe('latencies', () => {
  test('give percentiles of more values than they began with', () => {
    const latencies = new Latencies();
    for (let i = 99_999; i >= 0; i--) {
      latencies.add(i);
    }
    assert.deepEqual(latencies.summary(), { p50: 50_000, p99: 99_000 });
  });

  test('give none of nothing', () => {
    assert.deepEqual(new Latencies().summary(), { p50: null, p99: null });
  });
});

describe('the faults', () => {
  test('plan two pooler restarts at least, and more for a longer run', () => {
    const pooler = { restart: () => Promise.resolve() };
    const admin = { query: () => Promise.resolve({ rows: [] }) };
    const planned = (/** @type {number} */ seconds) =>
      new FaultMaker({ admin, pooler, applications: ['a'], seconds })
        .restartsWanted;
    assert.deepEqual([4, 20, 70].map(planned), [2, 2, 10]);
  });

  test('plan no restart where there is no pooler', () => {
    const admin = { query: () => Promise.resolve({ rows: [] }) };
    const options = { admin, pooler: null, applications: ['a'], seconds: 20 };
    assert.equal(new FaultMaker(options).restartsWanted, 0);
  });

  test('count as busy only what was killed at work', async () => {
    const states = ['idle', 'active', 'idle in transaction'];
    /** @type {FaultMaker} */
    let faults;
    const admin = {
      query() {
        const state = states.shift();
        if (states.length === 0) {
          faults.stop();
        }
        return Promise.resolve({ rows: [{ state, killed: true }] });
      },
    };
    faults = new FaultMaker({
      admin,
      pooler: null,
      applications: ['a'],
      seconds: 60,
      killEveryMillis: 0,
    });
    await faults.run();
    assert.deepEqual(faults.counts, { kills: 3, busyKills: 2, restarts: 0 });
  });
});
