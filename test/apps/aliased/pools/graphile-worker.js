// SPDX-License-Identifier: MIT

const { Logger, makeWorkerUtils, run } = require('graphile-worker');

module.exports = async ({ url, pg }) => {
  const pgPool = new pg.Pool({ connectionString: url, max: 4 });
  pgPool.on('error', () => {});
  pgPool.on('connect', (client) => client.on('error', () => {}));
  const logger = new Logger(() => () => {});
  const utils = await makeWorkerUtils({ pgPool, logger });
  await utils.migrate();
  const ran = [];
  const runner = await run({
    pgPool,
    logger,
    concurrency: 2,
    noHandleSignals: true,
    pollInterval: 60_000,
    taskList: {
      greet: async ({ name }, { query, job }) => {
        const { rows } = await query('select $1::text as hi', [name]);
        ran.push([rows[0].hi, job.attempts]);
      },
    },
  });
  let left = 2;
  const all = new Promise((resolve) => {
    runner.events.on('job:complete', () => {
      left -= 1;
      if (left === 0) {
        resolve();
      }
    });
  });
  await utils.addJob('greet', { name: 'a' });
  await utils.addJob('greet', { name: 'b' }, { jobKey: 'k' });
  await all;
  await runner.stop();
  await utils.release();
  const { rows } = await pgPool.query(
    'select count(*) from graphile_worker.jobs',
  );
  await pgPool.end();
  return { ran: ran.sort(), rows };
};
