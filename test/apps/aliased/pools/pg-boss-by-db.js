// SPDX-License-Identifier: MIT

const PgBoss = require('pg-boss');

module.exports = async ({ url, pg }) => {
  const pool = new pg.Pool({ connectionString: url });
  const boss = new PgBoss({
    db: { executeSql: (text, values) => pool.query(text, values) },
    schedule: false,
  });
  await boss.start();
  await boss.createQueue('mail');
  await boss.send('mail', { to: 'a' });
  const [job] = await boss.fetch('mail');
  await boss.complete('mail', job.id);
  const { state } = await boss.getJobById('mail', job.id);
  await boss.stop({ graceful: false });
  await pool.end();
  return { data: job.data, state };
};
