// SPDX-License-Identifier: MIT
'use strict';

// The report for people.

/** @typedef {import('./new-report.js').Report} Report */

const MARKS = { hint: '·', warning: '!', failure: '✗' };
const LABEL = 18;
const WIDTH = 78;
/** Below the text of a symptom. */
const INDENT = ' '.repeat(11);
/** Below a value, right of its label. */
const INDENT_VALUE = ' '.repeat(2 + LABEL);

/** @param {string} label @param {string} text */
function line(label, text) {
  return `  ${label.padEnd(LABEL)}${text}\n`;
}

/**
 * @param {string} text
 * @param {string} indent of the first line
 * @param {string} [rest] indent of the others
 * @returns {string}
 */
function wrapped(text, indent, rest = indent) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last !== '' && rest.length + last.length + word.length >= WIDTH) {
      lines.push(word);
    } else {
      lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
    }
  }
  return lines.map((one, i) => `${i === 0 ? indent : rest}${one}\n`).join('');
}

/** @param {Report} report */
function settingsPart({ settings }) {
  const { options } = settings;
  const set = Object.entries(options).map(
    ([name, value]) => `${name}=${value}`,
  );
  return (
    line('url', settings.url ?? '-') +
    line('from', fromText(settings)) +
    line('sslmode', settings.sslmode ?? '-') +
    (set.length > 0 ? line('options', set.join(' ')) : '') +
    (settings.direct === null
      ? ''
      : line(
          settings.direct.source,
          `${settings.direct.url} → ${settings.direct.leadsTo}`,
        ))
  );
}

/** @param {import('./new-report.js').SettingsReport} settings */
function fromText({ source, variables }) {
  const more = variables.filter((name) => name !== source);
  return more.length > 0 ? `${source} (set, too: ${more.join(' ')})` : source;
}

/** @param {Report} report */
function networkPart({ hosts }) {
  return hosts
    .map(({ host, port, lookupMillis, error, addresses }) => {
      const looked =
        lookupMillis === null ? '' : `, found in ${lookupMillis} ms`;
      const head = line('host', `${host}:${port}${looked}`);
      if (error !== null) {
        return head + line('', `${error.code}: ${error.message}`);
      }
      return head + addresses.map(addressLine).join('');
    })
    .join('');
}

/** @param {import('./network.js').Address} address */
function addressLine({ address, family, reachable, connectMillis, error }) {
  const what = reachable
    ? `reachable in ${connectMillis} ms`
    : `not reachable (${error?.code})`;
  return line('', `${address} (${family}) ${what}`);
}

/** @param {Report} report */
function tlsPart({ tls, authentication }) {
  if (tls.offered === null) {
    return '';
  }
  const plain = authentication.encrypted === false;
  const head = line(
    'TLS',
    tls.offered ? protocolOf(tls, plain) : 'not offered',
  );
  const certificate = tls.chain[0];
  const lines =
    certificate === undefined
      ? ''
      : line(
          'certificate',
          `${certificate.subject}, by ${certificate.issuer}`,
        ) +
        line(
          '',
          `until ${certificate.validTo.slice(0, 10)} ` +
            `(${certificate.daysLeft} days), for ${certificate.names.join(', ')}`,
        ) +
        line(
          '',
          `${tls.trusted ? 'trusted' : `not trusted (${tls.trustError})`}, ` +
            `${tls.hostMatches ? 'for this host' : 'not for this host'}`,
        );
  return head + lines + line('sslmode here', `${tls.sslmode}: ${tls.meaning}`);
}

/**
 * @param {import('./tls.js').TlsReport} tls
 * @param {boolean} plain whether the login went without
 */
function protocolOf({ protocol, cipher, error }, plain) {
  if (error !== null) {
    return error;
  }
  return `${protocol}, ${cipher}${plain ? ' (offered, not used)' : ''}`;
}

/** @type {Record<string, string>} */
const METHODS = {
  none: 'nothing asked (trust, peer, or a client certificate)',
  password: 'password, as it is',
};

/** @param {Report} report */
function loginPart({ authentication }) {
  const { method, channelBinding } = authentication;
  if (method === null || method === 'unknown') {
    return '';
  }
  const binding =
    channelBinding === null ? '' : `, channel binding: ${channelBinding}`;
  return line('login', `${METHODS[method] ?? method}${binding}`);
}

/** @param {Report} report */
function serverPart({ server, limits, latency }) {
  if (server.version === null) {
    return '';
  }
  const { maxConnections, used, reserved, free } = limits;
  const { platform } = server;
  return (
    line(
      'server',
      `PostgreSQL ${server.version}, ${server.role}` +
        `${server.readOnly ? ', read-only' : ''}` +
        `${platform === null ? '' : ` (${platform})`}`,
    ) +
    (maxConnections === null
      ? ''
      : line(
          'connections',
          `${used} of ${maxConnections} in use, ${reserved} kept for ` +
            `superusers, ${free} free`,
        )) +
    line(
      'round trip',
      `${latency.roundTripMillis} ms (${latency.fastestMillis} to ` +
        `${latency.slowestMillis}), connecting with login ${latency.loginMillis} ms`,
    )
  );
}

