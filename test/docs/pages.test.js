// SPDX-License-Identifier: MIT
'use strict';

// Every page: what it links to and names is there, its code can be parsed.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const ts = require('typescript');

const { ROOT, blocksOf, pages, proseOf, read } = require('./markdown.js');
const { exportsOf, typesOf } = require('./surfaces.js');

const PAGES = pages();
const BLOCKS = PAGES.flatMap(blocksOf);
const CODE = new Set(['js', 'ts', 'tsx', 'mjs']);

/** @param {import('./markdown.js').Block} block */
function where({ page, line }) {
  return `${page}:${line}`;
}

/** @param {string} page @returns {{link: string, anchor?: string}[]} */
function linksOf(page) {
  const found = proseOf(page).matchAll(/\]\(([^)#:]*)(?:#([\w-]+))?\)/g);
  return [...found].map(([, link, anchor]) => ({ link, anchor }));
}

/** @param {string} heading as the hosts of repositories do it */
function slug(heading) {
  return heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replace(/\s/g, '-');
}

/** @param {string} code @param {string} language @returns {string[]} */
function mistakes(code, language) {
  const { diagnostics = [] } = ts.transpileModule(code, {
    fileName: language === 'tsx' ? 'block.tsx' : 'block.ts',
    reportDiagnostics: true,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ES2022,
      experimentalDecorators: true,
    },
  });
  return diagnostics.map(({ messageText }) =>
    ts.flattenDiagnosticMessageText(messageText, '\n'),
  );
}

/** @param {string} code @param {string} language @returns {string[]} */
function mistakesOf(code, language) {
  const whole = mistakes(code, language);
  if (whole.length === 0) {
    return [];
  }
  // Or statements, and members of a class that is not shown.
  const parts = code.split(/\n\n(?=\S)/);
  const wrong = parts.filter(
    (part) =>
      mistakes(part, language).length > 0 &&
      mistakes(`class Shown {${part}}`, language).length > 0,
  );
  return wrong.length === 0 ? [] : whole;
}

test('links lead to files and to headings', () => {
  for (const page of PAGES) {
    for (const { link, anchor } of linksOf(page)) {
      const target = link === '' ? page : path.join(path.dirname(page), link);
      const what = `${link}${anchor ? `#${anchor}` : ''} in ${page}`;
      assert.ok(fs.existsSync(path.join(ROOT, target)), what);
      if (anchor !== undefined) {
        const headings = [...read(target).matchAll(/^#+ (.*)$/gm)];
        const slugs = headings.map(([, heading]) => slug(heading));
        assert.ok(slugs.includes(anchor), what);
      }
    }
  }
});

test('scripts of npm that are named exist', () => {
  for (const page of PAGES) {
    const own = path.join(ROOT, path.dirname(page), 'package.json');
    const { scripts } = JSON.parse(
      fs.readFileSync(
        fs.existsSync(own) ? own : path.join(ROOT, 'package.json'),
        'utf8',
      ),
    );
    for (const [, name] of read(page).matchAll(/npm run ([\w:]+)/g)) {
      assert.ok(scripts[name], `npm run ${name} in ${page}`);
    }
  }
});

test('commands of npx and programs of the repository exist', () => {
  const program = path.join(ROOT, 'cli/main.js');
  const help = execFileSync(process.execPath, [program, '--help'], {
    encoding: 'utf8',
  });
  const commands = [...help.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name);
  for (const page of PAGES) {
    const text = read(page);
    for (const [, name] of text.matchAll(/npx pg-holdfast (\w+)/g)) {
      assert.ok(commands.includes(name), `npx pg-holdfast ${name} in ${page}`);
    }
    for (const [, file] of text.matchAll(
      /`(?:node )?((?:scripts|bench|demo|test|lib|native)\/[\w./-]*[\w-])/g,
    )) {
      const made = file.startsWith('bench/results/'); // by a run
      const there = made || fs.existsSync(path.join(ROOT, file));
      assert.ok(there, `${file} in ${page}`);
    }
  }
});

test('JavaScript and TypeScript can be parsed', () => {
  const blocks = BLOCKS.filter(({ language }) => CODE.has(language));
  assert.ok(blocks.length > 30, String(blocks.length));
  for (const block of blocks) {
    const code = block.code.replaceAll('…', '');
    assert.deepStrictEqual(mistakesOf(code, block.language), [], where(block));
  }
});

test('examples for NestJS do not await at the top level', () => {
  // The project that its command line makes is CommonJS.
  const blocks = BLOCKS.filter(({ code }) => code.includes("'@nestjs/"));
  assert.ok(blocks.length > 3, String(blocks.length));
  for (const block of blocks) {
    assert.doesNotMatch(block.code, /^(?:const .* = )?await /m, where(block));
  }
});

test('commands of a shell can be parsed', () => {
  for (const block of BLOCKS.filter(({ language }) => language === 'sh')) {
    const options = { input: block.code };
    assert.doesNotThrow(
      () => execFileSync('/bin/sh', ['-n'], options),
      where(block),
    );
  }
});

test('what code takes from this package is there', () => {
  const imports =
    /(?:import|export|const) (?:type )?\{([^}]*)\} (?:from|=)\s+(?:await )?(?:import\(|require\()?'(pg-holdfast(?:\/\w+)?)'/g;
  let seen = 0;
  for (const block of BLOCKS) {
    for (const [, list, name] of block.code.matchAll(imports)) {
      const known = [...exportsOf(name), ...typesOf(name)];
      const taken = list
        .split(',')
        .map((one) =>
          one
            .trim()
            .split(/:| as /)[0]
            .trim(),
        )
        .filter(Boolean);
      for (const one of taken) {
        seen += 1;
        const bare = one.replace(/^type /, '');
        assert.ok(known.includes(bare), `${bare} of ${name}, ${where(block)}`);
      }
    }
  }
  assert.ok(seen > 30, String(seen));
});
