// SPDX-License-Identifier: MIT

const FIRST_CAPACITY = 65_536;

/** A growing list of durations in milliseconds, with percentiles. */
class Latencies {
  #values = new Float64Array(FIRST_CAPACITY);
  #length = 0;

  /** @param {number} millis */
  add(millis) {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = millis;
  }

  /** @returns {{p50: number | null, p99: number | null}} */
  summary() {
    const sorted = this.#values.slice(0, this.#length).sort();
    /** @param {number} share */
    const at = (share) =>
      sorted.length === 0
        ? null
        : sorted[
            Math.min(sorted.length - 1, Math.floor(sorted.length * share))
          ];
    return { p50: at(0.5), p99: at(0.99) };
  }
}

module.exports = { Latencies };
