// SPDX-License-Identifier: MIT
// `pg-holdfast/next`. Next.js' own types are not needed to compile this.
import type { Pool, WarmupResult } from '../index.js';

/** What withHoldfast() adds to a configuration. */
export interface ExternalPackages {
  serverExternalPackages: string[];
}

/**
 * Returns the configuration with our packages in `serverExternalPackages`:
 * Node.js loads them, and no bundler reads the binary. A function, async or
 * not, becomes a function of the same parameters.
 */
export function withHoldfast<A extends unknown[], C extends object>(
  config: (...values: A) => Promise<C>,
): (...values: A) => Promise<C & ExternalPackages>;
export function withHoldfast<A extends unknown[], C extends object>(
  config: (...values: A) => C,
): (...values: A) => C & ExternalPackages;
export function withHoldfast<C extends object = object>(
  config?: C,
): C & ExternalPackages;

/** Which pool a route or register() is for. */
export interface PoolChoice {
  /**
   * The pool, or a function that returns it, called for each request.
   * @default every pool of getPool()
   */
  pool?: Pool | (() => Pool);
}

export interface RegisterOptions extends PoolChoice {
  /** How long the start waits for the connections. In ms. @default 8000 */
  timeoutMillis?: number;
}

/**
 * Opens connections before the first request: `register` of Next.js'
 * instrumentation.ts. Does nothing in a build and in the edge runtime, where
 * it resolves to undefined. When the database is away it resolves to
 * `{ok: false}`, and the application starts; invalid options reject.
 */
export function register(
  options?: RegisterOptions,
): Promise<WarmupResult | undefined>;

export interface HealthRouteOptions extends PoolChoice {
  /** The limit of the check. In ms. @default 2000 */
  timeoutMillis?: number;
  /**
   * false omits `lastError` and `reasons`, which may name hosts, users and
   * databases, for a public route.
   * @default true
   */
  details?: boolean;
}

/** A route handler, as `GET` or `POST` of a route.ts. */
export type RouteHandler = (request: Request) => Promise<Response>;

/**
 * Returns a `GET` that answers with the pool's health as JSON: 200 when it is
 * `up` or `degraded`, 503 when it is `down`. Never cached; throws in a build,
 * whose answer would be served for ever.
 */
export function healthRoute(options?: HealthRouteOptions): RouteHandler;

export interface ResetRouteOptions extends PoolChoice {
  /**
   * The secret of requests, as `Authorization: Bearer …`: 16 characters or
   * more. Without one the route refuses every request.
   */
  secret: string | undefined;
  /** The least time between two resets; earlier requests get 429. In ms. @default 10000 */
  intervalMillis?: number;
  /** How long a reset waits for the new connections. In ms. @default 8000 */
  timeoutMillis?: number;
}

/**
 * Returns a `POST` that replaces every connection by a new one. Without the
 * secret, with another, or with a secret of less than 16 characters set, it
 * answers 404 and does nothing; so it does in a build.
 */
export function resetRoute(options: ResetRouteOptions): RouteHandler;

declare const next: {
  withHoldfast: typeof withHoldfast;
  register: typeof register;
  healthRoute: typeof healthRoute;
  resetRoute: typeof resetRoute;
  default: typeof next;
};
export default next;
