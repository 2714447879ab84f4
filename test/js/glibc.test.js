// SPDX-License-Identifier: MIT

// What is linked with scripts/release/glibc.js runs with an old glibc.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { FLOOR, makeGlibcFloor } = require('../../scripts/release/glibc.js');
const { nativePlatform } = require('../../scripts/release/platforms.js');
const { works } = require('../../scripts/steps.js');
const { makeFolder } = require('../support/index.js');

/** Each of these has another version, or none, in older ones. */
const PROGRAM = `
#include <math.h>
#include <pthread.h>
#include <sys/stat.h>
int use(void *(*run)(void *), pthread_t *thread, double x) {
  struct stat info;
  return stat("/", &info) + pthread_create(thread, NULL, run, NULL) +
         (int)pow(x, 10.0);
}
`;

const skip = !works('readelf') && 'readelf is not installed';

test('what is linked for a release asks for no newer glibc than 2.28', {
  skip,
}, () => {
  const { platform } = nativePlatform();
  const folder = makeFolder('g');
  const source = path.join(folder, 'library.c');
  const library = path.join(folder, 'library.so');
  fs.writeFileSync(source, PROGRAM);
  makeGlibcFloor(platform, folder);
  const floor = ['glibc.o', 'libc.so', 'libm.so'];
  execFileSync(platform.tools.cc, [
    ...['-shared', '-fPIC', '-fno-builtin', '-Wl,-z,defs', source],
    ...floor.map((name) => path.join(folder, name)),
    ...['-lm', '-o', library],
  ]);
  const read = ['--wide', '--dyn-syms', library];
  const symbols = execFileSync('readelf', read, { encoding: 'utf8' });
  const taken = symbols.split('\n').filter((line) => /\bUND (?=\w)/.test(line));
  assert.match(symbols, /UND pthread_create@GLIBC_2\.\d/);
  assert.match(symbols, /UND pow@GLIBC_2\.\d/);
  for (const line of taken.filter((one) => !/ WEAK /.test(one))) {
    const [, minor] = /@GLIBC_2\.(\d+)/.exec(line) ?? [];
    assert.ok(minor !== undefined, `no version: ${line}`);
    assert.ok(Number(minor) <= FLOOR[1], line);
  }
});
