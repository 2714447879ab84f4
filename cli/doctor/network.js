// SPDX-License-Identifier: MIT
'use strict';

// Name look-up and TCP, for every host and every address.

const dns = require('node:dns/promises');
const net = require('node:net');

const { asFailure } = require('./failure.js');
const { dial, timed } = require('./connection.js');

/** @typedef {import('./connection.js').Route} Route */
/** @typedef {import('./deadline.js').Deadline} Deadline */
/** @typedef {import('./failure.js').Failure} Failure */

const LOOKUP_MILLIS = 5000;
const CONNECT_MILLIS = 4000;
/** How many addresses are tried. */
const MOST_ADDRESSES = 16;

/**
 * @typedef {object} Address
 * @property {string} address
 * @property {'IPv4' | 'IPv6' | 'socket'} family
 * @property {boolean} reachable
 * @property {number | null} connectMillis
 * @property {{code: string, message: string} | null} error
 */

/**
 * @typedef {object} HostReport
 * @property {string} host
 * @property {number} port
 * @property {number | null} lookupMillis null where nothing was looked up
 * @property {{code: string, message: string} | null} error of the look-up
 * @property {Address[]} addresses
 */

/** @param {Failure} failure */
function plain(failure) {
  return { code: failure.code ?? failure.kind, message: failure.message };
}

/** @param {string} address @returns {'IPv4' | 'IPv6'} */
function familyOf(address) {
  return net.isIP(address) === 6 ? 'IPv6' : 'IPv4';
}

/**
 * @param {import('./settings.js').Host} host
 * @param {Deadline} deadline
 * @returns {Promise<{addresses: string[], millis: number | null}>}
 */
async function resolve(host, deadline) {
  const known = host.address ?? (net.isIP(host.name) ? host.name : undefined);
  if (known !== undefined) {
    return { addresses: [known], millis: null };
  }
  const looking = dns.lookup(host.name, { all: true, verbatim: true });
  try {
    const { value, millis } = await timed(() =>
      deadline.race(looking, LOOKUP_MILLIS, 'the name look-up'),
    );
    const addresses = [...new Set(value.map(({ address }) => address))];
    return { addresses: addresses.slice(0, MOST_ADDRESSES), millis };
  } catch (error) {
    throw asFailure(error, 'the name look-up');
  }
}

/**
 * @param {Route} route
 * @param {Deadline} deadline
 * @returns {Promise<Address>}
 */
async function tryAddress(route, deadline) {
  const family = route.path === undefined ? familyOf(route.address) : 'socket';
  const { address } = route;
  try {
    const { value: socket, millis: connectMillis } = await timed(() =>
      dial(route, deadline, CONNECT_MILLIS),
    );
    socket.destroy();
    return { address, family, reachable: true, connectMillis, error: null };
  } catch (error) {
    const failure = asFailure(error, 'the TCP connection');
    return {
      address,
      family,
      reachable: false,
      connectMillis: null,
      error: plain(failure),
    };
  }
}

/**
 * Looks a host up and tries each of its addresses.
 * @param {import('./settings.js').Host} host
 * @param {Deadline} deadline
 * @returns {Promise<{report: HostReport, routes: Route[]}>} the routes that
 *   can be reached
 */
async function explore(host, deadline) {
  /** @type {HostReport} */
  const report = {
    host: host.name,
    port: host.port,
    lookupMillis: null,
    error: null,
    addresses: [],
  };
  const routes = await routesTo(host, deadline, report);
  report.addresses = await Promise.all(
    routes.map((route) => tryAddress(route, deadline)),
  );
  const reachable = routes.filter((_, i) => report.addresses[i].reachable);
  return { report, routes: reachable };
}

/**
 * @param {import('./settings.js').Host} host
 * @param {Deadline} deadline
 * @param {HostReport} report
 * @returns {Promise<Route[]>}
 */
async function routesTo(host, deadline, report) {
  const base = { host: host.name, port: host.port };
  if (/^[/@]/.test(host.name)) {
    const folder = host.name.replace(/^@/, '\0');
    const path = `${folder}/.s.PGSQL.${host.port}`;
    return [{ ...base, address: `${host.name}/.s.PGSQL.${host.port}`, path }];
  }
  try {
    const { addresses, millis } = await resolve(host, deadline);
    report.lookupMillis = millis;
    return addresses.map((address) => ({ ...base, address }));
  } catch (error) {
    report.error = plain(/** @type {Failure} */ (error));
    return [];
  }
}

module.exports = { explore };
