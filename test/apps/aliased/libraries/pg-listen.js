// SPDX-License-Identifier: MIT

const { default: createSubscriber } = require('pg-listen');

module.exports = async ({ url, pg }) => {
  const subscriber = createSubscriber(
    { connectionString: url },
    { retryInterval: 50, paranoidChecking: false },
  );
  const events = [];
  const reconnected = new Promise((resolve) => {
    subscriber.events.on('reconnect', () => events.push('reconnect'));
    subscriber.events.on('connected', () => {
      events.push('connected');
      if (events.includes('reconnect')) {
        resolve();
      }
    });
  });
  const next = () =>
    new Promise((resolve) => subscriber.notifications.once('news', resolve));
  await subscriber.connect();
  await subscriber.listenTo('news');
  const first = next();
  await subscriber.notify('news', { a: [1] });
  const heard = [await first];
  const killer = new pg.Client(url);
  await killer.connect();
  await killer.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where pid <> pg_backend_pid() and datname = current_database()`);
  await reconnected;
  const second = next();
  await killer.query(`notify news, '{"b":2}'`);
  heard.push(await second);
  await killer.end();
  await subscriber.close();
  return { heard, events: [...new Set(events)] };
};
