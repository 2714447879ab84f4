// SPDX-License-Identifier: MIT
// The tables of docs/reference are what lib/index.d.ts says. Between
//
//   <!-- members: ConnectOptions --> and <!-- /members -->
//
// stand an interface's or a class' properties: name, type, default, meaning.
//
//   node scripts/reference.js          exits with 1 if a table is another
//   node scripts/reference.js --fix    writes them

const fs = require('node:fs');
const path = require('node:path');
const ts = require('typescript');
const { ROOT, say } = require('./steps.js');

const FOLDER = path.join(ROOT, 'docs/reference');
const TYPES = path.join(ROOT, 'lib/index.d.ts');
const TABLE = /(<!-- members: (\w+) -->\n)[\s\S]*?(<!-- \/members -->)/g;

/** @typedef {{name: string, type: string, initial: string, text: string}} Row */
/** @typedef {import('typescript').InterfaceDeclaration | import('typescript').ClassDeclaration} Declared */

const source = ts.createSourceFile(
  TYPES,
  fs.readFileSync(TYPES, 'utf8'),
  ts.ScriptTarget.ES2022,
  true,
);

/** @param {string} name @returns {Declared} */
function declarationOf(name) {
  const found = source.statements.find(
    (one) =>
      (ts.isInterfaceDeclaration(one) || ts.isClassDeclaration(one)) &&
      one.name?.text === name,
  );
  if (found === undefined) {
    throw new Error(`lib/index.d.ts has no ${name}`);
  }
  return /** @type {Declared} */ (found);
}

/** @param {string} text */
function inOneLine(text) {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** @param {string} text */
function inCell(text) {
  return inOneLine(text).replaceAll('|', '\\|');
}

/** @param {any} comment of a node or a tag */
function plain(comment) {
  return inOneLine(ts.getTextOfJSDocComment(comment) ?? '');
}

/** What comes from somewhere else: `Queryable['query']` is a method. @param {any} member */
function isMethod(member) {
  return (
    ts.isMethodSignature(member) ||
    ts.isMethodDeclaration(member) ||
    /^(Queryable|Pool)\[/.test(member.type?.getText() ?? '')
  );
}

/** @param {any} member */
function isStatic(member) {
  return (member.modifiers ?? []).some(
    (/** @type {any} */ one) => one.kind === ts.SyntaxKind.StaticKeyword,
  );
}

/** @param {string} name @returns {any[]} */
function membersOf(name) {
  const all = [...declarationOf(name).members];
  return all.filter((one) => one.name !== undefined && !isStatic(one));
}

/** @param {string} name @returns {string[]} each once */
function methodsOf(name) {
  const methods = membersOf(name).filter(isMethod);
  return [...new Set(methods.map((one) => one.name.getText()))];
}

/** @param {string} name @returns {Row[]} */
function propertiesOf(name) {
  return membersOf(name)
    .filter((one) => !isMethod(one))
    .map((member) => {
      const [doc] = /** @type {any[]} */ (ts.getJSDocCommentsAndTags(member));
      const initial = ts
        .getJSDocTags(member)
        .find(({ tagName }) => tagName.text === 'default');
      return {
        name: member.name.getText(),
        type: inOneLine(member.type?.getText() ?? '')
          .replace(/ ?\| undefined$/, '')
          .replace(/^\| /, ''),
        initial: initial ? plain(initial.comment) : '',
        text: doc ? plain(doc.comment) : '',
      };
    });
}

/** @param {string} name @returns {string} */
function tableOf(name) {
  const rows = propertiesOf(name);
  const hasInitial = rows.some(({ initial }) => initial !== '');
  const lines = rows.map(({ name: key, type, initial, text }) => {
    const said = text
      .replace(/\.? In (ms|s|bytes)\.$/, ' ($1)')
      .replace(/\.$/, '');
    const cells = [`\`${key}\``, `\`${inCell(type)}\``];
    if (hasInitial) {
      cells.push(
        /^\S+$/.test(initial) ? `\`${inCell(initial)}\`` : inCell(initial),
      );
    }
    return `| ${[...cells, inCell(said)].join(' | ')} |`;
  });
  const head = hasInitial ? '| | type | default | |' : '| | type | |';
  const rule = hasInitial ? '| --- | --- | --- | --- |' : '| --- | --- | --- |';
  return `${[head, rule, ...lines].join('\n')}\n`;
}

/** @param {string} page @returns {string} as it should be */
function completed(page) {
  return page.replaceAll(
    TABLE,
    (_, open, name, close) => `${open}${tableOf(name)}${close}`,
  );
}

/** @returns {string[]} files */
function pages() {
  return fs
    .readdirSync(FOLDER)
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(FOLDER, name));
}

/** @returns {Map<string, string>} what differs: file to its right text */
function outdated() {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const file of pages()) {
    const text = fs.readFileSync(file, 'utf8');
    const right = completed(text);
    if (text !== right) {
      found.set(file, right);
    }
  }
  return found;
}

/** Writes them. */
function fix() {
  for (const [file, right] of outdated()) {
    fs.writeFileSync(file, right);
  }
}

function main() {
  if (process.argv[2] === '--fix') {
    fix();
    return;
  }
  for (const file of outdated().keys()) {
    say(`${path.relative(ROOT, file)}: node scripts/reference.js --fix`);
    process.exitCode = 1;
  }
}

if (require.main === module) {
  main();
}

module.exports = {
  FOLDER,
  completed,
  fix,
  methodsOf,
  pages,
  propertiesOf,
};
