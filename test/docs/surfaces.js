// SPDX-License-Identifier: MIT
'use strict';

// What this package and its subpaths export, by run time and by types.

const fs = require('node:fs');
const path = require('node:path');
const ts = require('typescript');

const { ROOT } = require('./markdown.js');

const SUBPATHS = ['prisma', 'next', 'nest'];

/**
 * @typedef {object} Declarations
 * @property {string[]} values
 * @property {string[]} types
 * @property {Record<string, string[]>} members own ones, of each interface
 */

/** @type {Map<string, Declarations>} */
const declared = new Map();

/** @param {string} name 'pg-holdfast' or one of its subpaths */
function folderOf(name) {
  return path.join(ROOT, name.replace(/^pg-holdfast/, 'lib'));
}

/** @param {string} name @returns {Declarations} */
function declarationsOf(name) {
  let found = declared.get(name);
  if (found === undefined) {
    found = readDeclarations(path.join(folderOf(name), 'index.d.ts'));
    declared.set(name, found);
  }
  return found;
}

/** @param {import('typescript').Symbol} symbol @returns {string[]} */
function ownMembers(symbol) {
  return (symbol.declarations ?? [])
    .filter(ts.isInterfaceDeclaration)
    .flatMap(({ members }) => members.map(({ name }) => name?.getText() ?? ''));
}

/** @param {string} file @returns {Declarations} */
function readDeclarations(file) {
  const program = ts.createProgram([file], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) {
    throw new Error(`${file} exports nothing`);
  }
  /** @type {string[]} */
  const values = [];
  /** @type {string[]} */
  const types = [];
  /** @type {Record<string, string[]>} */
  const members = {};
  for (const symbol of checker.getExportsOfModule(module)) {
    const alias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
    const itself = alias ? checker.getAliasedSymbol(symbol) : symbol;
    const { flags } = itself;
    const name = symbol.getName();
    members[name] = ownMembers(itself);
    if (name !== 'default') {
      ((flags & ts.SymbolFlags.Value) !== 0 ? values : types).push(name);
    }
  }
  return { values: values.sort(), types: types.sort(), members };
}

/**
 * What the types promise by run time.
 *
 * @param {string} name
 */
function promisedBy(name) {
  return declarationsOf(name).values;
}

/** The names of types alone. @param {string} name */
function typesOf(name) {
  return declarationsOf(name).types;
}

/** Stands for @nestjs/common, which is not installed here: it decorates. */
const COMMON = new Proxy({}, { get: () => () => () => {} });

/**
 * The names in each interface of options.
 *
 * @param {string} name
 */
function optionsOf(name) {
  const { members } = declarationsOf(name);
  return Object.entries(members).filter(([one]) => /Options|Extras/.test(one));
}

/**
 * The names of the CommonJS module.
 *
 * @param {string} name
 * @returns {string[]}
 */
function exportsOf(name) {
  const folder = folderOf(name);
  const module =
    name === 'pg-holdfast/nest'
      ? require(path.join(folder, 'module.js')).nestFor(COMMON)
      : require(folder);
  return Object.keys(module).sort();
}

/** The names of the ES module, but default. @param {string} name */
function exportsOfModule(name) {
  const file = path.join(folderOf(name), 'index.mjs');
  const text = fs.readFileSync(file, 'utf8');
  const lists = text.matchAll(/export (?:const )?\{([^}]*)\}/g);
  return [...lists]
    .flatMap(([, list]) => list.split(','))
    .map((one) => one.trim())
    .filter((one) => one !== '' && !one.endsWith('as default'))
    .sort();
}

module.exports = {
  SUBPATHS,
  exportsOf,
  exportsOfModule,
  optionsOf,
  promisedBy,
  typesOf,
};
