// SPDX-License-Identifier: MIT

const range = require('postgres-range');

const INT4RANGE = 3904;
const DATERANGE = 3912;

module.exports = async ({ url, pg }) => {
  pg.types.setTypeParser(INT4RANGE, (text) => range.parse(text, Number));
  const pool = new pg.Pool({ connectionString: url });
  const { rows } = await pool.query(
    `select int4range(1, 5) as a, 'empty'::int4range as b, int4range(null, 3) as c,
      daterange('2024-01-01', '2024-02-01') as d, $1::int4range as e`,
    [range.serialize(range.parse('[2,9)', Number))],
  );
  const client = await pool.connect();
  client.setTypeParser(DATERANGE, (text) => range.parse(text));
  const own = await client.query(`select daterange('2024-01-01', null) as d`);
  client.release();
  await pool.end();
  const { a, b, c, d, e } = rows[0];
  return {
    a: [a.lower, a.upper, a.isLowerBoundClosed(), a.isUpperBoundClosed()],
    b: b.isEmpty(),
    c: [c.lower, c.upper, c.hasLowerBound()],
    d,
    e: [e.lower, e.upper],
    own: own.rows[0].d.lower,
  };
};