const FORWARDED =
  'something passes the bytes on, since the server sees another client than ' +
  'us: HAProxy or a load balancer in TCP mode, a tunnel, or NAT';

/** @type {Record<string, string>} */
const MODES = {
  direct: 'none: this is the server itself',
  session: 'session mode',
  transaction: 'transaction mode',
  statement: 'statement mode',
  unknown: 'there is one, its mode is unknown',
};

/** @type {Record<string, string>} */
const STATEMENTS = {
  session: 'work: they live in the session',
  tracked: 'work: the pooler keeps track of them',
  unsafe: 'NOT safe: others find them (42P05)',
  refused: 'refused',
  unknown: 'unknown',
};

/** What the admin console says. @param {Report} report */
function consolePart({ pooler }) {
  const { poolSize, maxClients, maxPreparedStatements, pools } = pooler;
  const sizes = [
    ['pool_size', poolSize],
    ['max_client_conn', maxClients],
    ['max_prepared_statements', maxPreparedStatements],
  ].filter(([, value]) => value !== null);
  const head =
    sizes.length === 0
      ? ''
      : line('', sizes.map((pair) => pair.join(' ')).join(', '));
  return head + (pools ?? []).map(poolLine).join('');
}

/** @param {import('./console.js').PoolReport} pool */
function poolLine({ user, clientsActive, clientsWaiting, ...pool }) {
  const servers = (pool.serversActive ?? 0) + (pool.serversIdle ?? 0);
  const since = clientsWaiting ? `, for up to ${pool.waitMillis} ms` : '';
  return line(
    '',
    `user ${user}: ${clientsActive} clients served, ${clientsWaiting} ` +
      `waiting${since}; ${servers} server connections`,
  );
}

/** @param {Report} report */
function poolerPart(report) {
  const { pooler, server, holdfast } = report;
  if (pooler.mode === null) {
    return '';
  }
  const { product, productEvidence, version, namedStatements } = pooler;
  const name = [product, version].filter(Boolean).join(' ');
  return (
    line('pooler', `${MODES[pooler.mode]}${name ? ` (${name})` : ''}`) +
    line('', pooler.evidence ?? '') +
    (productEvidence === null
      ? ''
      : line('', `${product}: ${productEvidence}`)) +
    (server.forwarded ? wrapped(FORWARDED, INDENT_VALUE) : '') +
    consolePart(report) +
    (namedStatements === null
      ? ''
      : line('named statements', STATEMENTS[namedStatements])) +
    (holdfast.queries > 0
      ? line('Holdfast', `${holdfast.queries} queries right`)
      : '')
  );
}

/** @param {Report} report */
function findingsPart({ findings }) {
  return findings
    .map(
      ({ level, text, next }) =>
        `${wrapped(`${MARKS[level]} ${text}`, '  ', '    ')}` +
        `${wrapped(`→ ${next}`, '    ')}`,
    )
    .join('');
}

/** @param {Report} report */
function symptomsPart({ symptoms }) {
  return symptoms
    .map(
      ({ symptom, here, why, holdfast }) =>
        `${wrapped(`${here.padEnd(9)}${symptom}`, '  ', INDENT)}` +
        `${wrapped(why, INDENT)}` +
        `${wrapped(`Holdfast: ${holdfast}`, INDENT)}`,
    )
    .join('');
}

/** @param {Report} report */
function advicePart({ advice }) {
  return advice
    .map(
      ({ setting, value, reason, ok }) =>
        `${wrapped(`${ok ? '✓' : '→'} ${setting} = ${value}`, '  ')}` +
        `${wrapped(reason, '      ')}`,
    )
    .join('');
}

/** @type {[name: 'prisma' | 'pg' | 'holdfast', title: string][]} */
const PASTE = [
  ['prisma', "Prisma's own engine (Prisma 6 and before): .env"],
  ['pg', 'pg'],
  ['holdfast', 'Holdfast, also below Prisma'],
];

/** @param {Report} report */
function pastePart({ configuration }) {
  return configuration === null
    ? ''
    : PASTE.map(([name, title]) => {
        const text = configuration[name].replace(/^(?=.)/gm, '    ');
        return `  ${title}\n${text}`;
      }).join('\n');
}

const VERDICTS = {
  ok: 'It works.',
  warnings: 'It works, with warnings.',
  fails: 'It does not work.',
};

/**
 * Returns the report as text.
 * @param {Report} report
 * @returns {string}
 */
function asText(report) {
  /** @type {[string, string][]} */
  const parts = [
    ['What it is', settingsPart(report)],
    ['Network', networkPart(report)],
    ['Security', tlsPart(report) + loginPart(report)],
    ['Server', serverPart(report)],
    ['Pooler', poolerPart(report)],
    ['Would you see this here? (with other drivers)', symptomsPart(report)],
    ['Advice', advicePart(report)],
    ['To paste', pastePart(report)],
    ['Findings', findingsPart(report)],
  ];
  const text = parts
    .filter(([, body]) => body !== '')
    .map(([title, body]) => `${title}\n${body}`)
    .join('\n');
  return `${text}\n${VERDICTS[report.verdict]}\n`;
}

module.exports = { asText };
