// SPDX-License-Identifier: MIT

const { graphql } = require('graphql');
const { createPostGraphileSchema, withPostGraphileContext } =
  require('postgraphile');

const SCHEMA = `create table people (id serial primary key, name text unique,
  big int8, tags text[], more jsonb);
  insert into people (name, big, tags, more)
    values ('Ada', 9007199254740993, '{a,b}', '{"a":1}');`;

module.exports = async ({ url, pg }) => {
  const pgPool = new pg.Pool({ connectionString: url });
  await pgPool.query(SCHEMA);
  const schema = await createPostGraphileSchema(url, ['public'], {
    subscriptions: true,
  });
  const ask = (query) =>
    withPostGraphileContext(
      { pgPool, pgSettings: { 'app.user': '7' } },
      (context) => graphql(schema, query, null, context),
    );
  const read = await ask('{ allPeople { nodes { id name big tags more } } }');
  const written = await ask(`mutation { createPerson(input: {person:
    {name: "Bob", tags: ["x"]}}) { person { id name } } }`);
  const failed = await ask(`mutation { createPerson(input: {person:
    {name: "Ada"}}) { person { id } } }`);
  await pgPool.end();
  return { read, written, failed: failed.errors[0].message };
};
