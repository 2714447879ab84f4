// SPDX-License-Identifier: MIT
'use strict';

// The examination: step by step from the settings to a pool of ours on them.
// Each step fills its part of the report; a step that fails says why, and
// what needs it is left out.

const { adviceOf, poolerFindings } = require('./advice.js');
const { rounded } = require('./deadline.js');
const { checkDirect } = require('./direct.js');
const { explain } = require('./explain.js');
const { Failure, asFailure } = require('./failure.js');
const { explore } = require('./network.js');
const { findMode } = require('./pooler.js');
const { findProduct } = require('./product.js');
const { measure, readServer } = require('./server.js');
const { findStatements } = require('./statements.js');
const { symptomsOf } = require('./symptoms.js');
const { tryPool } = require('./trial.js');
const { shownText } = require('./settings.js');
const { timed } = require('./connection.js');
const { inspectTls } = require('./tls.js');
const { verdicts } = require('./verdicts.js');
const { World } = require('./world.js');
const { newReport } = require('./new-report.js');

/** @typedef {import('./connection.js').Connection} Connection */
/** @typedef {import('./new-report.js').Report} Report */
/** @typedef {import('./settings.js').Settings} Settings */

const ROLE_MILLIS = 2000;

class Examination {
  #settings;
  #deadline;
  #tell;
  #report;
  /** @type {World[]} */
  #worlds = [];

  /**
   * @param {Settings} settings
   * @param {import('./deadline.js').Deadline} deadline
   * @param {(text: string) => void} tell of progress
   */
  constructor(settings, deadline, tell) {
    this.#settings = settings;
    this.#deadline = deadline;
    this.#tell = (/** @type {string} */ text) => tell(this.#shown(text));
    this.#report = newReport(settings);
  }

