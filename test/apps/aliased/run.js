// SPDX-License-Identifier: MIT

// node run.js FILE URL [PACKAGE [VERSION]]: runs one case and prints what it saw
// as JSON. PACKAGE is where its Pool comes from, for libraries that are given
// one; VERSION is for those of which several are installed.

const path = require('node:path');

const [file, url, name = 'pg', version] = process.argv.slice(2);

async function main() {
  const run = require(path.resolve(file));
  const seen = await run({ url, pg: require(name), version });
  const text = JSON.stringify(seen, (_, value) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
  process.stdout.write(`${text}\n`);
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n${JSON.stringify(error)}\n`);
  process.exit(1);
});
