// SPDX-License-Identifier: MIT

// The README of each example: it names the versions that its package.json pins,
// and installs what the checkout packs.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { ROOT, read } = require('./markdown.js');

const { version, engines } = JSON.parse(read('package.json'));

/** What a package is called in prose. @type {Record<string, string>} */
const NAMES = {
  fastify: 'Fastify',
  next: 'Next.js',
  prisma: 'Prisma',
  react: 'React',
  '@nestjs/core': 'NestJS',
};

for (const name of fs.readdirSync(path.join(ROOT, 'examples'))) {
  const readme = read(`examples/${name}/README.md`);
  const manifest = JSON.parse(read(`examples/${name}/package.json`));
  const all = { ...manifest.dependencies, ...manifest.devDependencies };

  test(`examples/${name} names its versions`, () => {
    const [, text = ''] = /^Versions: ([\s\S]+?)\n\n/m.exec(readme) ?? [];
    const versions = text.replace(/\s+/g, ' ');
    const node = /\d+/.exec(engines.node)?.[0];
    const expected = [
      `Node.js ${node} or newer`,
      ...Object.keys(NAMES)
        .filter((one) => one in all)
        .map((one) => `${NAMES[one]} ${all[one]}`),
      `pg-holdfast ${version}`,
    ];
    const missing = expected.filter((text) => !versions.includes(text));
    assert.deepEqual(missing, [], `in "${versions}"`);
  });

  test(`examples/${name} installs what is packed here`, () => {
    const tarball = `file:../../dist/pg-holdfast-${version}.tgz`;
    assert.equal(manifest.dependencies['pg-holdfast'], tarball);
    assert.match(readme, /^npm --prefix \.\.\/\.\. run pack -- --dev$/m);
    assert.match(readme, /^npm install$/m);
  });
}
