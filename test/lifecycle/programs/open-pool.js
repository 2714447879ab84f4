// SPDX-License-Identifier: MIT

const { Pool } = require('../../../lib/index.js');

/**
 * Makes the pool that a job describes.
 *
 * @param {{url: string, ca?: string, options?: object}} job
 */
function openPool(job) {
  const pool = new Pool({
    connectionString: job.url,
    max: 4,
    ...(job.ca === undefined ? {} : { ssl: { ca: job.ca } }),
    ...job.options,
  });
  // Connections may end in any way when their process or server dies.
  pool.on('error', () => {});
  return pool;
}

module.exports = { openPool };
