// SPDX-License-Identifier: MIT

// The demo's tables. They name no schema, so they are made where the role's
// search path says, under names that no other table has.

const { Client } = require('pg');

const ITEMS = 1000;

class Tables {
  #client;
  #suffix;
  #drivers;

  /** @param {string} url @param {string} suffix @param {string[]} drivers */
  constructor(url, suffix, drivers) {
    this.#client = new Client({
      connectionString: url,
      application_name: 'holdfast-demo-admin',
    });
    this.#client.on('error', () => {});
    this.#suffix = suffix;
    this.#drivers = drivers;
  }

  get admin() {
    return this.#client;
  }

  get itemCount() {
    return ITEMS;
  }

  get items() {
    return `holdfast_demo_${this.#suffix}_items`;
  }

  /** @param {string} driver */
  rowsOf(driver) {
    return `holdfast_demo_${this.#suffix}_${driver}`;
  }

  async connect() {
    await this.#client.connect();
  }

  async create() {
    await this.#client.query(
      `create table ${this.items} (id int primary key, label text not null)`,
    );
    await this.#client.query(
      `insert into ${this.items}
       select id, 'item ' || id from generate_series(1, ${ITEMS}) as id`,
    );
    for (const driver of this.#drivers) {
      // No unique key: nothing in the database may hide that a row was written
      // twice.
      await this.#client.query(
        `create table ${this.rowsOf(driver)} (number bigint, pair bigint)`,
      );
    }
  }

  /**
   * Returns how often each number is in the table.
   * @param {string} driver
   * @returns {Promise<Map<number, number>>}
   */
  async find(driver) {
    const { rows } = await this.#client.query(
      `select number, count(*) as times
       from ${this.rowsOf(driver)} group by number`,
    );
    return new Map(
      rows.map(({ number, times }) => [Number(number), Number(times)]),
    );
  }

  /** Writes one row a second time. @param {string} driver */
  async duplicateOne(driver) {
    const name = this.rowsOf(driver);
    await this.#client.query(
      `insert into ${name} select * from ${name} limit 1`,
    );
  }

  async drop() {
    const names = [this.items, ...this.#drivers.map((d) => this.rowsOf(d))];
    await this.#client.query(`drop table if exists ${names.join(', ')}`);
  }

  async close() {
    await this.#client.end();
  }
}

module.exports = { Tables };
