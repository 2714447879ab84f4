// SPDX-License-Identifier: MIT
// There is no Node for musl to be had here. What can be seen without one is
// whether musl's loader takes the binary: a program that has Node's functions
// by name, each of which would end it, loads it and looks for its entry.

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** @typedef {import('./check.js').Finding} Finding */

const PROGRAM = `
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  void *addon = dlopen(argv[argc - 1], RTLD_NOW | RTLD_LOCAL);
  if (addon == NULL || dlsym(addon, "napi_register_module_v1") == NULL) {
    puts(dlerror());
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
`;

/** @param {string[]} names @returns {string} */
function stubs(names) {
  const lines = names.map((name) => `void ${name}(void) { abort(); }`);
  return `#include <stdlib.h>\n${lines.join('\n')}\n`;
}

/**
 * @param {import('./platforms.js').Platform} platform
 * @param {string} binary
 * @param {string[]} names Node's functions that it calls
 * @returns {Finding}
 */
function loadWithMusl({ tools, emulator = [] }, binary, names) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-musl-'));
  try {
    const file = (/** @type {string} */ name) => path.join(folder, name);
    fs.writeFileSync(file('stubs.c'), stubs(names));
    fs.writeFileSync(file('main.c'), PROGRAM);
    const sources = [file('stubs.c'), file('main.c')];
    const args = ['-rdynamic', '-o', file('load'), ...sources];
    execFileSync(tools.cc, args, { stdio: 'pipe' });
    const [program = '', ...rest] = [...emulator, file('load'), binary];
    const ran = spawnSync(program, rest, { encoding: 'utf8' });
    const why = ran.error ?? `${ran.stdout}${ran.stderr}`.trim();
    return {
      name: "musl's loader takes it",
      ok: ran.status === 0,
      detail: ran.status === 0 ? `${names.length} names of Node's` : `${why}`,
    };
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

module.exports = { loadWithMusl };
