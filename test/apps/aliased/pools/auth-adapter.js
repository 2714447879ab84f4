// SPDX-License-Identifier: MIT

const SCHEMA = `
  create table users (id serial primary key, name text, email text unique,
    "emailVerified" timestamptz, image text);
  create table accounts (id serial primary key, "userId" int not null,
    type text, provider text, "providerAccountId" text, refresh_token text,
    access_token text, expires_at bigint, id_token text, scope text,
    session_state text, token_type text);
  create table sessions (id serial primary key, "userId" int not null,
    expires timestamptz not null, "sessionToken" text);
  create table verification_token (identifier text, expires timestamptz,
    token text, primary key (identifier, token));`;

module.exports = async ({ url, pg }) => {
  const { default: PostgresAdapter } = await import('@auth/pg-adapter');
  const pool = new pg.Pool({ connectionString: url });
  await pool.query(SCHEMA);
  const adapter = PostgresAdapter(pool);
  const user = await adapter.createUser({
    name: 'Ada',
    email: 'ada@example.com',
    emailVerified: new Date(0),
    image: null,
  });
  const expires = new Date(4e12);
  await adapter.linkAccount({
    userId: user.id,
    type: 'oauth',
    provider: 'p',
    providerAccountId: 'x',
    expires_at: 123,
  });
  await adapter.createSession({ sessionToken: 't', userId: user.id, expires });
  const both = await adapter.getSessionAndUser('t');
  const byAccount = await adapter.getUserByAccount({
    provider: 'p',
    providerAccountId: 'x',
  });
  await adapter.createVerificationToken({
    identifier: 'i',
    token: 'v',
    expires,
  });
  const used = await adapter.useVerificationToken({
    identifier: 'i',
    token: 'v',
  });
  const failed = await adapter
    .createUser({ name: 'Eve', email: 'ada@example.com' })
    .catch((error) => error.code);
  await adapter.deleteUser(user.id);
  const gone = await adapter.getUser(user.id);
  await pool.end();
  return { user, both, byAccount, used, failed, gone };
};
