// SPDX-License-Identifier: MIT

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { ROOT } = require('../steps.js');

/**
 * Unpacks the packed packages of one platform as npm would install them.
 *
 * @param {string} folder gets a node_modules
 * @param {string} platform
 */
function installPacked(folder, platform) {
  const { version } = JSON.parse(
    fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
  );
  for (const name of ['pg-holdfast', `pg-holdfast-${platform}`]) {
    const into = path.join(folder, 'node_modules', name);
    fs.mkdirSync(into, { recursive: true });
    // By its bare name: tar on Windows takes C: for another machine.
    fs.copyFileSync(
      path.join(ROOT, `dist/${name}-${version}.tgz`),
      path.join(into, 'packed.tgz'),
    );
    execFileSync('tar', ['-xzf', 'packed.tgz', '--strip-components=1'], {
      cwd: into,
    });
  }
}

module.exports = { installPacked };
