// SPDX-License-Identifier: MIT
// Runs a module, and again at each SIGUSR2, in one process.

import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [file] = process.argv.slice(2);
let rounds = 0;

async function run() {
  rounds += 1;
  const round = rounds;
  await import(`${pathToFileURL(path.resolve(file))}?round=${round}`);
  console.log(`round ${round} is done`);
}

process.on('SIGUSR2', run);
setInterval(() => {}, 60_000);
await run();
