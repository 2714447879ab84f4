// SPDX-License-Identifier: MIT
'use strict';

// OpenTelemetry's spans, under the names that its instrumentation of pg gives
// them. It listens to the channels that every tracer can listen to.

const { traces } = require('./diagnostics.js');

const SYSTEM = 'postgresql';
/** api.SpanKind.CLIENT and api.SpanStatusCode.ERROR, fixed by the API. */
const KIND_CLIENT = 2;
const STATUS_ERROR = 2;

/**
 * Whether attributes have the names that conventions gave them before they
 * became stable, too. Those who asked for the stable ones get no others.
 */
function wantsOldNames() {
  const asked = (process.env.OTEL_SEMCONV_STABILITY_OPT_IN ?? '')
    .split(',')
    .map((word) => word.trim());
  return !asked.includes('database') || asked.includes('database/dup');
}

/**
 * @param {any} target of a channel's message
 * @returns {Record<string, unknown>}
 */
function serverAttributes({ host, port, database }) {
  return {
    'db.system.name': SYSTEM,
    'db.namespace': database,
    'server.address': host,
    'server.port': port,
  };
}

/**
 * @param {any} target of a channel's message
 * @returns {Record<string, unknown>}
 */
function spanAttributes(target) {
  const { host, port, database, user } = target;
  const old = {
    'db.system': SYSTEM,
    'db.name': database,
    'db.user': user,
    'db.connection_string': `postgresql://${host}:${port}/${database}`,
    'net.peer.name': host,
    'net.peer.port': port,
  };
  return { ...(wantsOldNames() ? old : {}), ...serverAttributes(target) };
}

/**
 * @param {any} error
 * @returns {Record<string, unknown>}
 */
function errorAttributes(error) {
  if (error === undefined) {
    return {};
  }
  const type = String(error?.code ?? error?.name ?? '_OTHER');
  const state = error?.sqlState;
  return state === undefined
    ? { 'error.type': type }
    : { 'error.type': type, 'db.response.status_code': state };
}

/**
 * @param {string} text
 * @returns {string} the first word of a statement, in capitals
 */
function operationOf(text) {
  return /^\w+/.exec(text.trim())?.[0].toUpperCase() ?? SYSTEM;
}

/**
 * Subscribes to the beginning and end of some work. What is refused
 * synchronously, as a statement whose value cannot be encoded, has its `end`
 * only.
 * @param {import('./diagnostics.js').Trace} trace
 * @param {(message: any) => void} onStart
 * @param {(message: any) => void} onEnd
 * @returns {() => void} unsubscribes
 */
function follow({ start, end, asyncEnd }, onStart, onEnd) {
  const failed = new WeakSet();
  const onAsyncEnd = (/** @type {any} */ message) => {
    if (message.error !== undefined) {
      failed.add(message);
    }
    onEnd(message);
  };
  const onSyncEnd = (/** @type {any} */ message) => {
    if (message.error !== undefined && !failed.has(message)) {
      onEnd(message);
    }
  };
  start.subscribe(onStart);
  end.subscribe(onSyncEnd);
  asyncEnd.subscribe(onAsyncEnd);
  return () => {
    start.unsubscribe(onStart);
    end.unsubscribe(onSyncEnd);
    asyncEnd.unsubscribe(onAsyncEnd);
  };
}

/**
 * Makes a span of each piece of some work.
 * @param {any} tracer
 * @param {import('./diagnostics.js').Trace} trace
 * @param {(message: any) => string} nameOf
 * @param {(message: any) => Record<string, unknown>} more attributes
 * @returns {() => void} ends it
 */
function spansOf(tracer, trace, nameOf, more) {
  /** @type {WeakMap<object, any>} */
  const spans = new WeakMap();
  const onStart = (/** @type {any} */ message) => {
    const attributes = { ...spanAttributes(message.target), ...more(message) };
    const options = { kind: KIND_CLIENT, attributes };
    spans.set(message, tracer.startSpan(nameOf(message), options));
  };
  return follow(trace, onStart, (message) => {
    const span = spans.get(message);
    if (span === undefined) {
      return;
    }
    if (message.error !== undefined) {
      // Its message may contain values; the code is enough.
      span.setStatus({ code: STATUS_ERROR });
      span.setAttributes(errorAttributes(message.error));
    }
    if (message.attempts > 1) {
      span.setAttribute('db.holdfast.attempts', message.attempts);
    }
    span.end();
  });
}

/** @param {any} query @returns {string} such as `pg.query:SELECT app` */
function queryName({ name, text, target }) {
  const { database } = target;
  const ending = database === undefined ? '' : ` ${database}`;
  return `pg.query:${name ?? operationOf(text)}${ending}`;
}

/** @param {any} query */
function queryAttributes({ name, text }) {
  return {
    ...(wantsOldNames() ? { 'db.statement': text } : {}),
    'db.query.text': text,
    ...(name === undefined ? {} : { 'db.postgresql.plan': name }),
  };
}

/**
 * Makes spans of statements, of connects, and of connect() on pools.
 * @param {any} tracer
 * @returns {() => void} ends it
 */
function startSpans(tracer) {
  const none = () => ({});
  const stops = [
    spansOf(tracer, traces.query, queryName, queryAttributes),
    spansOf(tracer, traces.acquire, () => 'pg-pool.connect', none),
    spansOf(tracer, traces.connect, () => 'pg.connect', none),
  ];
  return () => {
    for (const stop of stops) {
      stop();
    }
  };
}

module.exports = {
  errorAttributes,
  follow,
  operationOf,
  serverAttributes,
  startSpans,
};
