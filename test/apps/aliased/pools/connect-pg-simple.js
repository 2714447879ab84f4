// SPDX-License-Identifier: MIT

const { promisify } = require('node:util');
const session = require('express-session');
const PgStore = require('connect-pg-simple')(session);

module.exports = async ({ url, pg }) => {
  const pool = new pg.Pool({ connectionString: url });
  const store = new PgStore({
    pool,
    createTableIfMissing: true,
    pruneSessionInterval: false,
  });
  const call = (name, ...values) =>
    promisify(store[name].bind(store))(...values);
  const cookie = { maxAge: 60_000, path: '/' };
  await call('set', 'a', { cookie, user: 7 });
  await call('set', 'a', { cookie, user: 8 });
  const got = await call('get', 'a');
  await call('touch', 'a', { cookie });
  const none = await call('get', 'b');
  await call('destroy', 'a');
  const gone = await call('get', 'a');
  await store.close();
  await pool.end();
  return { got, none, gone };
};
