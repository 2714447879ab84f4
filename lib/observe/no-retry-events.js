// SPDX-License-Identifier: MIT
'use strict';

// retry-events.js where there is no Node.js: nothing to emit to.

module.exports = { emitRetry: () => {}, hasRetryListeners: () => false };
