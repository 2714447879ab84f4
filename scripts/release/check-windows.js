// SPDX-License-Identifier: MIT
// What must be true of a release's binary for Windows.

const { readLibrary } = require('./pe.js');

/** @typedef {import('./check.js').Finding} Finding */
/** @typedef {import('./pe.js').Library} Library */

/** Each is there since Windows 7: of sockets, certificates, accounts, random. */
const LIBRARIES =
  /^(kernel32|msvcrt|ws2_32|crypt32|advapi32|secur32|shell32|user32|bcrypt)\.dll$/i;

/** What the loader is to do, as DllCharacteristics has it. */
const WANTED = {
  'at any address (ASLR)': 0x0040,
  'with 64 bits of it': 0x0020,
  'no executable data (DEP)': 0x0100,
};

/** @param {Library} library @returns {Finding} */
function checkNeeded({ imports }) {
  const names = imports.map(({ library }) => library);
  const others = names.filter((name) => !LIBRARIES.test(name));
  return {
    name: 'needs libraries of Windows only',
    ok: others.length === 0,
    detail: (others.length === 0 ? names : others).join(', '),
  };
}

/** @param {Library} library @param {string[]} entries @returns {Finding} */
function checkExports(library, entries) {
  return {
    name: "exports Node-API's two entry points only",
    ok: String(library.exports.sort()) === String(entries),
    detail: library.exports.join(', '),
  };
}

/** @param {Library} library @param {RegExp} ofNode @returns {Finding} */
function checkNode({ delayed }, ofNode) {
  const names = delayed?.names ?? [];
  const foreign = names.filter((name) => !ofNode.test(name));
  return {
    name: 'takes Node-API and libuv from the program, whatever it is called',
    ok: foreign.length === 0 && names.length > 0,
    detail: foreign.join(', ') || `${names.length} names`,
  };
}

/** @param {Library} library @returns {Finding} */
function checkFlags({ flags, relocations }) {
  const lacking = Object.entries(WANTED)
    .filter(([, bit]) => (flags & bit) === 0)
    .map(([name]) => name);
  const fixed = relocations === 0 ? ['places to be moved by'] : [];
  return {
    name: 'linked as it should be',
    ok: lacking.length + fixed.length === 0,
    detail: [...lacking, ...fixed].join(', ') || Object.keys(WANTED).join(', '),
  };
}

/**
 * @param {string} file
 * @param {{entries: string[], ofNode: RegExp}} expected
 * @returns {Finding[]}
 */
function checkLibrary(file, { entries, ofNode }) {
  const library = readLibrary(file, 'node.exe');
  return [
    checkNeeded(library),
    checkExports(library, entries),
    checkNode(library, ofNode),
    checkFlags(library),
  ];
}

module.exports = { checkLibrary };
