// SPDX-License-Identifier: MIT
// Calls the handler once, with the event on the command line.

import { handler } from './handler.js';

const MILLIS = 3000;
const endsAt = Date.now() + MILLIS;
const context = { getRemainingTimeInMillis: () => endsAt - Date.now() };
const event = JSON.parse(process.argv[2] ?? '{ "action": "health" }');
console.log(await handler(event, context));
