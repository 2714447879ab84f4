// SPDX-License-Identifier: MIT
// What is wrong with a graph of modules: circles of files and of folders,
// arrows that go up, and tolerated arrows that nothing needs tolerated.
'use strict';

const {
  around,
  circles,
  circular,
  distinct,
  nameOf,
  upward,
} = require('./graph.js');

/** @typedef {import('./graph.js').Edge} Edge */
/** @typedef {import('./floors.js').Area} Area */

/**
 * A sentence, and the arrows that show it; `over` is one that the list of
 * tolerated arrows holds for nothing.
 *
 * @typedef {{text: string, way: Edge[], over?: string}} Fault
 */

/** @param {Edge[]} edges @param {(name: string) => string} floorOf */
function byFloor(edges, floorOf) {
  return distinct(
    edges.map((edge) => ({
      from: floorOf(edge.from),
      to: floorOf(edge.to),
      where: edge.where,
    })),
  );
}

/** @param {Edge[]} edges @param {string} kind @returns {Fault[]} */
function circleFaults(edges, kind) {
  return circles(edges).map((circle) => ({
    text: `circle of ${circle.length} ${kind}: ${circle.join(', ')}`,
    way: around(edges, circle),
  }));
}

/** The arrows that are in a circle, of files or of folders, or go up.
 * @param {Edge[]} edges @param {Area} area */
function wrong(edges, { order, floorOf }) {
  const floors = new Set(circular(byFloor(edges, floorOf)).map(nameOf));
  const between = edges.filter(({ from, to }) =>
    floors.has(`${floorOf(from)} -> ${floorOf(to)}`),
  );
  return new Set(
    [...circular(edges), ...between, ...upward(edges, order, floorOf)].map(
      nameOf,
    ),
  );
}

/**
 * @param {Edge[]} edges
 * @param {Area} area
 * @param {string[]} known arrows that are tolerated, as "a -> b"
 * @returns {Fault[]}
 */
function judge(edges, area, known) {
  const rest = edges.filter((edge) => !known.includes(nameOf(edge)));
  const needed = wrong(edges, area);
  const over = known.filter((name) => !needed.has(name));
  return [
    ...circleFaults(rest, 'files'),
    ...circleFaults(byFloor(rest, area.floorOf), 'folders'),
    ...upward(rest, area.order, area.floorOf).map((edge) => ({
      text: `${nameOf(edge)} goes up`,
      way: [edge],
    })),
    ...over.map((name) => ({
      text: `${name} is in no circle any more, but listed as one (--shrink)`,
      way: [],
      over: name,
    })),
  ];
}

/** Takes names that nothing needs out of the text of the list.
 * @param {string} text @param {Fault[]} faults */
function shrink(text, faults) {
  const over = faults.flatMap((fault) => fault.over ?? []);
  return text
    .split('\n')
    .filter((line) => !over.some((name) => line.includes(`'${name}'`)))
    .join('\n');
}

/** @param {Fault} fault @param {boolean} why whether to show its arrows */
function textOf({ text, way }, why) {
  const arrows = way.map((edge) => `\n    ${nameOf(edge)}  (${edge.where})`);
  return why ? text + arrows.join('') : text;
}

module.exports = { judge, shrink, textOf };
