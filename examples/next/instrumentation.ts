// SPDX-License-Identifier: MIT

/** Opens connections before the first request comes. */
export async function register() {
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { register: warmUp } = await import('pg-holdfast/next');
    const { database } = await import('./lib/database');
    await warmUp({ pool: database, timeoutMillis: 3000 });
  }
}
