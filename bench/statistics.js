// SPDX-License-Identifier: MIT

/** @param {number[]} values */
function median(values) {
  if (values.length === 0) {
    return null;
  }
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @param {Float64Array} values left as they are */
function percentiles(values) {
  const sorted = values.slice().sort();
  /** @param {number} share */
  const at = (share) =>
    sorted.length === 0
      ? null
      : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { p50: at(0.5), p99: at(0.99) };
}

/**
 * The median of each figure over the rounds that have it.
 * @template {string} Key
 * @param {Record<Key, number | null>[]} rounds
 * @param {readonly Key[]} keys
 */
function medians(rounds, keys) {
  /** @type {Record<string, number | null>} */
  const result = {};
  for (const key of keys) {
    const values = rounds.map((round) => round[key]);
    result[key] = median(values.filter((v) => typeof v === 'number'));
  }
  return /** @type {Record<Key, number | null>} */ (result);
}

/**
 * The median, over rounds, of a / b. The figures of one round were taken within
 * seconds of each other, so that changes in the machine's speed cancel out.
 * @param {(number | null)[]} a
 * @param {(number | null)[]} b
 */
function medianRatio(a, b) {
  const ratios = [];
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [over, under] = [a[i], b[i]];
    if (typeof over === 'number' && typeof under === 'number' && under > 0) {
      ratios.push(over / under);
    }
  }
  return median(ratios);
}

module.exports = { median, medianRatio, medians, percentiles };
