// SPDX-License-Identifier: MIT

const { Pool } = require('../../../lib/index.js');

/**
 * Makes the pool a job speaks of.
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
  // Connections of a dying process or server end as they like.
  pool.on('error', () => {});
  return pool;
}

module.exports = { openPool };
