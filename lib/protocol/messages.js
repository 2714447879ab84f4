// SPDX-License-Identifier: MIT
'use strict';

// What the engine says: struct hf_message of holdfast.h.
// Written by `node scripts/protocol.js --fix`.

/** Kinds of messages. */
const MSG = Object.freeze({
  RESULT: 1,
  /** columns of results that follow, once per port */
  ROW_DESCRIPTION: 2,
  ERROR: 3,
  /** a connection was acquired */
  LEASE: 4,
  /** release, end, warm-up, ...: done; may carry values */
  OK: 5,
  /** chunk 0: options of the pool as name NUL value NUL ... */
  OPENED: 6,
  EVENT: 7,
  /** the engine wants a function run; answer HF_OP_ANSWER */
  ASK: 8,
  /** the answer to HF_OP_HEALTH */
  HEALTH: 9,
  /** of COPY: chunk 0, if there, are bytes from the server */
  COPY: 10,
});

/** Places in every message. */
const INT_AT = Object.freeze({
  KIND: 0,
  /** of this message in ints */
  LENGTH: 1,
  ID_LOW: 2,
  ID_HIGH: 3,
  /** how many of nums are this message's */
  NUMS: 4,
  /** how many chunks are this message's */
  CHUNKS: 5,
  HEADER: 6,
});

/** Places in a result. */
const RESULT_AT = Object.freeze({
  /** HF_RESULT_MORE, ..._WROTE, ... */
  FLAGS: 6,
  /** 0 = no columns */
  ROW_DESCRIPTION: 7,
  ROWS: 8,
  /** row count of the command tag, two words */
  AFFECTED_LOW: 9,
  /** -1 = none */
  AFFECTED_HIGH: 10,
  OID: 11,
  /** enum hf_command */
  COMMAND: 12,
  ATTEMPTS: 13,
  /** serial of the connection it ran on; 0 = cached */
  CONNECTION: 14,
  /** on a lease: I, T or E after it; else 0 */
  TRANSACTION: 15,
  INTS: 16,
});

/** Flags of a result. */
const RESULT = Object.freeze({
  /** another result of this call follows */
  MORE: 1,
  /**
   * something may be durable by now: what it wrote, or what the transaction
   * wrote that it committed
   */
  WROTE: 2,
  /** no statement was sent for this call */
  CACHED: 4,
  /** and the answer is older than it asked for */
  STALE: 8,
  /** it may have left something in its session */
  HOLDS: 16,
  /**
   * with MORE: a portion of a stream's rows; the rest of the same result
   * follows
   */
  PART: 32,
});

/** Places in a description of columns. */
const ROW_DESCRIPTION_AT = Object.freeze({
  /**
   * Numbers are never used again. HF_ROW_DESCRIPTION_ID 1 says that those known
   * so far will not be used by results still to be made; ones already made and
   * on their way may refer to them, so keep one generation.
   */
  ID: 6,
  COLUMNS: 7,
  INTS: 8,
  STRIDE: 6,
});

/** Places in an error. */
const ERROR_AT = Object.freeze({
  /**
   * HF_MSG_ERROR. Chunk 0: fields, each a letter as in the protocol's
   * ErrorResponse (S severity, V, C sqlstate, M message, ...) or ours (a
   * address, o port, y syscall), then text, then NUL. Chunk 1, if there: the
   * fields of the cause.
   */
  STATUS: 6,
  OUTCOME: 7,
  RETRYABLE: 8,
  UNIT: 9,
  PHASE: 10,
  ATTEMPTS: 11,
  ELAPSED_MS: 12,
  ERRNO: 13,
  /** the pool at that moment */
  TOTAL: 14,
  BUSY: 15,
  IDLE: 16,
  WAITING: 17,
  CAUSE_STATUS: 18,
  CAUSE_ERRNO: 19,
  /** as HF_RESULT_TRANSACTION */
  TRANSACTION: 20,
  /** as HF_RESULT_CONNECTION */
  CONNECTION: 21,
  /** of busy ones, those that are lent to clients */
  LEASED: 22,
  /** which statement of a batch, from 1; 0 = none */
  STATEMENT: 23,
  INTS: 24,
});

/** Places in a verdict of health. */
const HEALTH_AT = Object.freeze({
  /** enum hf_health_status */
  STATUS: 24,
  /** enum hf_health_obstacle */
  OBSTACLE: 25,
  /** HF_ISSUE_* */
  ISSUES: 26,
  /** 1 = as many as a warm-up opens were open at once */
  WARMED: 27,
  /** enum hf_health_pooler */
  POOLER: 28,
  /** enum hf_health_role */
  ROLE: 29,
  /** enum hf_circuit */
  BREAKER: 30,
  /** how long the server took */
  ANSWER_MS: 31,
  /** connections, at work, since the last verdict */
  LOST: 32,
  INTS: 33,
});

/** Places in a lease. */
const LEASE_AT = Object.freeze({
  /** target of HF_OP_LEASE_QUERY */
  NUMBER: 6,
  /** serial of the connection in its pool */
  CONNECTION: 7,
  /** backend's process id */
  PID: 8,
  /** 1 = behind a proxy */
  POOLED: 9,
  INTS: 10,
});

/** Places in data of COPY. */
const COPY_AT = Object.freeze({
  /** so many bytes of HF_OP_WRITE went on */
  TAKEN: 6,
  INTS: 7,
});

/** Places in a plain answer. */
const OK_AT = Object.freeze({
  /** transaction status, health, ... */
  STATUS: 6,
  INTS: 7,
});

