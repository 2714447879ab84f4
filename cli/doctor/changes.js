// SPDX-License-Identifier: MIT
'use strict';

// What changed from one examination to the next. Figures that are never the
// same twice count as changed when they doubled or halved.

/** @typedef {import('./new-report.js').Report} Report */

/**
 * @typedef {object} Fact
 * @property {string} name
 * @property {string} text
 * @property {number} [figure] compared instead of the text
 * @property {number} [least] a smaller difference is none
 */

/** @typedef {{name: string, from: string, to: string}} Change */

const FACTOR = 2;
const LEAST_MILLIS = 1;
const LEAST_CONNECTIONS = 5;
const LEAST_CLIENTS = 1;

/** @param {Report} report @returns {string} */
function verdictText({ verdict, findings }) {
  const failure = findings.find(({ level }) => level === 'failure');
  return failure === undefined ? verdict : `${verdict}: ${failure.text}`;
}

/** @param {Report} report */
function serverText({ server }) {
  const readOnly = server.readOnly ? ', read-only' : '';
  return `PostgreSQL ${server.version}, ${server.role}${readOnly}`;
}

/** @param {Report} report */
function poolerText({ pooler }) {
  const name = [pooler.product, pooler.version].filter(Boolean).join(' ');
  return name === '' ? `${pooler.mode}` : `${pooler.mode} (${name})`;
}

/** @param {Report} report @returns {(Fact | null)[]} */
function figures({ limits, latency, pooler }) {
  const pools = pooler.pools ?? null;
  const waiting = (pools ?? []).reduce(
    (sum, pool) => sum + (pool.clientsWaiting ?? 0),
    0,
  );
  return [
    limits.used === null
      ? null
      : {
          name: 'connections',
          text: `${limits.used} of ${limits.maxConnections}`,
          figure: limits.used,
          least: LEAST_CONNECTIONS,
        },
    latency.roundTripMillis === null
      ? null
      : {
          name: 'round trip',
          text: `${latency.roundTripMillis} ms`,
          figure: latency.roundTripMillis,
          least: LEAST_MILLIS,
        },
    pools === null
      ? null
      : {
          name: 'waiting clients',
          text: String(waiting),
          figure: waiting,
          least: LEAST_CLIENTS,
        },
  ];
}

/** @param {Report} report @returns {Fact[]} */
function factsOf(report) {
  const { server, pooler, tls } = report;
  const warnings = report.findings
    .filter(({ level }) => level === 'warning')
    .map(({ id }) => id);
  const certificate = tls.chain[0];
  /** @type {(Fact | null)[]} */
  const facts = [
    { name: 'verdict', text: verdictText(report) },
    { name: 'warnings', text: warnings.join(' ') || 'none' },
    report.address === null ? null : { name: 'address', text: report.address },
    server.version === null
      ? null
      : { name: 'server', text: serverText(report) },
    server.startedAt === null
      ? null
      : { name: 'started', text: server.startedAt },
    pooler.mode === null ? null : { name: 'pooler', text: poolerText(report) },
    pooler.namedStatements === null
      ? null
      : { name: 'named statements', text: pooler.namedStatements },
    certificate === undefined
      ? null
      : { name: 'certificate', text: `until ${certificate.validTo}` },
    ...figures(report),
  ];
  return facts.filter((fact) => fact !== null);
}

/** @param {Fact} before @param {Fact} now */
function isChanged(before, now) {
  if (before.figure === undefined || now.figure === undefined) {
    return before.text !== now.text;
  }
  const low = Math.min(before.figure, now.figure);
  const high = Math.max(before.figure, now.figure);
  return high - low >= (now.least ?? 0) && high >= FACTOR * low;
}

/** The facts as they were announced last, and when. */
class Announced {
  /** @type {Map<string, {fact: Fact, since: Date}>} */
  #facts = new Map();

  /**
   * Takes the facts of a new report. Those it does not have stay as they were:
   * a server that cannot be reached has not lost its version.
   * @param {Report} report
   * @param {Date} at
   * @returns {Change[]} none for what is seen for the first time
   */
  take(report, at) {
    /** @type {Change[]} */
    const changes = [];
    for (const fact of factsOf(report)) {
      const before = this.#facts.get(fact.name)?.fact;
      if (before === undefined || isChanged(before, fact)) {
        this.#facts.set(fact.name, { fact, since: at });
      }
      if (before !== undefined && isChanged(before, fact)) {
        changes.push({ name: fact.name, from: before.text, to: fact.text });
      }
    }
    return changes;
  }

  /** @returns {{name: string, text: string, since: Date}[]} */
  get all() {
    return [...this.#facts.values()].map(({ fact, since }) => ({
      ...{ name: fact.name, text: fact.text, since },
    }));
  }
}

module.exports = { Announced };
