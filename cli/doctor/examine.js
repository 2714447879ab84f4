// SPDX-License-Identifier: MIT
'use strict';

// The examination, step by step from the settings to a pool of ours. Each step
// fills its part of the report; a step that fails says why, and steps that need
// it are skipped.

const { adviceOf, poolerFindings } = require('./advice.js');
const { configurationOf } = require('./configuration.js');
const { rounded } = require('./deadline.js');
const { checkDirect } = require('./direct.js');
const { explain } = require('./explain.js');
const { Failure, asFailure } = require('./failure.js');
const { explore } = require('./network.js');
const { findMode } = require('./pooler.js');
const { emptyProduct, findProduct } = require('./product.js');
const { measure, readServer } = require('./server.js');
const { findStatements } = require('./statements.js');
const { symptomsOf } = require('./symptoms.js');
const { tryPool } = require('./trial.js');
const { shownText } = require('./settings.js');
const { timed } = require('./connection.js');
const { inspectTls } = require('./tls.js');
const { verdicts } = require('./verdicts.js');
const { Context } = require('./context.js');
const { newReport } = require('./new-report.js');

/** @typedef {import('./connection.js').Connection} Connection */
/** @typedef {import('./new-report.js').Report} Report */
/** @typedef {import('./settings.js').Settings} Settings */

const ROLE_MILLIS = 2000;

class Examination {
  #settings;
  #deadline;
  #progress;
  #report;
  #known;
  /** @type {Context[]} */
  #contexts = [];

  /**
   * @param {Settings} settings
   * @param {import('./deadline.js').Deadline} deadline
   * @param {(text: string) => void} progress called with each step
   * @param {Report | undefined} earlier
   */
  constructor(settings, deadline, progress, earlier) {
    this.#settings = settings;
    this.#known = productOf(earlier);
    this.#deadline = deadline;
    this.#progress = (/** @type {string} */ text) =>
      progress(this.#shown(text));
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
      for (const context of this.#contexts) {
        context.closeAll();
      }
    }
    report.findings.push(...verdicts(report, this.#settings));
    if (report.pooler.mode !== null) {
      report.findings.push(...poolerFindings(report, this.#settings));
      report.symptoms = symptomsOf(report);
      report.advice = adviceOf(report, this.#settings);
      report.configuration = configurationOf(report, this.#settings);
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
   * Runs a step and reports its result.
   * @template T
   * @param {string} name
   * @param {() => Promise<T>} fn
   * @param {(value: T) => string} [describe]
   * @returns {Promise<T>}
   */
  async #step(name, fn, describe) {
    const { remaining } = this.#deadline;
    try {
      const value = await this.#deadline.race(fn(), remaining, name);
      this.#progress(`${name}: ${describe?.(value) ?? 'done'}`);
      return value;
    } catch (error) {
      const failure = asFailure(error, name);
      this.#progress(`${name}: ${failure.message}`);
      throw failure;
    }
  }

  /**
   * Runs a step that no other step needs.
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
    const context = this.#contexts[this.#contexts.length - 1];
    await this.#optional('server', async () => {
      Object.assign(
        report,
        await readServer(connection, this.#settings.hosts[0]?.name ?? ''),
      );
      return `PostgreSQL ${report.server.version}, ${report.server.role}`;
    });
    await this.#optional('round trip', async () => {
      await measure(connection, report.latency);
      return `${report.latency.roundTripMillis} ms (median)`;
    });
    // The mode is determined with few open connections, none of them ours.
    context.close(connection);
    await this.#optional('pooler', () => this.#findPooler(context));
    await this.#optional('named statements', async () => {
      const { mode } = report.pooler;
      const found = await findStatements(context, mode ?? 'unknown');
      report.pooler.namedStatements = found.namedStatements;
      report.pooler.namedEvidence = found.evidence;
      return `${found.namedStatements} (${found.evidence})`;
    });
    await this.#tryPool();
    await this.#checkDirect();
  }

  /** @param {Context} context */
  async #findPooler(context) {
    const { pooler, server } = this.#report;
    Object.assign(pooler, await findMode(context));
    if (pooler.proxied) {
      // The server's client is the pooler anyway.
      server.forwarded = null;
    }
    if (pooler.proxied && pooler.product === null) {
      Object.assign(pooler, await findProduct(context, this.#known));
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
      const open = (/** @type {Context} */ context) =>
        this.#contexts.push(context);
      const found = await checkDirect(direct, this.#deadline, server, open);
      if (this.#settings.source === 'argument') {
        // The variable may belong to another database.
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
   * Tries hosts and addresses until one accepts the login.
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
    const context = new Context(this.#settings, this.#deadline, route);
    this.#contexts.push(context);
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
            context.connect({
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
 * Returns what an earlier examination found of the product.
 * @param {Report | undefined} earlier
 * @returns {import('./product.js').ProductReport | null}
 */
function productOf(earlier) {
  if (!earlier?.pooler.proxied) {
    return null;
  }
  const { product, productEvidence, version, startupTimeouts } = earlier.pooler;
  return {
    ...emptyProduct(),
    ...{ product, productEvidence, version, startupTimeouts },
  };
}

/**
 * @param {Settings} settings
 * @param {import('./deadline.js').Deadline} deadline
 * @param {(text: string) => void} progress
 * @param {Report} [earlier] of the same settings: what is known from it is not
 *   tried again
 * @returns {Promise<Report>}
 */
function examine(settings, deadline, progress, earlier) {
  return new Examination(settings, deadline, progress, earlier).run();
}

module.exports = { examine };
