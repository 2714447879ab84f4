// SPDX-License-Identifier: MIT
// The pages in the package: README.md and docs. What they link to is packed,
// or it is a page of the repository, or, without one, no link.

const fs = require('node:fs');
const path = require('node:path');
const { ROOT } = require('../steps.js');

const LINK = /\[((?:[^\][]|\[[^\][]*\])*)\]\(([^)#:\s]+)(#[\w-]+)?\)/g;
/** How a page clones the repository while nobody knows where it is. */
const UNKNOWN = 'git clone https://… ';

/**
 * @param {string} folder of a package
 * @returns {string[]} its pages, relative to the folder
 */
function pagesOf(folder) {
  return fs
    .readdirSync(folder, { encoding: 'utf8', recursive: true })
    .filter((name) => name.endsWith('.md'))
    .filter((name) => !name.startsWith('vendor'))
    .sort();
}

/**
 * @param {string} target relative to the repository
 * @param {string} home
 */
function onTheWeb(target, home) {
  const isFolder = fs.statSync(path.join(ROOT, target)).isDirectory();
  return `${home}/${isFolder ? 'tree' : 'blob'}/HEAD/${target}`;
}

/**
 * Rewrites the links that a package's pages have to files outside of it.
 *
 * @param {string} folder of the package
 * @param {string} home where the project lives; empty for nowhere
 */
function linkPages(folder, home) {
  for (const page of pagesOf(folder)) {
    const file = path.join(folder, page);
    const text = fs.readFileSync(file, 'utf8');
    const linked = text.replaceAll(LINK, (whole, said, link, anchor = '') => {
      const target = path.join(path.dirname(page), link);
      if (fs.existsSync(path.join(folder, target))) {
        return whole;
      }
      return home === ''
        ? said
        : `[${said}](${onTheWeb(target, home)}${anchor})`;
    });
    const address = `git clone ${home}.git `;
    fs.writeFileSync(
      file,
      home === '' ? linked : linked.replaceAll(UNKNOWN, address),
    );
  }
}

module.exports = { LINK, linkPages, pagesOf };
