// SPDX-License-Identifier: MIT

const { default: Keyv } = require('keyv');
const { default: KeyvPostgres } = require('@keyv/postgres');

module.exports = async ({ url }) => {
  const store = new KeyvPostgres({ uri: url, table: 'cache', keySize: 100 });
  const errors = [];
  const keyv = new Keyv({ store, namespace: 'n' });
  keyv.on('error', (error) => errors.push(error.message));
  await keyv.set('a', { x: [1, null, 'ü'] });
  await keyv.set('b', 2, 1);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const got = [await keyv.get('a'), await keyv.get('b'), await keyv.get('c')];
  const removed = [await keyv.delete('a'), await keyv.delete('a')];
  await keyv.clear();
  await keyv.disconnect();
  return { errors, got, removed };
};
