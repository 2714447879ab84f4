// SPDX-License-Identifier: MIT
// libpq as judge of connection strings: strings are generated from a seed, and
// those that both sides accept must give the same host, port, database, user
// and password.

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { resolveOptions } = require('../../lib/options/options.js');
const { parseConnectionString } = require('../../lib/options/url.js');
const { randomFrom } = require('./scanner/texts.js');

const SOURCE = path.join(__dirname, '..', 'fuzz', 'conninfo.c');
const KEYWORDS = ['host', 'port', 'dbname', 'user', 'password'];
const BATCH = 10_000;
const SHOWN_MAX = 100;

/**
 * What is read differently on purpose, by the string alone.
 * @type {readonly {why: string, is: (text: string) => boolean}[]}
 */
const ON_PURPOSE = Object.freeze([
  {
    why:
      'a password may hold an @ that is not escaped: the last one of the ' +
      'authority counts, as for pg and WHATWG; libpq takes the first',
    is: (text) => /^postgres(?:ql)?:\/\/[^/]*@[^/]*@/.test(text),
  },
  {
    why:
      'the authority ends at a ? as well: an @ of a parameter is no sign of ' +
      'a user; libpq looks as far as the first /',
    is: (text) => /^postgres(?:ql)?:\/\/[^/@]*\?[^/]*@/.test(text),
  },
]);

/** @typedef {(list: readonly string[]) => string} Pick */

const WORDS = Object.freeze(['a', 'db', 'h1', 'h2.example', 'Ada', 'x_y', '0']);
const ODD = Object.freeze([
  ...['%41', '%2F', '%40', '%3a', '%25', '%2c', '%20', '%c3%a9', '%4', '%zz'],
  ...['%00', '%', '@', ':', '/', '?', '#', '&', '=', ',', ' ', "'", '\\', '+'],
  ...['"', '[', ']', '.', '-', '~', '$', ';', '\t', '\n', '\u00e9', '\u00a0'],
  ...['\u2003', '\ud83d\ude00', '\\\\', "\\'", "''"],
]);
const HOSTS = Object.freeze([
  ...['localhost', '127.0.0.1', '[::1]', '[fe80::1%25eth0]', '%2Ftmp', ''],
  ...['db.example', '[::1', '::1'],
]);
const PORTS = Object.freeze(['', ':', ':5432', ':1', ':65535', ':0', ':x']);
const SCHEMES = Object.freeze(['postgres://', 'postgresql://']);
const NAMES = Object.freeze([
  ...['host', 'port', 'dbname', 'user', 'password', 'hostaddr', 'sslmode'],
  ...['application_name', 'connect_timeout', 'options', 'HOST', 'ho%73t'],
]);
/** @type {Record<string, readonly string[]>} */
const USUAL = Object.freeze({
  port: ['5432', '1', '5432,5433', '', '%35432'],
  hostaddr: ['127.0.0.1', '::1'],
  sslmode: ['disable', 'prefer', 'require'],
  connect_timeout: ['5', ''],
  options: ['-c geqo=off'],
});

/**
 * @param {() => number} random
 * @returns {{text: () => string, pick: Pick, chance: (p: number) => boolean}}
 */
function choices(random) {
  /** @type {Pick} */
  const pick = (list) => list[Math.floor(random() * list.length)];
  const chance = (/** @type {number} */ p) => random() < p;
  const text = () => {
    let made = chance(0.1) ? '' : pick(WORDS);
    while (chance(0.3)) {
      made += chance(0.5) ? pick(ODD) : pick(WORDS);
    }
    return made;
  };
  return { text, pick, chance };
}

/** @param {() => number} random @returns {string} */
function makeUrl(random) {
  const { text, pick, chance } = choices(random);
  let url = pick(SCHEMES);
  if (chance(0.6)) {
    url += `${text()}${chance(0.7) ? `:${text()}` : ''}@`;
  }
  const place = () => (chance(0.7) ? pick(HOSTS) : text()) + pick(PORTS);
  url += place();
  while (chance(0.2)) {
    url += `,${place()}`;
  }
  if (chance(0.8)) {
    url += `/${text()}`;
  }
  let mark = '?';
  while (chance(0.4)) {
    const name = pick(NAMES);
    const usual = USUAL[name];
    url += `${mark}${name}=${usual && chance(0.8) ? pick(usual) : text()}`;
    mark = '&';
  }
  return url;
}

