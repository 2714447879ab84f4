// SPDX-License-Identifier: MIT

const SLOW_SECONDS = 0.015;

/**
 * The SQL of the load, the same for every driver.
 * @param {{itemsTable: string, rowsTable: string}} tables
 */
function statements({ itemsTable, rowsTable }) {
  const into = `insert into ${rowsTable} (number, pair)`;
  return {
    read: `select label from ${itemsTable} where id = $1`,
    insert: `${into} values ($1, $2)`,
    insertSlowly: `${into} select $1::bigint, $2::bigint from pg_sleep(${SLOW_SECONDS})`,
  };
}

module.exports = { statements };
