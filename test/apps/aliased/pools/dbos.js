// SPDX-License-Identifier: MIT

const { DBOS } = require('@dbos-inc/dbos-sdk');

module.exports = async ({ url, pg }) => {
  const pool = new pg.Pool({ connectionString: url, max: 6 });
  pool.on('error', () => {});
  DBOS.setConfig({
    name: 'app',
    systemDatabaseUrl: url,
    systemDatabasePool: pool,
    runAdminServer: false,
    logLevel: 'error',
  });
  let tries = 0;
  const step = (n) => {
    tries += 1;
    return tries === 1
      ? Promise.reject(new Error('not yet'))
      : Promise.resolve({ n, at: new Date(0) });
  };
  const add = DBOS.registerWorkflow(
    async (a, b) => {
      const { n } = await DBOS.runStep(() => step(a), {
        name: 'first',
        retriesAllowed: true,
        intervalSeconds: 0.01,
      });
      await DBOS.setEvent('half', n);
      const more = await DBOS.recv('more', 10);
      return n + b + more;
    },
    { name: 'add' },
  );
  await DBOS.launch();
  const handle = await DBOS.startWorkflow(add, { workflowID: 'w1' })(1, 2);
  const half = await DBOS.getEvent('w1', 'half', 10);
  await DBOS.send('w1', 40, 'more');
  const result = await handle.getResult();
  const again = await (
    await DBOS.startWorkflow(add, { workflowID: 'w1' })(1, 2)
  ).getResult();
  const { status } = await handle.getStatus();
  await DBOS.shutdown();
  const { rows } = await pool.query(
    'select workflow_uuid, status from dbos.workflow_status',
  );
  await pool.end();
  return { half, result, again, tries, status, rows };
};
