// SPDX-License-Identifier: MIT

const { RateLimiterPostgres } = require('rate-limiter-flexible');

module.exports = async ({ url, pg }) => {
  const pool = new pg.Pool({ connectionString: url });
  const limiter = await new Promise((resolve, reject) => {
    const made = new RateLimiterPostgres(
      { storeClient: pool, points: 2, duration: 60, tableName: 'limits' },
      (error) => (error ? reject(error) : resolve(made)),
    );
  });
  const left = [];
  for (let i = 0; i < 3; i++) {
    const { remainingPoints, consumedPoints } = await limiter
      .consume('a')
      .catch((refused) => refused);
    left.push([remainingPoints, consumedPoints]);
  }
  await limiter.delete('a');
  const none = await limiter.get('a');
  await pool.end();
  return { left, none };
};
