// SPDX-License-Identifier: MIT

const PGPubsub = require('pg-pubsub');

module.exports = async ({ url }) => {
  const instance = new PGPubsub(url, { log: () => {} });
  const heard = [];
  const both = new Promise((resolve) => {
    const listener = (payload) => {
      heard.push(payload);
      if (heard.length === 2) {
        resolve();
      }
    };
    instance.addChannel('news', listener);
    instance.addChannel('more', listener);
  });
  await instance.addChannel('third', () => {});
  await instance.publish('news', { hello: 'world' });
  await instance.publish('more', 'text');
  await both;
  instance.removeChannel('news');
  await instance.publish('third', {}); // sent after the UNLISTEN
  await instance.close();
  return { heard };
};
