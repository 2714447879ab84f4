// SPDX-License-Identifier: MIT
// Starts what `next build` made. With `output: 'standalone'` that is a server
// of its own, which `next start` refuses to run. It serves the static files
// that lie beside it, and Next.js leaves it to us to put them there.

const { cpSync, existsSync } = require('node:fs');
const path = require('node:path');

const built = path.join(__dirname, '.next');
const standalone = path.join(built, 'standalone');
const server = path.join(standalone, 'server.js');

if (!existsSync(server)) {
  console.error('There is no .next/standalone/server.js: npm run build first.');
  process.exit(1);
}
cpSync(path.join(built, 'static'), path.join(standalone, '.next', 'static'), {
  recursive: true,
});
require(server);
