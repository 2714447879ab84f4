// SPDX-License-Identifier: MIT
'use strict';

// DIRECT_URL: does it bypass the pooler, and lead to the same server?

const { Failure, asFailure } = require('./failure.js');
const { explore } = require('./network.js');
const { findMode } = require('./pooler.js');
const { readServer } = require('./server.js');
const { readSettings, shownText, shownUrl } = require('./settings.js');
const { Context } = require('./context.js');

/** @typedef {import('./explain.js').Finding} Finding */
/** @typedef {Omit<import('./new-report.js').DirectReport, 'source'>} Found */

/**
 * @param {Context} context
 * @param {string} host
 * @param {import('./server.js').ServerReport} main
 * @returns {Promise<Found['leadsTo']>}
 */
async function whereTo(context, host, main) {
  const connection = await context.connect();
  const { server } = await readServer(connection, host);
  context.close(connection);
  if ((await findMode(context)).mode !== 'direct') {
    return 'a pooler';
  }
  return server.startedAt === main.startedAt ? 'the server' : 'another server';
}

/** @type {Record<string, [text: string, next: string]>} */
const WORDS = {
  'a pooler': [
    'leads to a pooler, too',
    'give the port of the server itself (5432)',
  ],
  'another server': [
    'leads to another server process (a replica, or another database)',
    'make sure that both URLs are of the same database',
  ],
  nowhere: ['cannot be reached', 'npx pg-holdfast doctor --direct says why'],
};

/**
 * @param {{name: string, url: string}} direct
 * @param {import('./deadline.js').Deadline} deadline
 * @param {import('./server.js').ServerReport} main
 * @param {(context: Context) => void} opened has every context that was made
 * @returns {Promise<{report: Found, findings: Finding[]}>}
 */
async function checkDirect(direct, deadline, main, opened) {
  const settings = readSettings(direct.url, direct.name);
  /** @type {Found} */
  const report = { url: shownUrl(settings), leadsTo: 'nowhere' };
  let why = '';
  try {
    const { routes } = await explore(settings.hosts[0], deadline);
    if (routes.length === 0) {
      throw new Failure('system', 'no address answers');
    }
    const context = new Context(settings, deadline, routes[0]);
    opened(context);
    report.leadsTo = await whereTo(context, settings.hosts[0].name, main);
  } catch (error) {
    const { message } = asFailure(error, 'the login');
    why = `: ${shownText(message, settings)}`;
  }
  const [text, next] = WORDS[report.leadsTo] ?? [];
  /** @type {Finding[]} */
  const findings =
    text === undefined
      ? []
      : [
          {
            id: 'direct-url',
            level: 'warning',
            text: `${direct.name} ${text}${why}`,
            next,
          },
        ];
  return { report, findings };
}

module.exports = { checkDirect };
