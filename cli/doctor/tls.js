// SPDX-License-Identifier: MIT
'use strict';

// Whether the server offers TLS, with which certificate, and what that means
// under the connection string's sslmode.

const { readFileSync } = require('node:fs');
const net = require('node:net');

const { Failure, asFailure } = require('./failure.js');
const { dial, serverFailure } = require('./connection.js');
const { isLocalHost } = require('../../lib/options/tls.js');
const wire = require('./wire.js');

/** @typedef {import('./connection.js').Route} Route */
/** @typedef {import('./deadline.js').Deadline} Deadline */
/** @typedef {import('./settings.js').Settings} Settings */

const ANSWER_MILLIS = 5000;
const HANDSHAKE_MILLIS = 5000;
const CONNECT_MILLIS = 4000;
const DAY_MILLIS = 86_400_000;
const CHAIN_MAX = 8;

/**
 * @typedef {object} CertificateReport
 * @property {string} subject
 * @property {string} issuer
 * @property {string[]} names it is good for
 * @property {string} validFrom
 * @property {string} validTo
 * @property {number} daysLeft negative once it has expired
 */

/**
 * @typedef {object} TlsReport
 * @property {boolean | null} offered null where nobody was asked
 * @property {string | null} protocol
 * @property {string | null} cipher
 * @property {CertificateReport[]} chain the server's own first
 * @property {boolean | null} trusted by the authorities a pool would use
 * @property {string | null} trustError
 * @property {boolean | null} hostMatches
 * @property {string | null} hostError
 * @property {string | null} error of the handshake
 * @property {string} sslmode
 * @property {string} meaning of sslmode here
 * @property {boolean} used whether the login is encrypted
 */

/**
 * What sslmode requires.
 * @type {Record<string, string>}
 */
const MEANINGS = {
  disable: 'never encrypted',
  allow: 'plain, encrypted only where the server refuses plain',
  prefer: 'encrypted where the server offers it, nothing checked',
  require: 'encrypted always, nothing checked',
  'verify-ca': 'encrypted always, certificate checked, host name not',
  'verify-full': 'encrypted always, certificate and host name checked',
};

/** @param {string} mode */
function needsTls(mode) {
  return mode === 'require' || mode.startsWith('verify');
}

/**
 * @param {Settings} settings
 * @param {string} keyword of a file
 * @returns {string | undefined} the PEM text
 */
function pemOf({ target }, keyword) {
  const text = target.get(`${keyword}_pem`);
  const file = target.get(keyword);
  if (text !== undefined || file === undefined) {
    return text;
  }
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = /** @type {any} */ (error);
    throw new Failure(
      'tls',
      `the file of ${keyword} cannot be read (${code})`,
      {
        code: 'file',
      },
    );
  }
}

/**
 * @param {Settings} settings
 * @param {Route} route
 * @returns {import('node:tls').ConnectionOptions}
 */
function tlsOptions(settings, route) {
  const mode = settings.sslmode;
  const ca = pemOf(settings, 'sslrootcert');
  const own = needsTls(mode) || mode === 'prefer';
  return {
    // The certificate is checked here, to name everything that is wrong.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ALPNProtocols: ['postgresql'],
    ...(net.isIP(route.host) ? {} : { servername: route.host }),
    ...(ca === undefined ? {} : { ca }),
    ...(own
      ? {
          cert: pemOf(settings, 'sslcert'),
          key: pemOf(settings, 'sslkey'),
          passphrase: settings.target.get('sslpassword'),
        }
      : {}),
  };
}

/**
 * Requests TLS. Resolves with the server's answer: 'S' or 'N'.
 * @param {net.Socket} socket
 * @param {Deadline} deadline
 * @returns {Promise<'S' | 'N'>}
 */
async function requestTls(socket, deadline) {
  const answered = new Promise((resolve, reject) => {
    socket.once('data', resolve);
    socket.once('error', reject);
    socket.once('close', () =>
      reject(new Failure('closed', 'the connection was closed at once')),
    );
  });
  socket.write(wire.sslRequest());
  try {
    const chunk = /** @type {Buffer} */ (
      await deadline.race(answered, ANSWER_MILLIS, 'an answer')
    );
    return readAnswer(chunk);
  } catch (error) {
    throw asFailure(error, 'an answer');
  } finally {
    socket.removeAllListeners('close');
  }
}

/** @param {Buffer} chunk @returns {'S' | 'N'} */
function readAnswer(chunk) {
  const letter = String.fromCharCode(chunk[0]);
  // More than one byte would be read as if it had been encrypted.
  if ((letter === 'S' || letter === 'N') && chunk.length === 1) {
    return letter;
  }
  if (letter === 'E') {
    const reader = new wire.FrameReader();
    reader.push(chunk);
    const frame = reader.next();
    if (frame !== null) {
      throw serverFailure(wire.readFields(frame.body));
    }
  }
  throw new Failure('protocol', 'what answers there is no PostgreSQL');
}

/**
 * @param {net.Socket} socket
 * @param {Settings} settings
 * @param {Route} route
 * @param {Deadline} deadline
 * @returns {Promise<import('node:tls').TLSSocket>}
 */
