// SPDX-License-Identifier: MIT

const SCHEMA = `create table auth_user (id text primary key, name text);
  create table user_session (id text primary key,
    user_id text not null references auth_user(id),
    expires_at timestamptz not null);
  insert into auth_user values ('u', 'Ada');`;

module.exports = async ({ url, pg }) => {
  const { NodePostgresAdapter } = await import(
    '@lucia-auth/adapter-postgresql'
  );
  const pool = new pg.Pool({ connectionString: url });
  await pool.query(SCHEMA);
  const adapter = new NodePostgresAdapter(pool, {
    user: 'auth_user',
    session: 'user_session',
  });
  await adapter.setSession({
    id: 's',
    userId: 'u',
    expiresAt: new Date(4e12),
    attributes: {},
  });
  const both = await adapter.getSessionAndUser('s');
  await adapter.updateSessionExpiration('s', new Date(5e12));
  const sessions = await adapter.getUserSessions('u');
  await adapter.deleteExpiredSessions();
  await adapter.deleteSession('s');
  const gone = await adapter.getSessionAndUser('s');
  await pool.end();
  return { both, sessions, gone };
};