  /** @returns {Promise<Report>} */
  async run() {
    const report = this.#report;
    try {
      await this.#examine();
    } catch (error) {
      this.#fail(asFailure(error, 'the examination'));
    } finally {
      for (const world of this.#worlds) {
        world.closeAll();
      }
    }
    report.findings.push(...verdicts(report, this.#settings));
    if (report.pooler.mode !== null) {
      report.findings.push(...poolerFindings(report, this.#settings));
      report.symptoms = symptomsOf(report);
      report.advice = adviceOf(report, this.#settings);
    }
    report.elapsedMillis = rounded(this.#deadline.elapsed);
    return report;
  }

  /** @param {Failure} failure */
  #fail(failure) {
    const { findings } = this.#report;
    if (this.#deadline.remaining === 0) {
      this.#report.complete = false;
      findings.push({
        id: 'deadline',
        level: 'failure',
        text: `not done within ${this.#deadline.millis / 1000} s`,
        next: 'give more time: --timeout 60',
      });
    }
    const finding = explain(failure);
    findings.push({ ...finding, text: this.#shown(finding.text) });
  }

  /** @param {string} text */
  #shown(text) {
    return shownText(text, this.#settings);
  }

  /**
   * Runs a step and tells what came of it.
   * @template T
   * @param {string} name
   * @param {() => Promise<T>} fn
   * @param {(value: T) => string} [told]
   * @returns {Promise<T>}
   */
  async #step(name, fn, told) {
    const { remaining } = this.#deadline;
    try {
      const value = await this.#deadline.race(fn(), remaining, name);
      this.#tell(`${name}: ${told?.(value) ?? 'done'}`);
      return value;
    } catch (error) {
      const failure = asFailure(error, name);
      this.#tell(`${name}: ${failure.message}`);
      throw failure;
    }
  }

  /**
   * A step that others do without.
   * @param {string} name
   * @param {() => Promise<string>} fn
   */
  async #optional(name, fn) {
    try {
      await this.#step(name, fn, (text) => text);
    } catch (error) {
      if (this.#deadline.remaining === 0) {
        throw error;
      }
      this.#report.findings.push({
        id: 'incomplete',
        level: 'hint',
        text: this.#shown(`${name}: ${asFailure(error, name).message}`),
        next: 'nothing, if the rest is fine',
      });
    }
  }

  async #examine() {
    const connection = await this.#reach();
    const report = this.#report;
    report.works = true;
    const world = this.#worlds[this.#worlds.length - 1];
    await this.#optional('server', async () => {
      Object.assign(report, await readServer(connection));
      return `PostgreSQL ${report.server.version}, ${report.server.role}`;
    });
    await this.#optional('round trip', async () => {
      await measure(connection, report.latency);
      return `${report.latency.roundTripMillis} ms (median)`;
    });
    // The mode is found with few connections open, ours not among them.
    world.close(connection);
    await this.#optional('pooler', () => this.#findPooler(world));
    await this.#optional('named statements', async () => {
      const { mode } = report.pooler;
      const found = await findStatements(world, mode ?? 'unknown');
      report.pooler.namedStatements = found.namedStatements;
      report.pooler.namedEvidence = found.evidence;
      return `${found.namedStatements} (${found.evidence})`;
    });
    await this.#tryPool();
    await this.#checkDirect();
  }

  /** @param {World} world */
  async #findPooler(world) {
    const { pooler } = this.#report;
    Object.assign(pooler, await findMode(world));
    if (pooler.proxied && pooler.product === null) {
      Object.assign(pooler, await findProduct(world));
    }
    const product = pooler.product === null ? '' : `, ${pooler.product}`;
    return `${pooler.mode}${product} (${pooler.evidence})`;
  }

  async #tryPool() {
    const { holdfast } = this.#report;
    try {
      await this.#step(
        'Holdfast',
        () => tryPool(this.#settings, this.#deadline, holdfast),
        () => `${holdfast.queries} queries right`,
      );
    } catch (error) {
      const { message, code } = /** @type {Failure} */ (error);
      holdfast.error = this.#shown(message);
      this.#report.works = false;
      this.#report.findings.push(poolFinding(holdfast.error, code));
    }
  }

  async #checkDirect() {
    const { direct } = this.#settings;
    if (direct === undefined || !this.#report.pooler.proxied) {
      return;
    }
    await this.#optional(direct.name, async () => {
      const { findings, server, settings } = this.#report;
      const open = (/** @type {World} */ world) => this.#worlds.push(world);
      const found = await checkDirect(direct, this.#deadline, server, open);
      if (this.#settings.source === 'argument') {
        // The variable may belong to another database altogether.
        for (const finding of found.findings) {
          finding.level = 'hint';
        }
      }
      settings.direct = { ...found.report, source: direct.name };
      findings.push(...found.findings);
      return found.report.leadsTo;
    });
  }

  /**
   * Goes through hosts and addresses until somebody lets us in.
   * @returns {Promise<Connection>}
   */
  async #reach() {
    /** @type {Failure | null} */
    let failure = null;
    const { hosts, targetSessionAttrs: wanted } = this.#settings;
    const isLast = (/** @type {any} */ host) => host === hosts.at(-1);
    for (const host of hosts) {
      const routes = await this.#step(
        `network ${host.name}:${host.port}`,
        async () => {
          const { report, routes } = await explore(host, this.#deadline);
          this.#report.hosts.push(report);
          return routes;
        },
        (routes) => `${routes.length} reachable`,
      );
      for (const route of routes.slice(0, 1)) {
        try {
          const connection = await this.#enter(route);
          if (isLast(host) || (await suits(connection, wanted))) {
            return connection;
          }
          connection.close();
        } catch (error) {
          failure = asFailure(error, 'the login');
        }
      }
    }
    throw failure ?? this.#unreachable();
  }

  #unreachable() {
    const [host] = this.#report.hosts;
    const error = host?.error ?? host?.addresses[0]?.error;
    const code = error?.code ?? 'ENOTFOUND';
    const during = host?.error ? 'the name look-up' : 'the TCP connection';
    return code === 'silent'
      ? new Failure('silent', error?.message ?? '', { during })
      : new Failure('system', error?.message ?? 'no address', { code, during });
  }

  /** @param {import('./connection.js').Route} route */
  async #enter(route) {
    const report = this.#report;
    const { latency, hosts, authentication } = report;
    report.address = route.address;
    const { addresses } = hosts[hosts.length - 1];
    const found = addresses.find(({ address }) => address === route.address);
    latency.connectMillis = found?.connectMillis ?? null;
    const world = new World(this.#settings, this.#deadline, route);
    this.#worlds.push(world);
    await this.#step(
      'TLS',
      () => inspectTls(route, this.#settings, this.#deadline, report.tls),
      () => this.#tlsText(),
    );
    /** @type {import('./login.js').Login | undefined} */
    let login;
    try {
      const { value, millis } = await this.#step(
        'login',
        () =>
          timed(() =>
            world.connect({
              watch: (one, encrypted) => {
                login = one;
                authentication.encrypted = encrypted;
                report.tls.used = encrypted;
              },
            }),
          ),
        () => `${login?.method}`,
      );
      latency.loginMillis = millis;
      return value;
    } finally {
      authentication.method = login?.method ?? null;
      authentication.mechanisms = login?.mechanisms ?? [];
      authentication.channelBinding = login?.binding ?? null;
    }
  }

  #tlsText() {
    const { offered, protocol, trusted } = this.#report.tls;
    if (offered === null) {
      return 'not for sockets';
    }
    const trust = trusted ? 'trusted' : 'not trusted';
    return offered ? `${protocol}, certificate ${trust}` : 'not offered';
  }
}

/** Whether a standby is wanted, by target_session_attrs. */
/** @type {Record<string, string>} */
const STANDBY = {
  'read-write': 'f',
  primary: 'f',
  'read-only': 't',
  standby: 't',
};

/**
 * Returns whether a server is one that target_session_attrs asks for.
 * @param {Connection} connection
 * @param {string} wanted
 */
async function suits(connection, wanted) {
  if (!Object.hasOwn(STANDBY, wanted)) {
    return true;
  }
  const { rows } = await connection.query(
    'select pg_is_in_recovery()',
    ROLE_MILLIS,
  );
  return rows[0]?.[0] === STANDBY[wanted];
}

/**
 * @param {string} message
 * @param {string | undefined} code
 * @returns {import('./explain.js').Finding}
 */
function poolFinding(message, code) {
  const isMissing = code === 'HF_NO_BINARY';
  return {
    id: isMissing ? 'no-binary' : 'holdfast',
    level: 'failure',
    text: `the login works, but not a pool of Holdfast: ${message}`,
    next: isMissing
      ? 'do what it says, then run the doctor again'
      : 'please report it, with the output of --json',
  };
}

/**
 * @param {Settings} settings
 * @param {import('./deadline.js').Deadline} deadline
 * @param {(text: string) => void} tell
 * @returns {Promise<Report>}
 */
function examine(settings, deadline, tell) {
  return new Examination(settings, deadline, tell).run();
}

module.exports = { examine };
