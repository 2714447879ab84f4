// SPDX-License-Identifier: MIT

/**
 * Where the project lives: a repository's page, without a slash at its end. It
 * is empty until the project is published, and then the only line to change:
 * from it the packed package.json gets its links, and the packed pages those
 * to files that are not packed.
 *
 * @type {string}
 */
const HOME = '';

/**
 * @param {string} home
 * @returns {object} what it adds to a package.json
 */
function projectLinks(home) {
  if (home === '') {
    return {};
  }
  return {
    homepage: `${home}#readme`,
    bugs: { url: `${home}/issues` },
    repository: { type: 'git', url: `git+${home}.git` },
  };
}

module.exports = { HOME, projectLinks };
