// SPDX-License-Identifier: MIT

// doctor --watch: what counts as a change, and how it is shown and ended.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { describe, test } = require('node:test');

const { Announced } = require('../../cli/doctor/changes.js');
const { fitted } = require('../../cli/terminal.js');
const { startPostgres } = require('../support');
const { newReport } = require('../../cli/doctor/new-report.js');
const { MAIN, cleanEnv } = require('./doctor/support.js');
const { useServer } = require('../support/suite.js');
const { noTerminal, startInTerminal } = require('../support/terminal.js');

const server = useServer();
const NOW = new Date();

/** @param {(report: any) => void} [change] */
function report(change) {
  const one = newReport(null);
  one.verdict = 'ok';
  Object.assign(one.server, { version: '17.2', role: 'primary' });
  Object.assign(one.limits, { used: 20, maxConnections: 100 });
  one.latency.roundTripMillis = 4;
  change?.(one);
  return one;
}

/** What of two reports in a row is a change. @param {any[]} reports */
function changesOf(...reports) {
  const announced = new Announced();
  return reports.map((one) =>
    announced.take(one, NOW).map(({ name, from, to }) => [name, from, to]),
  );
}

describe('what counts as a change', () => {
  test('the first report is no change, the same again neither', () => {
    assert.deepEqual(changesOf(report(), report()), [[], []]);
  });

  test('a failure is the verdict with its reason', () => {
    const fails = report((one) => {
      one.verdict = 'fails';
      one.findings.push({ id: 'x', level: 'failure', text: 'no', next: '' });
    });
    assert.deepEqual(changesOf(report(), fails)[1], [
      ['verdict', 'ok', 'fails: no'],
    ]);
  });

  test('a server that became a standby is a change', () => {
    const standby = report(({ server }) => {
      server.role = 'standby';
    });
    const [, [[name, from, to]]] = changesOf(report(), standby);
    assert.equal(name, 'server');
    assert.match(from, /primary/);
    assert.match(to, /standby/);
  });

  test('figures count when they doubled or halved, not before', () => {
    const used = (/** @type {number} */ count) =>
      report(({ limits }) => {
        limits.used = count;
      });
    const [, small, doubled, , halved] = changesOf(
      ...[used(20), used(39), used(41), used(60), used(20)],
    );
    assert.deepEqual(small, []);
    assert.deepEqual(doubled, [['connections', '20 of 100', '41 of 100']]);
    assert.deepEqual(halved, [['connections', '41 of 100', '20 of 100']]);
  });

  test('a round trip of microseconds may vary', () => {
    const at = (/** @type {number} */ millis) =>
      report(({ latency }) => {
        latency.roundTripMillis = millis;
      });
    const [, few, many] = changesOf(at(0.1), at(0.9), at(5));
    assert.deepEqual(few, []);
    assert.equal(many[0][0], 'round trip');
  });

  test('what cannot be seen while it fails has not changed', () => {
    const gone = newReport(null);
    const [, lost, back] = changesOf(report(), gone, report());
    assert.deepEqual(
      lost.map(([name]) => name),
      ['verdict'],
    );
    assert.deepEqual(
      back.map(([name]) => name),
      ['verdict'],
    );
  });
});

test('a line fits, and moves no cursor', () => {
  assert.equal(fitted('abcdef', 6), 'abcdef');
  assert.equal(fitted('abcdefg', 6), 'abcde…');
  assert.equal(fitted('a\u001b[2Jb\nc', 20), 'a [2Jb c');
});

/** @param {string[]} args */
function startWatch(args) {
  const child = spawn(
    process.execPath,
    [MAIN, 'doctor', '--watch', '--interval', '1', ...args],
    { env: cleanEnv(), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  return {
    child,
    /** @param {RegExp} pattern */
    async says(pattern) {
      while (!pattern.test(text)) {
        await once(child.stdout, 'data');
      }
      return text;
    },
    async end() {
      const [code] = await Promise.all([
        once(child, 'exit').then(([exitCode]) => exitCode),
        child.kill('SIGINT'),
      ]);
      return { code, text };
    },
  };
}

describe('watching', () => {
  test('a pipe gets a line for each change, and the end its verdict', async () => {
    const own = await startPostgres();
    const watch = startWatch([own.url]);
    await watch.says(/Z verdict: ok\n/);
    await own.stop('immediate');
    await watch.says(/Z verdict: ok → fails: .+\n/);
    await own.start();
    await watch.says(/Z verdict: fails: .+ → ok\n/);
    const { code, text } = await watch.end();
    assert.equal(code, 0);
    assert.match(text, /Z started: .+ → .+\n/, 'a restart is seen');
    assert.ok(text.split('\n').every((line) => line === '' || /Z /.test(line)));
    assert.ok(!text.includes(own.password));
    await own.stop();
  });

  test('with --json each report is a line', async () => {
    const watch = startWatch(['--json', server.url]);
    await watch.says(/\n.*\n/);
    const { text } = await watch.end();
    const [first, second] = text.split('\n').slice(0, 2).map(JSON.parse);
    assert.equal(first.verdict, 'ok');
    assert.equal(second.holdfast.queries, 21);
  });

  test('Ctrl-C gives the terminal back as it was', {
    skip: noTerminal(),
  }, async () => {
    const args = ['doctor', '--watch', '--interval', '1', server.url];
    const terminal = startInTerminal(process.execPath, [MAIN, ...args], {
      env: cleanEnv(),
    });
    await terminal.says('Nothing has changed yet.');
    const page = terminal.output;
    assert.ok(page.includes('\u001b[?1049h'), 'the alternate screen');
    assert.ok(!page.includes('\u001b[2J'), 'nothing is cleared first');
    terminal.press('\u0003');
    assert.equal(await terminal.ended, 0);
    assert.ok(terminal.output.endsWith('\u001b[?25h\u001b[?1049l'));
    assert.ok(!terminal.output.includes(server.password));
  });

  test('--interval without --watch is wrong usage', async () => {
    const child = spawn(process.execPath, [
      ...[MAIN, 'doctor', '--interval', '5', server.url],
    ]);
    const [code] = await once(child, 'exit');
    assert.equal(code, 64);
  });
});
