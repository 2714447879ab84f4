// SPDX-License-Identifier: MIT

const PgBoss = require('pg-boss');

module.exports = async ({ url }) => {
  const boss = new PgBoss({ connectionString: url, max: 3, schedule: false });
  const errors = [];
  boss.on('error', (error) => errors.push(error.message));
  await boss.start();
  await boss.createQueue('mail');
  await boss.send('mail', { to: 'a' });
  await boss.insert([{ name: 'mail', data: { to: 'b' } }]);
  const jobs = await boss.fetch('mail', { batchSize: 2 });
  await boss.complete('mail', jobs[0].id);
  await boss.fail('mail', jobs[1].id, new Error('no'));
  const states = await Promise.all(
    jobs.map(async ({ id }) => (await boss.getJobById('mail', id)).state),
  );
  await boss.send('mail', { to: 'c' }, { priority: 9 });
  const worked = new Promise((resolve) => {
    boss.work('mail', { pollingIntervalSeconds: 0.5 }, ([job]) =>
      resolve(job.data),
    );
  });
  const data = await worked;
  await boss.stop({ graceful: true, timeout: 2000 });
  return {
    errors,
    jobs: jobs.map((job) => job.data.to).sort(),
    states: states.sort(),
    data,
  };
};
