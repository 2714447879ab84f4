// SPDX-License-Identifier: MIT

const { DataTypes, Sequelize } = require('sequelize');

module.exports = async ({ url }) => {
  const db = new Sequelize(url, { logging: false, pool: { max: 2 } });
  await db.authenticate();
  const Person = db.define(
    'person',
    {
      name: { type: DataTypes.STRING, unique: true },
      kind: DataTypes.ENUM('a', 'b'),
      kinds: DataTypes.ARRAY(DataTypes.ENUM('x', 'y')),
      more: DataTypes.JSONB,
      big: DataTypes.BIGINT,
      span: DataTypes.RANGE(DataTypes.INTEGER),
    },
    { timestamps: false },
  );
  await db.sync();
  const made = await Person.create({
    name: 'Ada',
    kind: 'a',
    kinds: ['x', 'y'],
    more: { a: [1] },
    big: '9007199254740993',
    span: [1, 5],
  });
  const error = await db
    .transaction(async (transaction) => {
      await Person.create({ name: 'Bob' }, { transaction });
      await Person.create({ name: 'Ada' }, { transaction });
    })
    .catch((failed) => [failed.name, failed.fields, failed.parent.code]);
  const found = await Person.findAll({ raw: true });
  const [, meta] = await db.query('update people set name = name');
  const version = await db.databaseVersion();
  await db.close();
  const { rowCount, command } = meta;
  return { made, error, found, rowCount, command, version };
};
