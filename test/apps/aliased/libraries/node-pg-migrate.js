// SPDX-License-Identifier: MIT

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const UP = `exports.up = (pgm) => {
  pgm.createTable('people', { id: 'id', name: { type: 'text', notNull: true } });
  pgm.sql("insert into people (name) values ('Ada')");
};
exports.down = (pgm) => { pgm.dropTable('people'); };`;
const WRONG = "exports.up = (pgm) => { pgm.sql('select no_such_thing'); };";

module.exports = async ({ url, pg }) => {
  const { runner } = await import('node-pg-migrate');
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'migrations-'));
  fs.writeFileSync(path.join(dir, '1_people.js'), UP);
  const options = {
    dir,
    direction: 'up',
    migrationsTable: 'migrations',
    log: () => {},
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  };
  const up = await runner({ databaseUrl: url, ...options });
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query('select * from people');
  fs.writeFileSync(path.join(dir, '2_wrong.js'), WRONG);
  const failed = await runner({ dbClient: client, ...options }).catch(
    (error) => error.code,
  );
  await client.query('rollback');
  const { rows: done } = await client.query('select name from migrations');
  await client.end();
  fs.rmSync(path.join(dir, '2_wrong.js'));
  // Its command reads the environment by pg's file of parameters.
  const { hostname, port, username, password, pathname } = new URL(url);
  const command = path.join(__dirname, '../node_modules/node-pg-migrate');
  execFileSync(
    process.execPath,
    [
      `${command}/bin/node-pg-migrate.js`,
      'down',
      '-m',
      dir,
      '-t',
      'migrations',
    ],
    {
      env: {
        PATH: process.env.PATH,
        PGHOST: hostname,
        PGPORT: port,
        PGUSER: decodeURIComponent(username),
        PGPASSWORD: decodeURIComponent(password),
        PGDATABASE: pathname.slice(1),
      },
    },
  );
  const again = await runner({ databaseUrl: url, ...options });
  fs.rmSync(dir, { recursive: true });
  const names = (list) => list.map(({ name }) => name);
  return { up: names(up), rows, failed, done, again: names(again) };
};
