// SPDX-License-Identifier: MIT
'use strict';

// What is asked of the engine: struct hf_op of holdfast.h.
// Written by `node scripts/protocol.js --fix`.

/** Kinds of operations. */
const OP = Object.freeze({
  /**
   * target = new pool; fields: key, then name, value, ... Of a pool that is
   * open: what was written since
   */
  OPEN: 1,
  /** target = pool; fields: sql, name if flagged, values */
  QUERY: 2,
  /** target = pool */
  ACQUIRE: 3,
  /** target = lease; fields as HF_OP_QUERY */
  LEASE_QUERY: 4,
  /** target = lease */
  RELEASE: 5,
  /**
   * id = the request to abort; with HF_FLAG_STREAM the reader has left it,
   * which is no failure
   */
  ABORT: 6,
  /** target = pool; timeout_ms: instead of drainMillis */
  END: 7,
  /** target = pool; deadline_ms: how long it waits */
  WARMUP: 8,
  /** target = pool: a new generation of connections */
  RESET: 9,
  /** target = pool: close idle connections, let calls wait */
  SUSPEND: 10,
  /** target = pool */
  RESUME: 11,
  /** target = pool: drop prepared statements */
  DEALLOCATE: 12,
  /** id = an HF_MSG_ASK; fields: the value, or a message */
  ANSWER: 13,
  /** target = pool; fields: labels to drop; none = all */
  INVALIDATE: 14,
  /** target = pool: new connections are to be prepared */
  HOOK: 15,
  /**
   * target = lease; fields: COMMIT or ROLLBACK. Ends the transaction and
   * releases the lease; acquire_ms: how long COMMIT may take once it is its
   * turn. A COMMIT is sent as ROLLBACK when the transaction has failed, or the
   * call was given up before; HF_FLAG_WANTS_NOTICES as in HF_OP_RELEASE
   */
  FINISH: 16,
  /**
   * target = pool; fields: channel. Answers once it is listened to. With
   * HF_FLAG_CACHE another field, the number of the pool whose cache is to be
   * invalidated by what is notified: payloads are tags, an empty one means
   * everything
   */
  LISTEN: 17,
  /** target = pool; fields: channel. Takes one LISTEN back */
  UNLISTEN: 18,
  /** target = pool; deadline_ms: the answer comes by then */
  HEALTH: 19,
  /** id = a stream: its reader takes another portion */
  READ: 20,
  /**
   * target = pool; fields as HF_OP_QUERY with HF_FLAG_BATCH, which begins a
   * transaction, and one more: values of the last column of its last statement,
   * a line each. When that statement has given one of them, COMMIT follows,
   * else ROLLBACK. The answer is that of the statements and then that of
   * COMMIT, which may be an error; or the error of a statement, after its
   * ROLLBACK
   */
  ONCE: 21,
  /**
   * id = an HF_FLAG_COPY_IN: as many bytes for the server as `portion` says,
   * which are next in the text and no field; with HF_FLAG_CLOSE the last ones
   */
  WRITE: 22,
});

/** Places in an operation. */
const OP_AT = Object.freeze({
  KIND: 0,
  FIELDS: 1,
  TARGET: 2,
  ID_LOW: 3,
  ID_HIGH: 4,
  FLAGS: 5,
  DECODE: 6,
  DEADLINE_MS: 7,
  ACQUIRE_MS: 8,
  TIMEOUT_MS: 9,
  RETRIES: 10,
  PORTION: 11,
  COUNT: 12,
});

