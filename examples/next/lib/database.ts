// SPDX-License-Identifier: MIT
import { getPool, type Pool } from 'pg-holdfast';

/**
 * The pool of this process. getPool() returns the same one every time, so
 * there is nothing to keep on globalThis, also when this file is reloaded.
 */
export function database(): Pool {
  return getPool({ application_name: 'holdfast-next', max: 10, min: 2 });
}