async function handshake(socket, settings, route, deadline) {
  const tls = require('node:tls');
  const secured = tls.connect({ ...tlsOptions(settings, route), socket });
  const done = new Promise((resolve, reject) => {
    secured.once('secureConnect', resolve);
    secured.once('error', reject);
    secured.once('close', () =>
      reject(new Failure('closed', 'the connection was closed')),
    );
  });
  try {
    await deadline.race(done, HANDSHAKE_MILLIS, 'the TLS handshake');
    return secured;
  } catch (error) {
    secured.destroy();
    const { code, message } = asFailure(error, 'the TLS handshake');
    throw new Failure('tls', `the TLS handshake failed: ${message}`, {
      code: code ?? 'handshake',
    });
  } finally {
    secured.removeAllListeners('error');
    secured.removeAllListeners('close');
    secured.on('error', () => {});
  }
}

/**
 * @param {import('node:tls').DetailedPeerCertificate} certificate
 * @returns {CertificateReport}
 */
function describe(certificate) {
  const { subject, issuer, subjectaltname = '' } = certificate;
  const until = Date.parse(certificate.valid_to);
  const name = (/** @type {any} */ who) => String(who?.CN ?? who?.O ?? '');
  return {
    subject: name(subject),
    issuer: name(issuer),
    names: subjectaltname
      .split(', ')
      .filter(Boolean)
      .map((entry) => entry.replace(/^(DNS|IP Address):/, '')),
    validFrom: new Date(certificate.valid_from).toISOString(),
    validTo: new Date(until).toISOString(),
    daysLeft: Math.floor((until - Date.now()) / DAY_MILLIS),
  };
}

/**
 * @param {import('node:tls').TLSSocket} socket
 * @param {Route} route
 * @param {TlsReport} report
 */
function readCertificate(socket, route, report) {
  const { checkServerIdentity } = require('node:tls');
  const first = socket.getPeerCertificate(true);
  report.protocol = socket.getProtocol();
  report.cipher = socket.getCipher()?.standardName ?? null;
  for (
    let at = first;
    at?.raw && report.chain.length < CHAIN_MAX;
    at = at.issuerCertificate
  ) {
    report.chain.push(describe(at));
    if (at.issuerCertificate === at) {
      break;
    }
  }
  report.trusted = socket.authorized;
  report.trustError = socket.authorized
    ? null
    : String(socket.authorizationError);
  const mismatch = checkServerIdentity(route.host, first);
  report.hostMatches = mismatch === undefined;
  report.hostError = mismatch === undefined ? null : mismatch.message;
}

/** @param {string} sslmode @returns {TlsReport} */
function emptyTls(sslmode) {
  return {
    offered: null,
    protocol: null,
    cipher: null,
    chain: [],
    trusted: null,
    trustError: null,
    hostMatches: null,
    hostError: null,
    error: null,
    sslmode,
    meaning: MEANINGS[sslmode] ?? '',
    used: false,
  };
}

/**
 * Looks at the TLS of a server on a connection of its own.
 * @param {Route} route
 * @param {Settings} settings
 * @param {Deadline} deadline
 * @param {TlsReport} report filled in as far as it goes
 */
async function inspectTls(route, settings, deadline, report) {
  if (route.path !== undefined) {
    return;
  }
  const socket = await dial(route, deadline, CONNECT_MILLIS);
  try {
    const direct = settings.sslnegotiation === 'direct';
    report.offered = direct || (await requestTls(socket, deadline)) === 'S';
    if (report.offered) {
      const secured = await handshake(socket, settings, route, deadline);
      readCertificate(secured, route, report);
      secured.destroy();
    }
  } catch (error) {
    const failure = asFailure(error, 'TLS');
    if (failure.kind !== 'tls') {
      throw failure;
    }
    report.error = failure.message;
  } finally {
    socket.destroy();
  }
}

/**
 * Opens a socket that is as secure as sslmode requires.
 * @param {Route} route
 * @param {Settings} settings
 * @param {Deadline} deadline
 * @returns {Promise<{socket: net.Socket, encrypted: boolean,
 *   certificate?: Buffer}>}
 */
async function openSecure(route, settings, deadline) {
  const mode = settings.sslmode;
  const socket = await dial(route, deadline, CONNECT_MILLIS);
  if (route.path !== undefined || mode === 'disable' || mode === 'allow') {
    return { socket, encrypted: false };
  }
  const direct = settings.sslnegotiation === 'direct';
  try {
    if (!direct && (await requestTls(socket, deadline)) === 'N') {
      if (needsTls(mode)) {
        throw new Failure('tls', 'the server does not offer TLS', {
          code: 'not-offered',
        });
      }
      return { socket, encrypted: false };
    }
    const secured = await handshake(socket, settings, route, deadline);
    checkCertificate(secured, route, mode);
    const certificate = secured.getPeerCertificate().raw;
    return { socket: secured, encrypted: true, certificate };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/**
 * Throws where sslmode forbids to continue, before the password is sent.
 * @param {import('node:tls').TLSSocket} socket
 * @param {Route} route
 * @param {string} mode
 */
function checkCertificate(socket, route, mode) {
  const { checkServerIdentity } = require('node:tls');
  if (mode.startsWith('verify') && !socket.authorized) {
    const code = String(socket.authorizationError);
    throw new Failure('tls', `the certificate is refused: ${code}`, { code });
  }
  const mismatch = checkServerIdentity(
    route.host,
    socket.getPeerCertificate(true),
  );
  if (mode === 'verify-full' && mismatch !== undefined) {
    const { message } = mismatch;
    throw new Failure('tls', message, { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  }
}

module.exports = {
  emptyTls,
  inspectTls,
  isLocalHost,
  needsTls,
  openSecure,
};
