// SPDX-License-Identifier: MIT
// The floors of a tree: what is wrong with them, and what is still tolerated.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { AREAS } = require('./floors.js');
const { includeEdges } = require('./includes.js');
const { judge, shrink, textOf } = require('./judge.js');
const { requireEdges } = require('./requires.js');

const LIST = 'scripts/layers/known.js';

/**
 * @param {string} root of the tree, with its own list of what is tolerated
 * @param {{why?: boolean, shrink?: boolean}} [options] whether to show the
 *   way around each circle, and to take from the list what is in none any more
 * @returns {{faults: string[], tolerated: string[]}}
 */
function checkTree(root, options = {}) {
  const list = path.join(root, LIST);
  const { INCLUDES, REQUIRES } = require(list);
  const core = includeEdges(root, 'native/core', ['native']);
  const net = includeEdges(root, 'native/net', ['native']);
  const lib = requireEdges(root, ['lib', 'cli']);
  const parts = [
    { edges: core, area: AREAS.core, known: INCLUDES.core },
    { edges: net, area: AREAS.net, known: INCLUDES.net },
    { edges: lib, area: AREAS.lib, known: REQUIRES },
  ];
  let found = parts.flatMap((p) => judge(p.edges, p.area, p.known));
  if (options.shrink) {
    fs.writeFileSync(list, shrink(fs.readFileSync(list, 'utf8'), found));
    found = found.filter((fault) => fault.over === undefined);
  }
  const why = options.why ?? false;
  const all = parts
    .filter(({ known }) => known.length > 0)
    .flatMap((part) => judge(part.edges, part.area, []));
  return {
    faults: found.map((fault) => textOf(fault, why)),
    tolerated: all.map((fault) => textOf(fault, why)),
  };
}

module.exports = { checkTree };