/** Flags of an operation. */
const FLAG = Object.freeze({
  /** the second field is a statement name */
  NAMED: 1,
  /**
   * declared; enforced by the engine. HF_OP_HEALTH: the pool's settings ask for
   * transactions that only read
   */
  READ_ONLY: 2,
  /** declared: may run twice */
  IDEMPOTENT: 4,
  /** COMMIT: a warning makes it doubtful */
  EXACTLY_ONCE: 8,
  /** HF_OP_RELEASE: close the connection */
  CLOSE: 16,
  /** HF_OP_OPEN: the registry's pool for key */
  SHARED: 32,
  /**
   * HF_OP_OPEN: results are cached only while an HF_OP_LISTEN with
   * HF_FLAG_CACHE is active
   */
  NOTIFIED: 64,
  /**
   * HF_OP_ANSWER: the function threw. HF_OP_RELEASE: what was to prepare the
   * connection did; answers 1 when a call that waited was refused for it
   */
  FAILED: 128,
  /** HF_OP_RELEASE: notices are still wanted */
  WANTS_NOTICES: 256,
  /** also bounds the running attempt */
  CALLER_DEADLINE: 512,
  /** HF_OP_OPEN: somebody listens to events */
  EVENTS: 1024,
  /** never the simple protocol */
  EXTENDED: 2048,
  /** HF_OP_QUERY: a health probe, goes first */
  PROBE: 4096,
  /**
   * HF_OP_DEALLOCATE: behind a proxy, too; HF_OP_ANSWER: the failure is
   * permanent
   */
  FORCE: 8192,
  /** HF_OP_QUERY: see above; HF_OP_LISTEN */
  CACHE: 16384,
  /** HF_OP_LEASE_QUERY: a ROLLBACK that ends at once what is in its way */
  URGENT: 32768,
  /**
   * HF_OP_QUERY, HF_OP_ACQUIRE, HF_OP_WARMUP: a connect that fails is its
   * answer
   */
  FAIL_FAST: 65536,
  /** the same while there never was a connection and the port is closed */
  FAIL_NEW: 131072,
  /** HF_OP_QUERY, HF_OP_LEASE_QUERY: see above */
  SETTINGS: 262144,
  /** the same */
  BATCH: 524288,
  /**
   * HF_OP_QUERY, HF_OP_LEASE_QUERY: rows come in portions while it runs,
   * HF_STREAM_AHEAD of them and one more for each HF_OP_READ
   */
  STREAM: 1048576,
  /**
   * the same: COPY FROM STDIN, whose data are given by HF_OP_WRITE; HF_MSG_COPY
   * says what was taken of them
   */
  COPY_IN: 2097152,
  /**
   * the same: COPY TO STDOUT, whose data come as HF_MSG_COPY, HF_COPY_AHEAD
   * portions and one more for each HF_OP_READ
   */
  COPY_OUT: 4194304,
});

/** Times that hold where none is given. */
const LIMIT = Object.freeze({
  HEALTH_TIMEOUT_MS: 2000,
  WARMUP_TIMEOUT_MS: 8000,
  /** above it is worth a warning */
  WARMUP_SLOW_MS: 5000,
  /** after an abort: until a statement of the transaction's own has failed */
  STATEMENT_GRACE_MS: 20,
  /** a call that may wait for ever is looked at */
  SELF_LOCK_MS: 5000,
});

/** Portions of a stream. */
const STREAM = Object.freeze({
  /** portions */
  AHEAD: 2,
  /** of a portion where the reader says nothing */
  ROWS: 1000,
  /** a portion ends when it has as many */
  BYTES: 262144,
});

/** Portions of COPY. */
const COPY = Object.freeze({
  /** portions that a reader has not asked for */
  AHEAD: 4,
  /** a portion has as many, or a few more */
  BYTES: 131072,
  /** a writer is ahead of the server by as many */
  WINDOW: 1048576,
});

/** Types that are decoded in C. */
const DECODE = Object.freeze({
  BOOL: 1,
  INT2: 2,
  INT4: 4,
  OID: 8,
  FLOAT4: 16,
  FLOAT8: 32,
  TIMESTAMPTZ: 64,
});

module.exports = { COPY, DECODE, FLAG, LIMIT, OP, OP_AT, STREAM };
