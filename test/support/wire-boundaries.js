// SPDX-License-Identifier: MIT
// Where messages and TLS records end on a proxied connection, and faults at
// exactly these bytes, one before and one after.

/** @typedef {'up' | 'down'} Direction */

const RECORD_HEAD = 5;

/** Finds where TLS records end in a stream that comes in chunks. */
class RecordReader {
  #head = Buffer.alloc(0);
  /** Bytes of the current record that are still to come. */
  #left = 0;

  /**
   * @param {Buffer} chunk
   * @returns {number[]} the ends of the records whose heads end in this chunk,
   *   counted from its start; an end may be beyond it
   */
  push(chunk) {
    /** @type {number[]} */
    const ends = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const size = Math.min(this.#left, chunk.length - at);
        this.#left -= size;
        at += size;
        continue;
      }
      const missing = RECORD_HEAD - this.#head.length;
      const piece = chunk.subarray(at, at + missing);
      this.#head = Buffer.concat([this.#head, piece]);
      at += piece.length;
      if (this.#head.length === RECORD_HEAD) {
        this.#left = this.#head.readUInt16BE(3);
        this.#head = Buffer.alloc(0);
        ends.push(at + this.#left);
      }
    }
    return ends;
  }
}

/**
 * Calls `found` for each end of a message, or of a TLS record, of the first new
 * connection, before its bytes are delivered.
 *
 * @param {any} proxy
 * @param {(direction: Direction, bytes: number) => void} found counted from
 *   what was delivered so far
 */
function watchEnds(proxy, found) {
  const readers = { up: new RecordReader(), down: new RecordReader() };
  /** @type {any} */
  let first = null;
  proxy.onMessage((/** @type {any} */ message) => {
    const { connection, direction, type, length, payload } = message;
    first ??= connection;
    if (connection !== first) {
      return;
    }
    const ends =
      type === 'raw'
        ? readers[/** @type {Direction} */ (direction)].push(payload)
        : [length];
    for (const bytes of ends) {
      found(direction, bytes);
    }
  });
}

/**
 * Counts, in one session without faults, the ends and the bytes in each
 * direction.
 *
 * @param {any} proxy
 * @param {() => Promise<void>} session
 */
async function countEnds(proxy, session) {
  const ends = { up: 0, down: 0 };
  /** @type {any} */
  let link;
  watchEnds(proxy, (direction) => {
    ends[direction] += 1;
  });
  proxy.once('connection', (/** @type {any} */ made) => {
    link = made;
  });
  await session();
  proxy.onMessage(null);
  return { ends, bytes: { up: link.up.bytes, down: link.down.bytes } };
}

/**
 * Applies a fault at the n-th end (from 0), or so many bytes from it.
 *
 * @param {any} proxy
 * @param {{direction: Direction, end: number, offset: number,
 *   action: 'rst' | 'fin' | 'stall'}} fault
 */
function strikeAtEnd(proxy, { direction, end, offset, action }) {
  let seen = 0;
  /** @type {{clear: () => void} | undefined} */
  let rule;
  watchEnds(proxy, (where, bytes) => {
    if (where !== direction || seen++ !== end) {
      return;
    }
    const at = { direction, bytes: bytes + offset, once: true };
    rule =
      action === 'stall'
        ? proxy.stallAfter(at)
        : proxy.cutAfter({ ...at, how: action });
  });
  return {
    clear() {
      rule?.clear();
      proxy.onMessage(null);
    },
  };
}

module.exports = { RecordReader, countEnds, strikeAtEnd };
