// SPDX-License-Identifier: MIT
// Graphs of who needs whom: circles, the shortest way around one, and arrows
// against an order.
'use strict';

/**
 * One arrow. `where` says why it is there: a file and line, or a function.
 *
 * @typedef {{from: string, to: string, where: string}} Edge
 */

/** @param {Edge} edge */
function nameOf(edge) {
  return `${edge.from} -> ${edge.to}`;
}

/** One arrow for each pair, and none from a name to itself.
 * @param {Edge[]} edges @returns {Edge[]} */
function distinct(edges) {
  const known = new Map();
  for (const edge of edges) {
    if (edge.from !== edge.to && !known.has(nameOf(edge))) {
      known.set(nameOf(edge), edge);
    }
  }
  return [...known.values()];
}

/** @param {Edge[]} edges @returns {Map<string, Edge[]>} */
function byStart(edges) {
  const out = new Map();
  for (const edge of edges) {
    const list = out.get(edge.from) ?? [];
    list.push(edge);
    out.set(edge.from, list);
  }
  return out;
}

/**
 * The shortest way from one name to another, as its arrows; null when there
 * is none. From a name to itself it is the shortest circle through it.
 *
 * @param {Edge[]} edges @param {string} from @param {string} to
 * @returns {Edge[] | null}
 */
function path(edges, from, to) {
  const next = byStart(edges);
  /** @type {Map<string, Edge>} */
  const cameBy = new Map();
  const queue = [from];
  for (const name of queue) {
    for (const edge of next.get(name) ?? []) {
      if (!cameBy.has(edge.to)) {
        cameBy.set(edge.to, edge);
        queue.push(edge.to);
      }
    }
  }
  if (!cameBy.has(to)) {
    return null;
  }
  const way = [/** @type {Edge} */ (cameBy.get(to))];
  while (way[0].from !== from) {
    way.unshift(/** @type {Edge} */ (cameBy.get(way[0].from)));
  }
  return way;
}

/** @param {Edge[]} edges @returns {Map<string, Set<string>>} */
function reach(edges) {
  const next = byStart(edges);
  const out = new Map();
  for (const start of next.keys()) {
    const seen = new Set();
    const queue = [start];
    for (const name of queue) {
      for (const { to } of next.get(name) ?? []) {
        if (!seen.has(to)) {
          seen.add(to);
          queue.push(to);
        }
      }
    }
    out.set(start, seen);
  }
  return out;
}

/**
 * The circles: sets of names each of which needs, in the end, all the others.
 *
 * @param {Edge[]} edges @returns {string[][]} largest first
 */
function circles(edges) {
  const reached = reach(edges);
  const done = new Set();
  const found = [];
  for (const [name, others] of reached) {
    if (!done.has(name) && others.has(name)) {
      const circle = [...others].filter((o) => reached.get(o)?.has(name));
      circle.forEach((member) => {
        done.add(member);
      });
      found.push(circle.sort());
    }
  }
  return found.sort((a, b) => b.length - a.length);
}

/** The arrows that are part of a circle.
 * @param {Edge[]} edges @returns {Edge[]} */
function circular(edges) {
  const reached = reach(edges);
  return edges.filter(({ from, to }) => reached.get(to)?.has(from));
}

/**
 * The shortest way around a circle.
 *
 * @param {Edge[]} edges @param {string[]} circle @returns {Edge[]}
 */
function around(edges, circle) {
  const ways = circle.map((name) => path(edges, name, name) ?? []);
  return ways.reduce((a, b) => (b.length < a.length ? b : a));
}

/**
 * The arrows that go up. An order lists names from the lowest; who is not in
 * it may be anywhere.
 *
 * @param {Edge[]} edges @param {string[]} order
 * @param {(name: string) => string} floorOf
 */
function upward(edges, order, floorOf) {
  return edges.filter(({ from, to }) => {
    const [low, high] = [from, to].map((name) => order.indexOf(floorOf(name)));
    return low >= 0 && high > low;
  });
}

module.exports = {
  around,
  circles,
  circular,
  distinct,
  nameOf,
  path,
  upward,
};
