// SPDX-License-Identifier: MIT
// What a caller sees, what the server holds and what the pool is like after
// each fault that servers, poolers, networks, statements and callers have.
//
//   node --test test/js/faults.test.js
//   node --test --test-name-pattern='PgBouncer' test/js/faults.test.js
//
// The tests of a folder's file share a server; one after the other.

require('./faults/server-loss.js');
require('./faults/server-state.js');
require('./faults/pooler.js');
require('./faults/network.js');
require('./faults/login.js');
require('./faults/statements.js');
require('./faults/names.js');
require('./faults/data.js');
require('./faults/misuse.js');
