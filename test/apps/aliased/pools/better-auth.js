// SPDX-License-Identifier: MIT

module.exports = async ({ url, pg }) => {
  const { betterAuth } = await import('better-auth');
  const { getMigrations } = await import('better-auth/db/migration');
  const pool = new pg.Pool({ connectionString: url });
  const options = {
    database: pool,
    secret: 'a secret of this test alone, of 32 characters',
    baseURL: 'http://127.0.0.1:1',
    emailAndPassword: { enabled: true },
    telemetry: { enabled: false },
    logger: { disabled: true },
  };
  const { runMigrations } = await getMigrations(options);
  await runMigrations();
  const auth = betterAuth(options);
  const body = {
    name: 'Ada',
    email: 'ada@example.com',
    password: 'correct horse',
  };
  const { user } = await auth.api.signUpEmail({ body });
  const twice = await auth.api
    .signUpEmail({ body })
    .catch((error) => error.statusCode);
  const { headers } = await auth.api.signInEmail({ body, returnHeaders: true });
  const cookie = headers.get('set-cookie').split(';')[0];
  const session = await auth.api.getSession({
    headers: new Headers({ cookie }),
  });
  const { rows } = await pool.query('select count(*) from session');
  await pool.end();
  return {
    user: [user.name, user.email, user.emailVerified],
    isDate: user.createdAt instanceof Date,
    twice,
    session: session?.user.email,
    isLater: session?.session.expiresAt > new Date(),
    sessions: rows[0].count,
  };
};
