// SPDX-License-Identifier: MIT
// biome-ignore-all lint/suspicious/noExplicitAny: Nest's types have it
// biome-ignore-all lint/complexity/noStaticOnlyClass: Nest's modules are so
// `pg-holdfast/nest`. Nest's own types are not needed to compile this.
import type {
  Health,
  HealthOptions,
  Pool,
  PoolOptions,
  WarmupOptions,
} from '../index.js';

type Constructor<T = any> = new (...values: any[]) => T;

/** What Nest takes as a dynamic module. */
export interface HoldfastDynamicModule {
  module: Constructor;
  global: boolean;
  imports: any[];
  providers: any[];
  exports: any[];
}

/** Options of a pool, and a few of the module's. */
export interface HoldfastModuleOptions extends PoolOptions {
  /** An existing pool, which the module does not end. */
  pool?: Pool;
  /**
   * Whether it is the pool of getPool(): one for each database in the process,
   * however many modules use it. false: a pool of this module alone, for other
   * options with the same database. @default true
   */
  shared?: boolean;
  /**
   * Whether connections are opened before the application listens, or how. When
   * the database is away the application starts all the same, unless `failFast`
   * is set. @default true
   */
  warmup?: boolean | WarmupOptions;
  /**
   * How long requests in flight may use the database once the application is
   * shutting down; then their statements are cancelled. In ms.
   * @default as long as they take
   */
  shutdownMillis?: number;
}

/** Options of the module itself. */
export interface HoldfastModuleExtras {
  /** A name for another database; inject it with InjectHoldfast(name). */
  name?: string;
  /** Whether other modules need not import it. @default false */
  isGlobal?: boolean;
}

/** A class that creates the options, for `useClass` and `useExisting`. */
export interface HoldfastOptionsFactory {
  createHoldfastOptions():
    | HoldfastModuleOptions
    | string
    | URL
    | Promise<HoldfastModuleOptions | string | URL>;
}

/** One of useFactory, useClass and useExisting is needed. */
export interface HoldfastModuleAsyncOptions extends HoldfastModuleExtras {
  /** Modules whose providers are injected. */
  imports?: any[];
  /** What `useFactory` is called with. */
  inject?: any[];
  useFactory?: (
    ...values: any[]
  ) =>
    | HoldfastModuleOptions
    | string
    | URL
    | Promise<HoldfastModuleOptions | string | URL>;
  useClass?: Constructor<HoldfastOptionsFactory>;
  useExisting?: Constructor<HoldfastOptionsFactory>;
}

/** Gives an application a pool of getPool() for its lifetime. */
export class HoldfastModule {
  /** Without options the pool is that of DATABASE_URL. */
  static forRoot(
    options?: (HoldfastModuleOptions & HoldfastModuleExtras) | string | URL,
  ): HoldfastDynamicModule;
  static forRootAsync(
    options: HoldfastModuleAsyncOptions,
  ): HoldfastDynamicModule;
}

/**
 * The pool as a provider. Its connections are opened before the application
 * listens, and closed once it has stopped listening and answered.
 */
export class HoldfastService {
  constructor(options?: HoldfastModuleOptions | string | URL);
  /** The pool itself. */
  readonly pool: Pool;
  query: Pool['query'];
  batch: Pool['batch'];
  stream: Pool['stream'];
  readonly sql: Pool['sql'];
  transaction: Pool['transaction'];
  withSettings: Pool['withSettings'];
  connect: Pool['connect'];
  listen: Pool['listen'];
  health: Pool['health'];
  warmup: Pool['warmup'];
  reset: Pool['reset'];
  suspend: Pool['suspend'];
  resume: Pool['resume'];
  stats: Pool['stats'];
  prometheus: Pool['prometheus'];
  invalidate: Pool['invalidate'];
  clearPreparedStatements: Pool['clearPreparedStatements'];
  /** Nest calls it. */
  onModuleInit(): Promise<void>;
  /** Nest calls it, on signals if the application enables its hooks. */
  beforeApplicationShutdown(): void;
  /** Nest calls it after the last request. */
  onApplicationShutdown(): Promise<void>;
}

export interface PingCheckOptions extends HealthOptions {
  /** The service to query. @default that of the module */
  service?: HoldfastService;
}

/** The result of a check, for terminus. */
export interface HoldfastHealthDetails extends Omit<Health, 'status'> {
  /**
   * `up`, `degraded` or `down`. With terminus 11, which does not know
   * `degraded`: `up`, and `degraded` is true.
   */
  status: any;
  /** Why it is not `up`. */
  message?: string;
  degraded?: true;
}

/** A health indicator for @nestjs/terminus 11 and 12. */
export class HoldfastHealthIndicator {
  constructor(service: HoldfastService);
  /**
   * Queries the database. Its failures do not reject: they are the result.
   */
  pingCheck<Key extends string = 'database'>(
    key?: Key,
    options?: PingCheckOptions,
  ): Promise<Record<Key, HoldfastHealthDetails>>;
}

/** Injects a service: that of forRoot({name}), or the one without a name. */
export function InjectHoldfast(
  name?: string,
): (target: object, key: string | symbol | undefined, index?: number) => void;

/** The injection token of such a service, to replace it in tests. */
export function getHoldfastToken(name?: string): any;

declare const nest: {
  HoldfastModule: typeof HoldfastModule;
  HoldfastService: typeof HoldfastService;
  HoldfastHealthIndicator: typeof HoldfastHealthIndicator;
  InjectHoldfast: typeof InjectHoldfast;
  getHoldfastToken: typeof getHoldfastToken;
  default: typeof nest;
};

export default nest;