/** Places in a pool's answer. */
const OPENED_AT = Object.freeze({
  /** 1 = the registry had it */
  EXISTING: 6,
  INTS: 7,
});

/** Places in an event. */
const EVENT_AT = Object.freeze({
  /** enum hf_event */
  KIND: 6,
  /**
   * NOTIFY: sender's pid; CONNECT, CONNECT_FAILED: microseconds it took;
   * BREAKER: enum hf_circuit; else 0
   */
  VALUE: 7,
  /**
   * The lease it belongs to, or 0. Of CONNECT: the one by which this
   * environment is to prepare the connection; HF_OP_RELEASE says that it did.
   */
  LEASE: 8,
  /** enum hf_status of the failure it reports, or HF_OK */
  STATUS: 9,
  /** positive, 0 = none */
  ERRNO: 10,
  /** of CONNECT: the backend's process id */
  PID: 11,
  /** of CONNECT: 1 = behind a proxy */
  POOLED: 12,
  INTS: 13,
});

/** Places in a question. */
const ASK_AT = Object.freeze({
  /**
   * HF_MSG_ASK: id = question; chunk 0 = what is asked: "password", or
   * "identity <host>\n<certificates>", the server's own first, as PEM text
   */
  POOL: 6,
  INTS: 7,
});

/** Kinds of events. */
const EVENT = Object.freeze({
  /** a connection was opened */
  CONNECT: 0,
  /** a connection was closed */
  REMOVE: 1,
  /** an idle connection died; chunk 0 = fields */
  ERROR: 2,
  /** chunk 0 = fields */
  NOTICE: 3,
  /** chunk 0 = channel, chunk 1 = payload */
  NOTIFY: 4,
  /** chunk 0 = a sentence for the log */
  WARNING: 5,
  /** a leased connection died; chunk 0 = fields */
  LOST: 6,
  /** a connect was begun */
  CONNECTING: 7,
  /** ended without success; chunk 0 = fields */
  CONNECT_FAILED: 8,
  /** opened (chunk 0 = fields) or closed */
  BREAKER: 9,
  /**
   * chunk 0 = channel: listened to again; what was notified since it was lost
   * is missed
   */
  RESUMED: 10,
});

/** How a column travels. */
const COLUMN = Object.freeze({
  TEXT: 0,
  /** int2, int4 */
  INT: 1,
  BOOL: 2,
  /** float4, float8, oid */
  FLOAT: 3,
  /** timestamptz: ms since 1970, infinities kept */
  TIME: 4,
});

/** First words of command tags. */
const COMMAND = Object.freeze({
  OTHER: 0,
  SELECT: 1,
  INSERT: 2,
  UPDATE: 3,
  DELETE: 4,
  BEGIN: 5,
  COMMIT: 6,
  ROLLBACK: 7,
  SET: 8,
  /** the empty statement: command is null, as in pg */
  EMPTY: 9,
});

/** Places in a pool's gauges. */
const GAUGE = Object.freeze({
  TOTAL: 0,
  BUSY: 1,
  IDLE: 2,
  WAITING: 3,
  CONNECTING: 4,
  LEASED: 5,
  BREAKER: 6,
  PROXIED: 7,
  SUSPENDED: 8,
  WORDS: 9,
});

/** States of the breaker. */
const CIRCUIT = Object.freeze({
  /** connect at will */
  CLOSED: 0,
  /** nobody connects before a given time */
  OPEN: 1,
  /** one probe is on its way, nobody else connects */
  HALF_OPEN: 2,
});

/** Verdicts of health. */
const HEALTH = Object.freeze({
  /** queries work */
  UP: 0,
  /** they do, or would if others let them */
  DEGRADED: 1,
  /** none works */
  DOWN: 2,
});

/** What keeps queries from working. */
const OBSTACLE = Object.freeze({
  NONE: 0,
  /** the pool was ended */
  ENDED: 1,
  /** by suspend() */
  SUSPENDED: 2,
  /** the server was asked and does not answer */
  SILENT: 3,
  /** the application has all connections */
  IN_USE: 4,
  /** what the probe failed with says it */
  FAILED: 5,
});

/** What is wrong although they work. */
const ISSUE = Object.freeze({
  QUEUE_FULL: 1,
  /** half of queueMax, or more */
  QUEUE_LONG: 2,
  /** to clients, and calls wait */
  ALL_LENT: 4,
  /** the server took long to answer */
  SLOW: 8,
  /** new connections cannot be opened */
  BREAKER: 16,
  /** connections were lost at work */
  LOST: 32,
  TAKES_NO_WRITES: 64,
  /** a standby where a primary was */
  DEMOTED: 128,
});

/** A server's role. */
const ROLE = Object.freeze({
  UNKNOWN: 0,
  PRIMARY: 1,
  STANDBY: 2,
});

/** What stands between. */
const POOLER = Object.freeze({
  UNKNOWN: 0,
  NONE: 1,
  SESSION: 2,
  TRANSACTION: 3,
  /** seen, and not declared */
  PROXY: 4,
});

module.exports = {
  ASK_AT,
  CIRCUIT,
  COLUMN,
  COMMAND,
  COPY_AT,
  ERROR_AT,
  EVENT,
  EVENT_AT,
  GAUGE,
  HEALTH,
  HEALTH_AT,
  INT_AT,
  ISSUE,
  LEASE_AT,
  MSG,
  OBSTACLE,
  OK_AT,
  OPENED_AT,
  POOLER,
  RESULT,
  RESULT_AT,
  ROLE,
  ROW_DESCRIPTION_AT,
};