/** @param {() => number} random @returns {string} */
function makePairs(random) {
  const { text, pick, chance } = choices(random);
  const space = () =>
    chance(0.2) ? pick([' ', '\t', '\n', '  ', '\u00a0']) : '';
  let pairs = space();
  do {
    const name = pick(NAMES);
    const usual = USUAL[name];
    let value = usual && chance(0.8) ? pick(usual) : text();
    if (chance(0.4)) {
      value = `'${chance(0.8) ? value.replace(/['\\]/g, '\\$&') : value}'`;
    }
    pairs += `${name}${space()}=${space()}${value}${chance(0.95) ? ' ' : space()}`;
  } while (chance(0.6));
  return pairs;
}

/**
 * For several hosts without a port, or several without a name, libpq keeps the
 * commas: each one is the default.
 * @param {string} value
 * @param {number} keyword its place in KEYWORDS
 */
function spelledOut(value, keyword) {
  if (keyword < 2 && /^,*$/.test(value)) {
    return '';
  }
  return keyword === 1
    ? value
        .split(',')
        .map((port) => port || '5432')
        .join(',')
    : value;
}

/**
 * @param {string} text
 * @returns {Record<string, string | undefined> | undefined} undefined: refused
 */
function readOurs(text) {
  try {
    const said = parseConnectionString(text, 'text');
    const { target } = resolveOptions(
      { connectionString: text, ssl: false },
      { env: {}, nowhere: 'localhost' },
    );
    const sent = new Map(target);
    // The default, where the string says nothing.
    return Object.fromEntries(
      KEYWORDS.map((name, i) => [
        name,
        spelledOut((said.get(name) && sent.get(name)) || '', i),
      ]),
    );
  } catch {
    return undefined;
  }
}

/**
 * @param {string} line
 * @returns {Record<string, string> | undefined} undefined: refused
 */
function readTheirs(line) {
  if (line === 'refused') {
    return undefined;
  }
  return Object.fromEntries(
    line.split(' ').map((word, i) => {
      const value = Buffer.from(word.slice(1), 'hex').toString();
      return [KEYWORDS[i], spelledOut(value, i)];
    }),
  );
}

/** @returns {{read: (texts: string[]) => string[], remove: () => void}} */
function buildJudge() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-conninfo-'));
  const program = path.join(folder, 'conninfo');
  const flags = execFileSync('pkg-config', ['--cflags', '--libs', 'libpq'], {
    encoding: 'utf8',
  });
  execFileSync('cc', [
    ...['-std=c11', '-o', program, SOURCE],
    ...flags.trim().split(/\s+/),
  ]);
  /** @param {string[]} texts */
  const read = (texts) => {
    const input = texts
      .map((text) => `${Buffer.from(text).toString('hex')}\n`)
      .join('');
    const { stdout, status } = spawnSync(program, KEYWORDS, {
      input,
      env: {},
      maxBuffer: 1 << 28,
      encoding: 'utf8',
    });
    if (status !== 0) {
      throw new Error(`libpq's reader ended with ${status}`);
    }
    return stdout.trimEnd().split('\n');
  };
  return {
    read,
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * @param {{seed: number, count: number}} options
 * @returns {{figures: Record<string, number>, faults: string[]}}
 */
function judgeConninfo({ seed, count }) {
  const random = randomFrom(seed);
  const judge = buildJudge();
  const figures = { both: 0, onPurpose: 0, onlyLibpq: 0, onlyOurs: 0 };
  /** @type {string[]} */
  const faults = [];
  /** @param {string} text @param {string} line */
  const compare = (text, line) => {
    const ours = readOurs(text);
    const theirs = readTheirs(line);
    if (ours === undefined || theirs === undefined) {
      figures.onlyLibpq += theirs === undefined ? 0 : 1;
      figures.onlyOurs += ours === undefined ? 0 : 1;
      return;
    }
    figures.both++;
    const wrong = KEYWORDS.filter((name) => ours[name] !== theirs[name]);
    if (wrong.length === 0) {
      return;
    }
    if (ON_PURPOSE.some(({ is }) => is(text))) {
      figures.onPurpose++;
    } else if (faults.length < SHOWN_MAX) {
      faults.push(
        ...wrong.map(
          (name) =>
            `${JSON.stringify(text)}: ${name} is ${JSON.stringify(ours[name])} here, ${JSON.stringify(theirs[name])} for libpq`,
        ),
      );
    }
  };
  try {
    for (let done = 0; done < count; done += BATCH) {
      const texts = Array.from({ length: Math.min(BATCH, count - done) }, () =>
        random() < 0.6 ? makeUrl(random) : makePairs(random),
      );
      // White space around a string was probably copied along: it is dropped on
      // purpose, while libpq makes it part of a URL's last value.
      const lines = judge.read(texts.map((text) => text.trim()));
      for (const [i, text] of texts.entries()) {
        compare(text, lines[i]);
      }
    }
  } finally {
    judge.remove();
  }
  return { figures, faults };
}

module.exports = { judgeConninfo };
