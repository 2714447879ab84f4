// SPDX-License-Identifier: MIT
'use strict';

// The login, by the method that the server requests. The method is a finding,
// so it is noted whether or not the login succeeds.

const { Failure } = require('./failure.js');
const { Scram, endPoint, md5 } = require('./scram.js');
const wire = require('./wire.js');

/**
 * `none`: nothing was asked (trust, peer, or a client certificate).
 * @typedef {'none' | 'password' | 'md5' | 'scram-sha-256' | 'gss' | 'sspi' |
 *   'other' | 'unknown'} Method
 */

/** @typedef {'used' | 'not offered' | 'no TLS' | 'disabled' |
 *   'not for this certificate' | null} Binding */

const PLUS = 'SCRAM-SHA-256-PLUS';
const PLAIN = 'SCRAM-SHA-256';

// Codes of AuthenticationRequest.
const OK = 0;
const CLEARTEXT = 3;
const MD5 = 5;
const GSS = 7;
const SSPI = 9;
const SASL = 10;
const SASL_CONTINUE = 11;
const SASL_FINAL = 12;

class Login {
  #settings;
  #certificate;
  #encrypted;
  /** @type {Scram | null} */
  #scram = null;
  /** @type {Method} */
  method = 'unknown';
  /** @type {string[]} */
  mechanisms = [];
  /** @type {Binding} */
  binding = null;
  /** Whether the server answered with NegotiateProtocolVersion. */
  negotiated = false;

  /**
   * @param {import('./settings.js').Settings} settings
   * @param {{certificate?: Buffer, encrypted: boolean}} tls
   * @param {Record<string, string>} [more] start-up parameters
   */
  constructor(settings, { certificate, encrypted }, more = {}) {
    this.#settings = settings;
    this.#certificate = certificate;
    this.#encrypted = encrypted;
    this.parameters = {
      user: settings.user,
      database: settings.database,
      client_encoding: 'UTF8',
      application_name: 'pg-holdfast doctor',
      ...more,
    };
  }

  /**
   * @param {Buffer} body of an AuthenticationRequest
   * @returns {Promise<Buffer | null>} what to send
   */
  async answer(body) {
    const code = body.readInt32BE(0);
    switch (code) {
      case OK:
        this.method = this.method === 'unknown' ? 'none' : this.method;
        return null;
      case CLEARTEXT:
        this.method = 'password';
        return wire.password(this.#password());
      case MD5: {
        this.method = 'md5';
        const salt = body.subarray(4, 8);
        return wire.password(md5(this.#password(), this.#settings.user, salt));
      }
      case SASL:
        return this.#startScram(body);
      case SASL_CONTINUE: {
        const scram = this.#expected();
        return wire.saslResponse(await scram.answer(body.toString('utf8', 4)));
      }
      case SASL_FINAL:
        this.#expected().check(body.toString('utf8', 4));
        return null;
      default:
        return this.#unknown(code);
    }
  }

  /** @param {number} code @returns {never} */
  #unknown(code) {
    /** @type {Record<number, Method>} */
    const names = { [GSS]: 'gss', [SSPI]: 'sspi' };
    this.method = names[code] ?? 'other';
    throw new Failure(
      'auth',
      `the server wants a login by ${names[code] ?? `method ${code}`}`,
      { code: 'method' },
    );
  }

  #expected() {
    if (this.#scram === null) {
      throw new Failure('protocol', 'the SCRAM exchange makes no sense');
    }
    return this.#scram;
  }

  #password() {
    const { password } = this.#settings;
    if (password === undefined || password === '') {
      throw new Failure('auth', 'the server asks for a password', {
        code: 'no-password',
      });
    }
    return password;
  }

  /** @param {Buffer} body */
  #startScram(body) {
    this.mechanisms = body.toString('utf8', 4).split('\0').filter(Boolean);
    if (!this.mechanisms.some((name) => name === PLAIN || name === PLUS)) {
      this.method = 'other';
      const list = this.mechanisms.join(', ').slice(0, 80);
      throw new Failure('auth', `the server wants a login by ${list}`, {
        code: 'method',
      });
    }
    this.method = 'scram-sha-256';
    this.#scram = new Scram(this.#password(), this.#bindTo());
    return wire.saslInitial(this.#scram.mechanism, this.#scram.first);
  }

  /** Returns the data of channel binding, and notes why there is none. */
  #bindTo() {
    const wanted = this.#settings.channelBinding;
    const data =
      this.#certificate === undefined ? undefined : endPoint(this.#certificate);
    if (!this.#encrypted) {
      this.binding = 'no TLS';
    } else if (!this.mechanisms.includes(PLUS)) {
      this.binding = 'not offered';
    } else if (wanted === 'disable') {
      this.binding = 'disabled';
    } else {
      this.binding = data === undefined ? 'not for this certificate' : 'used';
    }
    if (wanted === 'require' && this.binding !== 'used') {
      throw new Failure(
        'auth',
        `channel_binding=require, but it cannot be had: ${this.binding}`,
        { code: 'channel-binding' },
      );
    }
    return this.binding === 'used' ? data : undefined;
  }
}

module.exports = { Login };
