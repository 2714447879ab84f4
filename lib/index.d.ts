// SPDX-License-Identifier: MIT
// biome-ignore-all lint/suspicious/noExplicitAny: rows and pg's types have it
import type { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { PeerCertificate, SecureVersion } from 'node:tls';
import type * as holdfastTypes from './index.js';
import type {
  BindConfig,
  ClientConfig,
  Defaults,
  ExecuteConfig,
  MessageConfig,
  QueryParse,
} from './pg/names.js';

export type * from './pg/names.js';

// ---- errors ---------------------------------------------------------------

/**
 * What became of the work behind an error; it decides whether a retry is safe.
 *
 * - `not_executed`: provably nothing of it ran.
 * - `rolled_back`: it ran and provably left nothing durable.
 * - `ambiguous`: it may or may not be durable.
 * - `permanent`: nothing durable, and the same input fails again.
 */
export type Outcome =
  | 'not_executed'
  | 'rolled_back'
  | 'ambiguous'
  | 'permanent';

/** What a retry would have to repeat. */
export type Unit = 'statement' | 'transaction';

/** How far the work had come. */
export type Phase =
  | 'local'
  | 'acquire'
  | 'connect'
  | 'send'
  | 'await'
  | 'commit'
  | 'backoff'
  | 'unknown';

/**
 * The codes of errors that are neither the server's (those have its SQLSTATE)
 * nor the system's (those have node's name, such as `ECONNREFUSED`).
 */
export type ErrorCode =
  /** Out of memory. */
  | 'HF_NO_MEMORY'
  /** The host name could not be resolved. */
  | 'ENOTFOUND'
  /** TLS could not be established. */
  | 'HF_TLS'
  /** Authentication failed, and the server gave no SQLSTATE. */
  | 'HF_AUTH'
  /** What answered does not speak PostgreSQL's protocol. */
  | 'HF_PROTOCOL'
  /** No connection became free in time; the message says how many there are. */
  | 'HF_ACQUIRE_TIMEOUT'
  /** More than `queueMax` calls are waiting. */
  | 'HF_QUEUE_FULL'
  /** The server did not answer within `connectTimeoutMillis`. */
  | 'HF_CONNECT_TIMEOUT'
  /** The statement ran longer than `timeoutMillis` and was cancelled. */
  | 'HF_QUERY_TIMEOUT'
  /** The call did not succeed by its deadline. */
  | 'HF_DEADLINE'
  /** The call was aborted by its signal. */
  | 'HF_ABORTED'
  /** The pool was ended. */
  | 'HF_POOL_CLOSED'
  /** The client was released. */
  | 'HF_RELEASED'
  /** A value cannot be sent to the server, or an argument is wrong. */
  | 'HF_PARAM_INVALID'
  /** query() cannot run COPY: use copyFrom() or copyTo(). */
  | 'HF_COPY_UNSUPPORTED'
  /** The result is over `maxResultBytes`. */
  | 'HF_RESULT_TOO_LARGE'
  /** The connection was lost during COMMIT: its outcome is unknown. */
  | 'HF_OUTCOME_UNKNOWN'
  /** The database cannot be reached, and the next attempt comes after the deadline. */
  | 'HF_BREAKER_OPEN'
  /** This needs a session of its own, which the pooler in between does not give. */
  | 'HF_SESSION_REQUIRED'
  /** query() left a transaction open; it was rolled back. */
  | 'HF_TRANSACTION_OPEN'
  /** COMMIT was answered with ROLLBACK: an earlier statement had failed. */
  | 'HF_COMMIT_ROLLED_BACK'
  /** The server stopped answering, and two probes failed. */
  | 'HF_SILENT'
  /** A later ROLLBACK on the same client ended it. */
  | 'HF_ROLLED_BACK'
  /** `onConnect` or a 'connect' listener failed: see the cause. */
  | 'HF_HOOK_FAILED'
  /** No binary of this package fits the platform. */
  | 'HF_NO_BINARY'
  /** getPool() was asked for a fifth pool that differs from others only by a function. */
  | 'HF_TOO_MANY_POOLS'
  /** `@opentelemetry/api` is not installed. */
  | 'HF_NO_OPENTELEMETRY'
  /** A `:name` of the text has no value. */
  | 'HF_VALUE_MISSING'
  /** A value has no `:name` in the text. */
  | 'HF_VALUE_UNUSED'
  /** A template cannot become SQL. */
  | 'HF_TEMPLATE_INVALID'
  /** The statement was done, but a value cannot be read as its type. */
  | 'HF_RESULT_UNREADABLE';

/** The `code` of a `HoldfastWarning` of `process.on('warning')`. */
export type WarningCode =
  /** An option has less effect than it appears to. */
  | 'HF_OPTIONS'
  /** Two calls of getPool() set different sizes: the first stays in force. */
  | 'HF_OPTIONS_DIFFER'
  /** A second pool differs from the first only by a function. */
  | 'HF_POOL_PER_FUNCTION'
  /** The fifth such pool was refused. */
  | 'HF_TOO_MANY_POOLS'
  /** Two copies of this package are installed. */
  | 'HF_TWO_COPIES'
  /** A client was garbage-collected without release(). */
  | 'HF_CLIENT_LEAKED'
  /** A call without a deadline waits while idle clients hold every connection. */
  | 'HF_SELF_LOCK'
  /** A 'connect' listener only sees connections opened later. */
  | 'HF_SHARED_LISTENER'
  /** `onConnect` or a 'connect' listener failed while no call waited. */
  | 'HF_HOOK_FAILED'
  /** SQL in a connect hook was refused behind a transaction pooler. */
  | 'HF_SESSION_REQUIRED'
  /** The direct connection string asks for weaker TLS. */
  | 'HF_DIRECT_TLS'
  /** A callback of the application threw. */
  | 'HF_LISTENER'
  /** `cacheNotifyChannel` cannot be listened to. */
  | 'HF_CACHE_NOTIFY'
  /** The secret of resetRoute() is too short. */
  | 'HF_SECRET_SHORT'
  /** This version of Prisma does not expose what retryExtension() needs. */
  | 'HF_PRISMA_VERSION'
  /** The pool is pg's, because of `fallback`. */
  | 'HF_FALLBACK'
  /** An environment variable overrides the connection string. */
  | 'HF_ENVIRONMENT'
  /** A retry helper's function returned nothing while its query was running. */
  | 'HF_NOT_AWAITED'
  /** The engine had to skip something; the text says what. */
  | 'HF_ENGINE';

/** Any error of this package. */
export class HoldfastError extends Error {
  /**
   * An `ErrorCode`, the server's SQLSTATE, or node's name of a system error.
   */
  code: ErrorCode | (string & {}) | undefined;
  /**
   * Of batch(): the place in the list of the statement that failed or was refused.
   */
  batchIndex?: number;
  /** What became of the work: whether a retry is safe. */
  outcome: Outcome;
  /** Whether a retry is useful. Retry only what is also safe to retry. */
  retryable: boolean;
  /** What a retry would have to repeat. */
  unit: Unit;
  /** How far the work had come. */
  phase: Phase;
  /** How often it was tried. */
  attempts: number;
  /** How long the call took, in milliseconds. */
  elapsedMillis: number;
  /** Why, for people; `partial`: part of the work is done, do not retry. */
  reason: string | undefined;
  /** The server's SQLSTATE, if the error is the server's. */
  sqlState?: string;
  /** Node's negative number of a system error. */
  errno?: number;
  /** The system call that failed. */
  syscall?: string;
  /** The server's address, for failures of connections. */
  address?: string;
  /** The server's port, for failures of connections. */
  port?: number;
}

/** What the server reported, with the fields `pg` gives it. */
export class DatabaseError extends HoldfastError {
  length: number | undefined;
  severity: string | undefined;
  detail: string | undefined;
  hint: string | undefined;
  position: string | undefined;
  internalPosition: string | undefined;
  internalQuery: string | undefined;
  where: string | undefined;
  schema: string | undefined;
  table: string | undefined;
  column: string | undefined;
  dataType: string | undefined;
  constraint: string | undefined;
  file: string | undefined;
  line: string | undefined;
  routine: string | undefined;
}

/** What `classify` says. */
export interface Classification {
  outcome: Outcome;
  retryable: boolean;
  unit: Unit;
  sqlState: string | undefined;
  reason: string;
}

/**
 * Says what became of the work behind an error, whoever threw it: this
 * package, pg, postgres.js, Prisma, Drizzle, node. Never throws.
 */
export function classify(error: unknown): Classification;

// ---- types of values ------------------------------------------------------

/** Converts the server's text of a value to a JavaScript value. */
export type TypeParser<T = any> = (text: string) => T;

/** What `types` of a pool or a query has to provide. */
export interface CustomTypes {
  getTypeParser(oid: number, format?: any): TypeParser;
}

/**
 * The process-wide parsers, as `pg.types`. Instead of an OID, `setTypeParser()`
 * takes the name of a type: `mood`, `app.mood` or `mood[]`, without quotes.
 */
export const types: CustomTypes & {
  setTypeParser(type: number | string, parser: TypeParser): void;
  setTypeParser(
    type: number | string,
    format: 'text' | 'binary',
    parser: TypeParser,
  ): void;
  arrayParser: any;
  builtins: Record<string, number>;
};

/** Parsers of one's own, in front of others; as `types` of a pool or a query. */
export class TypeOverrides implements CustomTypes {
  /** @param base what is behind them. Default: the process-wide `types` */
  constructor(base?: CustomTypes);
  /** Sets the parser of a type, by its OID or its name, as `types` does. */
  setTypeParser(type: number | string, parser: TypeParser): void;
  setTypeParser(
    type: number | string,
    format: 'text' | 'binary',
    parser: TypeParser,
  ): void;
  getTypeParser(oid: number, format?: any): TypeParser;
}

/** How some values are read, of a pool or of a call. */
export interface ValueOptions {
  /**
   * int8 and its arrays. 'number' rejects with HF_RESULT_UNREADABLE when a value
   * is no safe integer. @default 'string'
   */
  int8?: 'string' | 'number' | 'bigint' | undefined;
  /**
   * json and jsonb. 'bigint': integers outside the safe range are BigInt. 'text':
   * not parsed. @default 'parse'
   */
  json?: 'parse' | 'bigint' | 'text' | undefined;
  /**
   * date, timestamp, timestamptz and time. 'temporal' needs
   * `globalThis.Temporal`, and throws without it. @default 'date'
   */
  dates?: 'date' | 'text' | 'temporal' | undefined;
}

/** A type of the database, from `type()` of a pool or a client. */
export interface NamedType {
  /** The name that it was asked for by. */
  readonly name: string;
  /**
   * Returns a parameter of this type, null for null. A composite is an object
   * with all of its attributes (undefined is NULL), a range `{lower, upper, bounds}`.
   * @throws {HoldfastError} HF_PARAM_INVALID, for what is no such value
   */
  value(value: unknown): { toPostgres(): string } | null;
}

/**
 * A range, where `catalogTypes` is set. A bound that is not there is null, and
 * both are in an empty range.
 */
export interface Range<T = any> {
  lower: T | null;
  upper: T | null;
  bounds: '[)' | '[]' | '(]' | '()' | 'empty';
}

/**
 * pg's defaults: what is changed here fills in what neither the options nor the
 * environment say, for pools and clients made later. As in pg, the size and the
 * times of pools have no effect here.
 */
export const defaults: Defaults;

// ---- options --------------------------------------------------------------

/** TLS. libpq provides it, so only these keys of `node:tls` are supported. */
export interface SslOptions {
  /**
   * Authorities to trust, as PEM text.
   * @default those Node trusts, with NODE_EXTRA_CA_CERTS, --use-system-ca,
   *   --use-openssl-ca and tls.setDefaultCACertificates()
   */
  ca?: string | Buffer | (string | Buffer)[] | undefined;
  /** The client's certificate and its chain, as PEM text. */
  cert?: string | Buffer | (string | Buffer)[] | undefined;
  /** The client's key, as PEM text. */
  key?:
    | string
    | Buffer
    | (string | Buffer | { pem: string | Buffer; passphrase?: string })[]
    | undefined;
  /** The passphrase of the key. */
  passphrase?: string | undefined;
  /** false: encrypt, but check nothing. @default true */
  rejectUnauthorized?: boolean | undefined;
  /** Accepted and ignored: with an object, TLS is always required. */
  require?: boolean | undefined;
  /**
   * The name in the certificate, and the one asked for by SNI, where `host` is
   * an address or the end of a tunnel. @default the name in `host`
   */
  servername?: string | undefined;
  /**
   * Says whether a certificate is the right server's, instead of its name. The
   * chain is checked before, and nothing of the login is sent before it has
   * returned. An Error that it returns or throws refuses the connection, with
   * the code HF_TLS and its message. Not called with `rejectUnauthorized: false`.
   * Called for each connection, except for those that only ask about a silent
   * one: these are made to servers whose certificate was accepted last.
   */
  checkServerIdentity?:
    | ((
        host: string,
        certificate: PeerCertificate,
      ) => Error | undefined | Promise<Error | undefined>)
    | undefined;
  /** The lowest version of TLS, 'TLSv1.2' at least. @default 'TLSv1.2' */
  minVersion?: SecureVersion | undefined;
  /** The highest version of TLS. */
  maxVersion?: SecureVersion | undefined;
}

/** Options of a pool, under pg's names where pg has them. Unknown keys throw. */
export interface PoolOptions {
  // Where
  /**
   * A URL, or libpq's keywords. The options below take precedence.
   * @default DATABASE_URL, then SUPABASE_DATABASE_URL
   */
  connectionString?: string | undefined;
  /**
   * Name, address or folder of the socket; several with commas.
   * @default PGHOST, then 'localhost'
   */
  host?: string | undefined;
  /** The address of `host`, which is then not looked up. */
  hostaddr?: string | undefined;
  /** @default PGPORT, then 5432 */
  port?: number | string | undefined;
  /** @default PGUSER, then the account's name */
  user?: string | undefined;
  /** Or a function, called for each connection. @default PGPASSWORD */
  password?: (string | (() => string | Promise<string>)) | undefined;
  /** @default PGDATABASE, then the user's name */
  database?: string | undefined;
  /**
   * true checks the certificate. Without it: plain on this machine, else
   * encrypted where the server offers it, with a warning.
   */
  ssl?:
    | boolean
    | SslOptions
    | 'disable'
    | 'allow'
    | 'prefer'
    | 'require'
    | 'verify-ca'
    | 'verify-full'
    | 'no-verify'
    | undefined;
  /** How TLS is started: 'postgres' or, with libpq 17, 'direct'. */
  sslnegotiation?: string | undefined;
  /** Ties the login to the TLS session. @default 'prefer' */
  channel_binding?: string | undefined;
  /** pg's word for it: true is 'prefer', false 'disable'. */
  enableChannelBinding?: boolean | undefined;
  /** Which of several hosts is acceptable, as in libpq. @default 'any' */
  target_session_attrs?: string | undefined;
  /** In which order several hosts are tried, as in libpq. @default 'disable' */
  load_balance_hosts?: string | undefined;
  /**
   * The name that the server's views show. Without a connection string
   * @default PGAPPNAME
   */
  application_name?: string | undefined;
  /** The same where nothing else is given. */
  fallback_application_name?: string | undefined;
  /**
   * Command-line options for the server, as in libpq. Without a connection
   * string
   * @default PGOPTIONS
   */
  options?: string | undefined;
  /** Settings of every session, such as `{ timezone: 'UTC' }`. */
  settings?: Record<string, string | number | boolean> | undefined;
  /** Always UTF8; another value is refused. */
  client_encoding?: string | undefined;
  /** The schema of unqualified names (search_path). */
  schema?: string | undefined;

  // The pool
  /** The maximum number of connections. @default 10 */
  max?: number | undefined;
  /** The same, pg's old name. */
  poolSize?: number | undefined;
  /** Connections kept open. @default 0 */
  min?: number | undefined;
  /** An idle connection is closed after this; 0 = never. In ms. @default 10000 */
  idleTimeoutMillis?: number | null | undefined;
  /** A connection is replaced after this, with jitter; 0 = never. In s. @default 0 */
  maxLifetimeSeconds?: number | undefined;
  /** A connection is replaced after this many uses; 0 = never. @default 0 */
  maxUses?: number | undefined;
  /** How many calls may wait; more are refused with HF_QUEUE_FULL. @default 10000 */
  queueMax?: number | undefined;

  // Time
  /** How long to wait for a connection; 0 = until the deadline. In ms. @default 0 */
  connectionTimeoutMillis?: number | undefined;
  /**
   * The limit of one physical connect, with name look-up, TLS and login. In ms.
   * @default 5000 */
  connectTimeoutMillis?: number | undefined;
  /**
   * The limit of one call for waiting and retries, up to its last dispatch; 0 =
   * none. In ms.
   * @default 8000 */
  deadlineMillis?: number | undefined;
  /** The limit of one attempt, which is then cancelled; 0 = none. In ms. @default 0 */
  timeoutMillis?: number | undefined;
  /** The same, pg's name. */
  query_timeout?: number | false | undefined;
  /**
   * Silence after which the server is probed on another connection; 0 = off. In
   * ms.
   * @default 8000 */
  silenceMillis?: number | undefined;
  /** How long end() lets work in flight finish. In ms. @default 5000 */
  drainMillis?: number | undefined;
  /** How long a query takes to count as slow; 0 = off. In ms. @default 1000 */
  slowQueryMillis?: number | undefined;
  /** The server ends statements that run longer; 0 = not set. In ms. @default 0 */
  statementTimeoutMillis?: number | undefined;
  /** The same, pg's name. */
  statement_timeout?: number | false | undefined;
  /**
   * The server ends statements that wait longer for a lock; 0 = not set. In ms.
   * @default 0 */
  lockTimeoutMillis?: number | undefined;
  /** The same, pg's name. */
  lock_timeout?: number | false | undefined;
  /**
   * The server ends transactions that are idle for longer; 0 = not set. In ms.
   * @default 0 */
  idleInTransactionTimeoutMillis?: number | undefined;
  /** The same, pg's name. */
  idle_in_transaction_session_timeout?: number | false | undefined;

  // Repeating
  /** Extra attempts of one call. @default 2 */
  maxRetries?: number | undefined;
  /** The longest first delay. In ms. @default 50 */
  retryBaseMillis?: number | undefined;
  /** The longest delay. In ms. @default 2000 */
  retryCapMillis?: number | undefined;
  /** Whether the process's budget may limit retries. @default true */
  retryBudget?: boolean | undefined;
  /**
   * The five above as one object; false: no retries, and a connect that
   * fails rejects the call instead of being waited out.
   */
  retry?:
    | false
    | {
        maxRetries?: number | undefined;
        baseMillis?: number | undefined;
        capMillis?: number | undefined;
        deadlineMillis?: number | undefined;
        retryBudget?: boolean | undefined;
      };
  /**
   * Where log lines go; false: nowhere.
   * @default the terminal: warnings in development, errors in production,
   * nothing when NODE_ENV is test
   */
  logger?: false | Logger | undefined;
  /** Whether statements that only read are recognised, and so retried. @default true */
  inferReads?: boolean | undefined;

  // Statements
  /** What is between the pool and the server. @default 'auto' */
  pooler?: 'auto' | 'none' | 'session' | 'transaction' | undefined;
  /** Which statements are prepared under a name. @default 'auto' */
  names?: 'auto' | 'given' | 'never' | undefined;
  /**
   * true, or 'on': connections forget their prepared statements after each use.
   * For code that relies on it; costs a round trip, and this pool does not need
   * it. 'force': also behind a transaction pooler. @default 'off' */
  deallocateBeforeUse?: boolean | 'off' | 'on' | 'force' | undefined;
  /**
   * Whether a direct connection's session is reset, as by DISCARD ALL, before
   * somebody else uses it. true is 'detected': when a statement by its text left
   * something there (SET, LISTEN, PREPARE, a temporary table, a lock). 'always':
   * also after each client. pg resets nothing. @default 'off' */
  resetOnRelease?: boolean | 'off' | 'detected' | 'always' | undefined;
  /** Prepared statements kept on a connection. @default 200 */
  statementCacheSize?: number | undefined;
  /** Reading statements in flight on one connection. @default 8 */
  shareMax?: number | undefined;

  // Limits
  /** The largest result. In bytes. @default 268435456 */
  maxResultBytes?: number | undefined;
  /** All results that were not taken yet, together. In bytes. @default 536870912 */
  maxBufferedBytes?: number | undefined;
  /** All results that `cache` keeps, together. In bytes. @default 16777216 */
  cacheMaxBytes?: number | undefined;
  /**
   * How often the session that listens for `cacheNotifyChannel` is pinged;
   * after twice that without an answer the cache is not used. In ms.
   * @default 5000 */
  cacheNotifyProbeMillis?: number | undefined;

  // The network
  /** Whether the kernel probes silent connections. @default true */
  keepAlive?: boolean | undefined;
  /** After how much silence. In ms. @default 10000 */
  keepAliveInitialDelayMillis?: number | undefined;
  /**
   * How long sent data may stay unacknowledged; 0 = the system's. In ms.
   * @default 15000 */
  tcpUserTimeoutMillis?: number | undefined;

  // The application's
  /** Parsers of this pool. @default the process-wide `types` */
  types?: CustomTypes | undefined;
  /**
   * Whether types that the database defines are looked up and parsed: arrays of
   * enums and domains, composites, ranges. Without it they are text, as in pg.
   * @default false
   */
  catalogTypes?: boolean | undefined;
  /** How int8 is read: see `ValueOptions`. @default 'string' */
  int8?: ValueOptions['int8'];
  /** How json and jsonb are read: see `ValueOptions`. @default 'parse' */
  json?: ValueOptions['json'];
  /** How dates and times are read: see `ValueOptions`. @default 'date' */
  dates?: ValueOptions['dates'];
  /**
   * SQL to run on each new connection, or a function that prepares it: no call
   * is served there before what it returns has settled. When it fails, the
   * connection is closed, and a call that waits gets its error.
   */
  onConnect?: string | ((client: PoolClient) => unknown) | undefined;
  /**
   * A connection string that bypasses the pooler, for `connect({session:
   * true})`. Without it DIRECT_URL, then DIRECT_DATABASE_URL.
   */
  directUrl?: string | undefined;
  /**
   * For `getPool()`: a name for the pool, instead of its functions, also across
   * worker threads. The first one's functions stay in use.
   */
  key?: string | undefined;
  /**
   * What `getPool()` gives where no binary fits: `pg`'s own pool (the package
   * `pg` has to be installed), for the same helpers. `new Pool()` ignores it.
   * @default a pool that rejects with HF_NO_BINARY
   */
  fallback?: 'pg' | false | undefined;
  /**
   * A channel on which other processes invalidate the cache: the payload is a
   * tag, or empty for everything. Without it, nothing is listened to.
   */
  cacheNotifyChannel?: string | undefined;

  // pg's, without work here
  /** Ignored: idle connections never keep the process alive. */
  allowExitOnIdle?: boolean | undefined;
  /** Ignored. */
  log?: ((...messages: any[]) => void) | undefined;
  /** Ignored. */
  Client?: any | undefined;
  /** Ignored. */
  Promise?: any | undefined;
  /** Ignored: the engine decides. */
  pipeline?: boolean | undefined;
  /** Ignored: libpq does it. */
  scramMaxIterations?: number | undefined;
  /** Results are text: only false is taken. */
  binary?: false | undefined;
  /** Replication needs another protocol: only false is taken. */
  replication?: false | undefined;
}

// ---- queries --------------------------------------------------------------

/** Values by name: of `:id`, what `id` is. */
export type NamedValues = { readonly [name: string]: SqlValue };

/**
 * Settings of the server by name, such as `'app.tenant'`, `role` or
 * `search_path`. They hold in the transaction of a statement.
 */
export interface Settings {
  readonly [name: string]: string | number | bigint | boolean;
}

/** A statement as an object; pg's keys, then ours. */
export interface QueryConfig<V extends readonly unknown[] = any[]>
  extends ValueOptions {
  /** The SQL. */
  text: string;
  /** The values of $1, $2, …; with an object, of :name (NamedQueryConfig). */
  values?: V | undefined;
  /** A name to prepare it under, where that is safe. */
  name?: string | undefined;
  /** Parsers of this result. */
  types?: CustomTypes | undefined;
  /** 'extended' forbids several statements in one text. */
  queryMode?: string | undefined;
  /** pg's name of `timeoutMillis`. */
  query_timeout?: number | undefined;
  /** The limit of one attempt, which is then cancelled. In ms. @default the pool's */
  timeoutMillis?: number | undefined;
  /**
   * The limit of the whole call, the running attempt included. In ms.
   * @default the pool's, which ends at the last dispatch
   */
  deadlineMillis?: number | undefined;
  /** Aborts the call. */
  signal?: AbortSignal | undefined;
  /** It only reads, which the server enforces. So it may be retried. @default false */
  readOnly?: boolean | undefined;
  /** It may run twice. So it may be retried. @default false */
  idempotent?: boolean | undefined;
  /**
   * Run it in a transaction of its own; when the answer to COMMIT is lost, the
   * server is asked for the outcome. @default false */
  exactlyOnce?: boolean | undefined;
  /**
   * false: no retries, and a port that was never open is not waited for.
   * @default the pool's
   */
  retry?: boolean | { maxRetries?: number } | undefined;
  /** What a retry helper gave its function: this call belongs to that helper. */
  context?: RetryContext | undefined;
  /**
   * Settings of the server for this statement alone. HF_PARAM_INVALID in a
   * transaction, and where the statement cannot run in one. @default none
   */
  settings?: Settings | undefined;
  /** Answer from the cache, and store the result there. For a pool's query() only. */
  cache?: CacheOptions | undefined;
}

/** What concerns a stream besides its text and values. */
export interface StreamOptions
  extends Omit<QueryConfig, 'text' | 'values' | 'exactlyOnce' | 'cache'> {
  /**
   * How many rows make up a portion, at most; a portion of 256 KB ends earlier.
   * @default 1000
   */
  batchSize?: number | undefined;
  /** 'array' for rows as arrays. */
  rowMode?: 'array' | undefined;
}

/** A statement for stream(). */
export interface StreamConfig extends StreamOptions {
  /** The SQL, one statement. */
  text: string;
  /** The values of $1, $2, … */
  values?: readonly unknown[] | undefined;
}

/**
 * The rows of a statement, read as they come. destroy(), or leaving a loop early,
 * ends the statement; 'close' comes when its connection is clean again.
 */
export interface RowStream<R> extends Readable {
  /** The columns, once rows have come; null before. */
  readonly fields: FieldDef[] | null;
  [Symbol.asyncIterator](): NodeJS.AsyncIterator<R>;
  on(event: 'data', listener: (row: R) => void): this;
  on(event: string | symbol, listener: (...args: any[]) => void): this;
}

/** What concerns a COPY besides its text. */
export interface CopyOptions
  extends Pick<
    QueryConfig,
    | 'signal'
    | 'timeoutMillis'
    | 'deadlineMillis'
    | 'readOnly'
    | 'idempotent'
    | 'retry'
    | 'context'
    | 'settings'
  > {}

/**
 * The data of COPY … TO STDOUT, as bytes. destroy(), or leaving a loop early, ends
 * the statement; 'close' comes when its connection is clean again.
 */
export interface CopyReadable extends Readable {
  /** How many rows were copied, once it has ended; null before. */
  readonly rowCount: number | null;
  [Symbol.asyncIterator](): NodeJS.AsyncIterator<Buffer>;
}

/**
 * Takes the data of COPY … FROM STDIN. They are stored when it has finished, all of
 * them; destroy(), an abort or an error leaves nothing of them, and 'close' comes
 * when the connection is clean again.
 */
export interface CopyWritable extends Writable {
  /** How many rows were stored, once it has finished; null before. */
  readonly rowCount: number | null;
}

/** A row to be copied: values in the order of the columns, or by their names. */
export type CopyRow =
  | readonly unknown[]
  | { readonly [column: string]: unknown };

/** How a query uses the pool's cache. */
export interface CacheOptions {
  /** How old the result may be. In ms. */
  ttlMillis: number;
  /** How much older it may be while the server cannot be reached. In ms. @default 0 */
  staleIfErrorMillis?: number | undefined;
  /** Distinguishes queries that are otherwise equal; can be invalidated. */
  key?: string | undefined;
  /** Tags by which the result can be invalidated. */
  tags?: string | readonly string[] | undefined;
}

/** What `invalidate` drops. */
export interface Invalidation {
  /** Results with this tag. */
  tag?: string | undefined;
  /** Results with one of these tags. */
  tags?: string | readonly string[] | undefined;
  /** Results with this key. */
  key?: string | undefined;
}

/** A statement whose rows are arrays. */
export interface QueryArrayConfig<V extends readonly unknown[] = any[]>
  extends QueryConfig<V> {
  rowMode: 'array';
}

/** A column of a result. */
export interface FieldDef {
  name: string;
  tableID: number;
  columnID: number;
  dataTypeID: number;
  dataTypeSize: number;
  dataTypeModifier: number;
  format: string;
}

export interface QueryResultBase {
  /** The command's first word; null for an empty statement. */
  command: string;
  /** Rows returned or affected; null where the command has no count. */
  rowCount: number | null;
  oid: number;
  fields: FieldDef[];
  rowAsArray: boolean;
  /** true: no statement was sent for this call; see `cache`. */
  cached?: boolean;
  /** true: it is older than requested, because the server cannot be reached. */
  stale?: boolean;
}

export interface QueryResultRow {
  [column: string]: any;
}

/** The result of a statement. Several in one text give an array of these. */
export interface QueryResult<R extends QueryResultRow = any>
  extends QueryResultBase {
  rows: R[];
}

export interface QueryArrayResult<R extends any[] = any[]>
  extends QueryResultBase {
  rows: R[];
}

/** A statement with values by name; the rest as in QueryConfig. */
export interface NamedQueryConfig extends Omit<QueryConfig, 'values'> {
  /** The SQL, with names such as `:id`. */
  text: string;
  /** A value for each name, null for NULL. */
  values: NamedValues;
}

// ---- templates --------------------------------------------------------------

declare const sqlFragment: unique symbol;

/** A part of a statement, made by a template or a helper of its tag. */
export interface SqlFragment {
  readonly [sqlFragment]: true;
}

/** What a template takes as a value: not undefined, and no promise. */
export type SqlValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | (object & { readonly then?: never });

/** A value, or SQL to be put in its place. */
export type SqlArgument = SqlValue | SqlFragment;

/** What goes with a template: a query's options. */
export type SqlOptions = Omit<QueryConfig, 'text' | 'values' | 'rowMode'>;

/**
 * A statement that runs when it is awaited, once. In another template it is a
 * part of that one; query() takes it, too.
 */
export interface SqlQuery<R extends QueryResultRow = any>
  extends SqlFragment,
    PromiseLike<QueryResult<R>> {
  /** The SQL, with $1, $2, … */
  readonly text: string;
  /** Their values. */
  readonly values: unknown[];
  /** Runs it, each time it is called. */
  execute(options?: SqlOptions): Promise<QueryResult<R>>;
  catch<T = never>(
    onError?: ((error: any) => T | PromiseLike<T>) | null,
  ): Promise<QueryResult<R> | T>;
  finally(onSettled?: (() => void) | null): Promise<QueryResult<R>>;
}

/** `` sql`select … where id = ${id}` ``: each value becomes a parameter. */
export interface SqlTag {
  <R extends QueryResultRow = any>(
    strings: TemplateStringsArray,
    ...values: readonly SqlArgument[]
  ): SqlQuery<R>;
  /** A part of a statement, which does not run. */
  fragment(
    strings: TemplateStringsArray,
    ...values: readonly SqlArgument[]
  ): SqlFragment;
  /** A name in quotes; several are joined by points. */
  identifier(name: string, ...names: readonly string[]): SqlFragment;
  /** Values in parentheses, for `in`. Throws for none. */
  list(values: readonly SqlArgument[]): SqlFragment;
  /** Fragments one behind the other. Throws for none. @default a comma */
  join(fragments: readonly SqlFragment[], separator?: SqlFragment): SqlFragment;
  /** VALUES and rows. Throws for none. */
  values(rows: readonly (readonly SqlArgument[])[]): SqlFragment;
  /** The columns in parentheses, VALUES and their values in each row. */
  values<C extends string>(
    rows: readonly (
      | { readonly [column in C]: SqlArgument }
      | readonly SqlArgument[]
    )[],
    columns: readonly C[],
  ): SqlFragment;
}

// ---- what can be asked --------------------------------------------------------

/** What pools and clients have in common. */
/** Options of batch(), for the batch as a whole. */
export interface BatchOptions {
  /** Settings of the server for its transaction. @default none */
  settings?: Settings | undefined;
  /** It only reads, which the server enforces. So it may be retried. @default false */
  readOnly?: boolean | undefined;
  /** It may run twice. So it may be retried. @default false */
  idempotent?: boolean | undefined;
  /**
   * Of a pool: what became of a COMMIT whose answer is lost is found out, for the
   * batch as a whole; with `atomic: false` for each statement. Not with
   * `readOnly`. @default false
   */
  exactlyOnce?: boolean | undefined;
  /** @default the pool's */
  retry?: boolean | { maxRetries?: number } | undefined;
  /** Aborts the batch. */
  signal?: AbortSignal | undefined;
  /** The limit of one attempt, which is then cancelled. In ms. @default the pool's */
  timeoutMillis?: number | undefined;
  /** The limit of the whole call. In ms. @default the pool's */
  deadlineMillis?: number | undefined;
  /** What a retry helper gave its function. */
  context?: RetryContext | undefined;
}

/** A statement of a batch. */
export interface BatchStatement {
  /** The SQL of one statement. */
  text: string;
  /** The values of $1, $2, …; with an object, of :name. */
  values?: readonly unknown[] | NamedValues | undefined;
  /** Parsers of this result. @default the pool's */
  types?: CustomTypes | undefined;
  /** 'array' for rows as arrays. @default objects */
  rowMode?: string | undefined;
}

export interface Queryable {
  /**
   * Runs up to 10,000 statements in one flight, as one transaction: all of it is
   * done, or nothing. Resolves to the result of each; rejects with the error of
   * one, whose `batchIndex` is its place. HF_PARAM_INVALID for what cannot run in
   * a transaction, or ends one.
   */
  batch(
    list: ReadonlyArray<string | BatchStatement>,
    options?: BatchOptions & { atomic?: true | undefined },
  ): Promise<QueryResult[]>;
  /** Runs them in order, each for itself, whatever becomes of the others. */
  batch(
    list: ReadonlyArray<string | BatchStatement>,
    options: BatchOptions & { atomic: false },
  ): Promise<PromiseSettledResult<QueryResult>[]>;
  /** A template tag: `` await pool.sql`select … where id = ${id}` ``. */
  readonly sql: SqlTag;
  query<R extends any[] = any[], V extends readonly unknown[] = any[]>(
    config: QueryArrayConfig<V>,
    values?: V,
  ): Promise<QueryArrayResult<R>>;
  query<R extends QueryResultRow = any>(
    template: SqlQuery<R>,
  ): Promise<QueryResult<R>>;
  query<R extends QueryResultRow = any, V extends readonly unknown[] = any[]>(
    textOrConfig: string | QueryConfig<V>,
    values?: V,
  ): Promise<QueryResult<R>>;
  query<R extends QueryResultRow = any>(
    config: NamedQueryConfig,
  ): Promise<QueryResult<R>>;
  query<R extends QueryResultRow = any>(
    text: string,
    values: NamedValues,
  ): Promise<QueryResult<R>>;
  query<R extends QueryResultRow = any>(
    textOrConfig: string | QueryConfig,
    callback: (error: Error, result: QueryResult<R>) => void,
  ): void;
  query<R extends QueryResultRow = any>(
    text: string,
    values: readonly unknown[] | undefined,
    callback: (error: Error, result: QueryResult<R>) => void,
  ): void;
  /**
   * Runs an object that speaks pg's protocol, such as pg-cursor or
   * pg-query-stream, and returns it. On a pool it has a client of its own until
   * its end; all errors are the object's.
   */
  query<T extends { submit: (connection: any) => void }>(submittable: T): T;
  /**
   * Returns the rows of a statement as a Readable in object mode, which async
   * iteration reads. No more rows are in memory than two portions; a reader that
   * does not read stops the server. Never throws: what is wrong with the arguments
   * is the stream's error.
   */
  stream<R extends QueryResultRow = any>(
    textOrConfig: string | StreamConfig | NamedQueryConfig,
    values?: readonly unknown[] | NamedValues | null,
    options?: StreamOptions,
  ): RowStream<R>;
  stream<R extends unknown[] = any[]>(
    textOrConfig: string | StreamConfig | NamedQueryConfig,
    values: readonly unknown[] | NamedValues | null | undefined,
    options: StreamOptions & { rowMode: 'array' },
  ): RowStream<R>;
  /**
   * Returns the data of `COPY … TO STDOUT` as a Readable of bytes: text, CSV or
   * binary, as the statement says. A reader that does not read stops the server.
   * Never throws: what is wrong with the arguments is the stream's error, as
   * HF_PARAM_INVALID where the text is another statement.
   */
  copyTo(text: string, options?: CopyOptions): CopyReadable;
  /**
   * Returns a Writable for the data of `COPY … FROM STDIN`. Never throws, either.
   * A line that is wrong is the server's error, whose `where` names line and
   * column.
   */
  copyFrom(text: string, options?: CopyOptions): CopyWritable;
  /**
   * Copies rows to a table, and resolves to how many. Values are written as
   * parameters are. When anything fails, the iteration included, nothing is
   * stored and it rejects with that.
   * @param table a name, divided at its dots, or a list of its parts
   * @param columns in the order of the values
   */
  copyFrom(
    table: string | readonly string[],
    columns: readonly string[],
    rows: Iterable<CopyRow> | AsyncIterable<CopyRow>,
    options?: CopyOptions,
  ): Promise<number>;
}

// ---- clients --------------------------------------------------------------

/**
 * What a client of pg has and ours has not. Declared so that code written for
 * pg accepts ours by its types; using one of them is an error.
 */
export interface AbsentInClient {
  connect: never;
  end: never;
  pauseDrain: never;
  resumeDrain: never;
  readonly connection: never;
  readonly ssl: never;
  readonly pipeline: never;
}

/** A connection for exclusive use, until it is released. */
export interface PoolClient extends Queryable, AbsentInClient, EventEmitter {
  /** The server's process; behind a pooler, the pooler's number for it. */
  readonly processID: number | null;
  readonly user: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly database: string | undefined;
  /**
   * Gives the connection back once its earlier statements have ended: an open
   * transaction is rolled back. true closes it at once; an error closes it only
   * if it is broken. It is bound, and may be passed on. A second call throws.
   */
  release(errorOrClose?: Error | boolean): void;
  /**
   * Looks a type up by its name, as this connection sees it: that of a temporary
   * table too, or of one that its transaction has made. As of a pool.
   */
  type(name: string): Promise<NamedType>;
  /** 'I' idle, 'T' in a transaction, 'E' in a failed one. */
  getTransactionStatus(): 'I' | 'T' | 'E' | null;
  setTypeParser(type: number | string, parser: TypeParser): void;
  setTypeParser(
    type: number | string,
    format: 'text' | 'binary',
    parser: TypeParser,
  ): void;
  getTypeParser(oid: number, format?: 'text' | 'binary'): TypeParser;
  escapeIdentifier(name: string): string;
  escapeLiteral(text: string): string;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A connection of one's own, as in pg: opened by connect(), held until end().
 * What fails is not repeated. `'error'` tells of a connection that was lost; as
 * of any emitter, without a listener it ends the process.
 */
export class Client extends EventEmitter implements Omit<Queryable, 'batch'> {
  /** As in pg. */
  static Query: typeof Query;
  /** Options as of Pool; those about a pool's size and ages are ignored. */
  constructor(config?: ClientConfig | string | URL);
  query: Queryable['query'];
  stream: Queryable['stream'];
  copyTo: Queryable['copyTo'];
  copyFrom: Queryable['copyFrom'];
  readonly sql: SqlTag;
  /** Opens the connection. A second call rejects. */
  connect(): Promise<Client>;
  connect(callback: (error: Error | null, client?: Client) => void): void;
  /** Closes the connection once the earlier statements have ended. */
  end(): Promise<void>;
  end(callback: (error?: Error) => void): void;
  /** The server's process; null before connect(). */
  readonly processID: number | null;
  readonly user: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /**
   * Emits 'parameterStatus', with what the server reports at its start, to
   * those who listen before connect(), and 'end'. Nothing else of pg's.
   */
  readonly connection: Connection;
  /**
   * Looks a type up by its name, as this connection sees it: that of a temporary
   * table too, or of one that its transaction has made. As of a pool.
   */
  type(name: string): Promise<NamedType>;
  /** 'I' idle, 'T' in a transaction, 'E' in a failed one. */
  getTransactionStatus(): 'I' | 'T' | 'E' | null;
  setTypeParser(type: number | string, parser: TypeParser): void;
  setTypeParser(
    type: number | string,
    format: 'text' | 'binary',
    parser: TypeParser,
  ): void;
  getTypeParser(oid: number, format?: 'text' | 'binary'): TypeParser;
  escapeIdentifier(name: string): string;
  escapeLiteral(text: string): string;
  /** Nothing: an open connection keeps the process alive. */
  ref(): void;
  /** Nothing: an open connection keeps the process alive. */
  unref(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** pg's name for what pools and clients give. */
export type ClientBase = Client | PoolClient;

/**
 * A statement as an emitter: `'row'` for each row and `'end'`, or `'error'`.
 * Give it to query(). Its rows are told of when all of them are there.
 */
export class Query<
  R extends QueryResultRow = any,
  V extends readonly unknown[] = any,
> extends EventEmitter {
  constructor(
    textOrConfig: string | QueryConfig<V>,
    callback?: (error: Error | undefined, result: QueryResult<R>) => void,
  );
  constructor(
    textOrConfig: string | QueryConfig<V>,
    values?: V,
    callback?: (error: Error | undefined, result: QueryResult<R>) => void,
  );
  readonly text: string;
  /** Throws: query() of a pool or a client runs it. */
  submit: (connection: Connection) => void;
  on(event: 'row', listener: (row: R, result: QueryResult<R>) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: 'end', listener: (result: QueryResult<R>) => void): this;
  on(event: string | symbol, listener: (...values: any[]) => void): this;
}

/** The class of results. */
export class Result<R extends QueryResultRow = any> implements QueryResult<R> {
  constructor(rowMode?: string, types?: CustomTypes);
  command: string;
  rowCount: number | null;
  oid: number;
  fields: FieldDef[];
  rows: R[];
  rowAsArray: boolean;
}

/**
 * The class of a Client's `connection`. The engine speaks the protocol: apart
 * from its events, everything of pg's throws.
 */
export class Connection extends EventEmitter {
  query(text: string): never;
  parse(query: QueryParse, more?: boolean): never;
  bind(config?: BindConfig | null, more?: boolean): never;
  execute(config?: ExecuteConfig | null, more?: boolean): never;
  describe(message: MessageConfig, more?: boolean): never;
  close(message: MessageConfig, more?: boolean): never;
  flush(): never;
  sync(): never;
  end(): never;
}

/**
 * Makes `instanceof pg.Pool` and `instanceof pg.Client` hold for this package's
 * pools and clients: for libraries that test for the classes of a `pg`
 * installed beside it. Changes nothing of pg's. The last call counts.
 * @param pg what `require('pg')` gives
 */
export function inheritFrom(pg: object): void;

/** A notification. */
export interface ListenNotification {
  readonly channel: string;
  readonly payload: string;
  /** The server process of the session that sent it. */
  readonly processId: number;
}

export interface ConnectOptions {
  /** The connection must not be multiplexed by a pooler. @default false */
  session?: boolean | undefined;
  /** Aborts the wait. */
  signal?: AbortSignal | undefined;
  /** How long to wait for the connection. In ms. @default the pool's */
  deadlineMillis?: number | undefined;
  /** What a retry helper gave its function. */
  context?: RetryContext | undefined;
  /** false: a port that was never open is not waited for. @default the pool's */
  retry?: boolean | undefined;
  /** Of its statements outside transactions, and of its transactions. @default none */
  settings?: Settings | undefined;
}

export interface TransactionOptions {
  /** Settings of the server until its end. @default none */
  settings?: Settings | undefined;
  /** @default the server's */
  isolationLevel?:
    | 'read uncommitted'
    | 'read committed'
    | 'repeatable read'
    | 'serializable'
    | (string & {})
    | undefined;
  /** @default the server's */
  readOnly?: boolean | undefined;
  /** @default the server's */
  deferrable?: boolean | undefined;
  /** Whether `fn` is called again when that is safe. @default false */
  retry?: boolean | RetryOptions | undefined;
  /**
   * Whether the server is asked for the outcome when the answer to COMMIT is
   * lost.
   * @default false */
  exactlyOnce?: boolean | undefined;
  /** Aborts the transaction. */
  signal?: AbortSignal | undefined;
  /**
   * The limit for getting a connection and for retries, and once more for
   * COMMIT; what the function takes does not count. In ms. @default the pool's,
   * not for COMMIT
   */
  deadlineMillis?: number | undefined;
  /**
   * The limit of BEGIN and of COMMIT, each of which is then cancelled. In ms.
   * @default the pool's
   */
  timeoutMillis?: number | undefined;
  /** What a retry helper gave its function. */
  context?: RetryContext | undefined;
}

// ---- logging --------------------------------------------------------------

/** A logger with pino's methods. `fields.event` says what happened. */
export interface Logger {
  debug(fields: object, message: string): unknown;
  info(fields: object, message: string): unknown;
  warn(fields: object, message: string): unknown;
  error(fields: object, message: string): unknown;
}

// ---- statistics -----------------------------------------------------------

/** A pool's counters since it was opened, and gauges of this moment. */
export interface Stats {
  /** Calls of query() on the pool and its clients, including those in flight. */
  queries: number;
  /** Of these, those that succeeded. */
  succeeded: number;
  /** Calls that failed, including connect(), by outcome. */
  failedNotExecuted: number;
  failedRolledBack: number;
  failedAmbiguous: number;
  failedPermanent: number;
  /** Retries. */
  retries: number;
  /** Calls that succeeded after a retry. */
  retriesSucceeded: number;
  /** Retries, by the outcome of the attempt before. */
  retriesNotExecuted: number;
  retriesRolledBack: number;
  retriesAmbiguous: number;
  /** Calls that were not retried because of the process's retry budget. */
  retriesCut: number;
  /** Successes, by the number of the attempt; the last one is 4 or more. */
  succeededOnAttempt1: number;
  succeededOnAttempt2: number;
  succeededOnAttempt3: number;
  succeededOnAttempt4: number;
  /** Physical connects started. */
  connectsStarted: number;
  connectsSucceeded: number;
  connectsFailed: number;
  /** Connections closed by the pool. */
  connectionsClosed: number;
  /** Connections that died. */
  connectionsLost: number;
  /** Of these, those that died while a statement ran. */
  connectionsLostBusy: number;
  /** Connections handed to calls: to each attempt, and by connect(). */
  acquires: number;
  /** Calls that ended with HF_ACQUIRE_TIMEOUT. */
  acquireTimeouts: number;
  /** Calls that ended with HF_QUEUE_FULL. */
  queueFull: number;
  /** Calls that ended with HF_DEADLINE. */
  deadlines: number;
  /** Attempts that ended with HF_QUERY_TIMEOUT. */
  timeouts: number;
  /** Calls that ended with HF_ABORTED. */
  aborts: number;
  /** Cancel requests sent to the server. */
  cancels: number;
  /** Statements prepared under a name. */
  statementsPrepared: number;
  /** Uses of a prepared statement. */
  statementsReused: number;
  /** Statements sent on a connection with others in flight. */
  shared: number;
  /** Requests that went through a pooler. */
  pooledUnits: number;
  /** Clients released in a transaction, which was rolled back. */
  rolledBackLeases: number;
  /** Results larger than maxResultBytes. */
  resultsTooLarge: number;
  /** Statements slower than slowQueryMillis. */
  slowQueries: number;
  /** How often the circuit breaker opened. */
  breakerOpened: number;
  /** Probes of a server that was unreachable or silent. */
  probes: number;
  /** Health checks that queried the server. */
  healthChecks: number;
  /** Of these, those without an answer. */
  healthFailures: number;
  /** Calls answered by the cache, or by another call's statement. */
  cacheHits: number;
  /** Calls with `cache` that were sent to the server. */
  cacheMisses: number;
  /** Calls answered with an older result because the server was away. */
  cacheStale: number;
  /** Results dropped to make room. */
  cacheEvictions: number;
  /** What the cache holds now, in bytes: rises and falls. */
  cacheBytes: number;
  /** Rows received. */
  rows: number;
  /** Bytes of results. */
  bytesIn: number;
  /** Bytes of statements and values. */
  bytesOut: number;
  /** Errors of servers, by class of SQLSTATE. */
  sqlState08: number;
  sqlState22: number;
  sqlState23: number;
  sqlState25: number;
  sqlState26: number;
  sqlState28: number;
  sqlState40: number;
  sqlState42: number;
  sqlState53: number;
  sqlState54: number;
  sqlState55: number;
  sqlState57: number;
  sqlState58: number;
  sqlStateXX: number;
  sqlStateOther: number;
  /** Connections now, open or being opened. */
  total: number;
  /** Connections now busy. */
  busy: number;
  /** Connections now idle. */
  idle: number;
  /** Calls now waiting for a connection. */
  waiting: number;
  /** Connections now being opened. */
  connecting: number;
  /** Connections now leased. */
  leased: number;
  /** Whether connecting is suspended: 0 no, 1 yes, 2 a probe runs. */
  breaker: number;
  /** 1 when connections go through a pooler. */
  proxied: number;
  /** 1 between suspend() and resume(). */
  suspended: number;
  /** Waiting for a connection, in microseconds. */
  acquireWaitCount: number;
  acquireWaitSum: number;
  acquireWaitP50: number;
  acquireWaitP95: number;
  acquireWaitP99: number;
  acquireWaitMax: number;
  /** Statements, from sending to the answer, in microseconds. */
  queryTimeCount: number;
  queryTimeSum: number;
  queryTimeP50: number;
  queryTimeP95: number;
  queryTimeP99: number;
  queryTimeMax: number;
  /** Physical connects, in microseconds. */
  connectTimeCount: number;
  connectTimeSum: number;
  connectTimeP50: number;
  connectTimeP95: number;
  connectTimeP99: number;
  connectTimeMax: number;
  /** How long clients were held, in microseconds. */
  leaseTimeCount: number;
  leaseTimeSum: number;
  leaseTimeP50: number;
  leaseTimeP95: number;
  leaseTimeP99: number;
  leaseTimeMax: number;
  /** Warm-ups, in microseconds. */
  warmupTimeCount: number;
  warmupTimeSum: number;
  warmupTimeP50: number;
  warmupTimeP95: number;
  warmupTimeP99: number;
  warmupTimeMax: number;
  /** Retries per query. */
  retryRate: number;
  /** Failed calls per settled call. */
  failureRate: number;
  /** acquireTimeouts per connection requested. */
  acquireTimeoutRate: number;
  /** Log lines at which the logger threw. */
  loggerFailures: number;
  /**
   * Errors of servers in attempts and connects, by SQLSTATE: the first 64
   * codes, and later ones under `other`.
   */
  sqlStates: Readonly<Record<string, number>>;
}

// ---- the pool -------------------------------------------------------------

/** Statements of a pool that have settings; made by `withSettings()`. */
export interface PoolWithSettings extends Queryable {
  connect: Pool['connect'];
  transaction: Pool['transaction'];
  /** Returns a handle with further settings, which win. */
  withSettings(settings: Settings): PoolWithSettings;
}

/** A pool of connections: a superset of `pg.Pool`. */
export class Pool extends EventEmitter implements Queryable {
  /**
   * Does not connect: that begins with the first call. Throws a TypeError or
   * a RangeError that names the invalid option.
   */
  constructor(options?: PoolOptions | string | URL);

  /** The options in force, without password and keys. */
  readonly options: Readonly<Record<string, any>> & {
    readonly max: number;
    readonly maxUses: number;
    readonly allowExitOnIdle: boolean;
    readonly maxLifetimeSeconds: number;
    readonly idleTimeoutMillis: number;
  };
  /** The class of clients. */
  readonly Client: typeof Client;
  /** Connections, open or being opened. */
  readonly totalCount: number;
  /** Idle connections. */
  readonly idleCount: number;
  /** Calls that wait for a connection. */
  readonly waitingCount: number;
  /** Always 0. */
  readonly expiredCount: number;
  /** Whether end() was called. */
  readonly ending: boolean;
  /** Whether end() has completed. */
  readonly ended: boolean;

  query: Queryable['query'];
  stream: Queryable['stream'];
  copyTo: Queryable['copyTo'];
  copyFrom: Queryable['copyFrom'];
  batch: Queryable['batch'];
  /**
   * Looks a type up by its name in the catalogue (`address`, `app.address` or
   * `address[]`), to make parameters of it. Rejects with HF_PARAM_INVALID where
   * there is none.
   */
  type(name: string): Promise<NamedType>;
  readonly sql: SqlTag;

  /** Leases a connection, which must be released. */
  connect(options?: ConnectOptions | null): Promise<PoolClient>;
  connect(
    options: ConnectOptions | null | undefined,
    callback: (
      error: Error | undefined,
      client: PoolClient | undefined,
      release: (errorOrClose?: Error | boolean) => void,
    ) => void,
  ): void;
  connect(
    callback: (
      error: Error | undefined,
      client: PoolClient | undefined,
      release: (errorOrClose?: Error | boolean) => void,
    ) => void,
  ): void;

  /**
   * Calls `fn` inside a transaction: COMMIT when it resolves, ROLLBACK when
   * it rejects.
   */
  transaction<T>(
    fn: (client: PoolClient) => T | PromiseLike<T>,
    options?: TransactionOptions,
  ): Promise<T>;

  /**
   * Returns a handle whose statements have these settings of the server, and
   * which leaves none of them behind. Throws a TypeError for a name that is
   * none, and for a value that is missing.
   */
  withSettings(settings: Settings): PoolWithSettings;

  /**
   * Listens to a channel, on a connection in addition to the pool's: one per
   * process and database, however many pools and threads listen; a direct one
   * if there is a pooler. When it is lost, it is replaced; what
   * was notified meanwhile is missed, and `onReconnect` is called. An outage is
   * waited for, until `deadlineMillis`, the pool's by default; 0 = no limit.
   *
   * @returns once it listens, the function that stops it
   */
  listen(
    channel: string,
    fn: (notification: ListenNotification) => unknown,
    options?: { onReconnect?: () => unknown; deadlineMillis?: number },
  ): Promise<() => Promise<void>>;

  /** Opens `min` connections, at least one, and waits for them. */
  warmup(options?: WarmupOptions): Promise<WarmupResult>;

  /**
   * Queries the server. Rejects only for invalid options: a failure of the
   * database is part of the result.
   */
  health(options?: HealthOptions): Promise<Health>;

  /** Replaces all connections, each when it is idle: no call fails because of it. */
  reset(): Promise<void>;

  /**
   * Closes idle connections and makes calls wait, within their deadlines, until
   * resume(): for a failover, or before the process is frozen.
   */
  suspend(): Promise<void>;

  /** Continues after suspend(). */
  resume(): Promise<void>;

  /**
   * Makes every connection drop its prepared statements. Rejects with
   * HF_SESSION_REQUIRED behind a transaction pooler, unless forced.
   */
  clearPreparedStatements(
    options?: ClearOptions,
  ): Promise<{ connections: number }>;

  /**
   * Drops cached results: those with a tag, one of some tags or a key; without
   * an argument, all. It applies to all threads that use the pool. Returns how
   * many were dropped.
   */
  invalidate(what?: string | readonly string[] | Invalidation): Promise<number>;

  /** The current counters and gauges. */
  stats(): Stats;

  /** The same in Prometheus' text format (version 0.0.4). */
  prometheus(): string;

  /** Ends the pool once work in flight has finished. */
  end(): Promise<void>;
  end(callback: (error?: Error) => void): void;
  /**
   * end() with a limit for work in flight: 0 is at once, Infinity as long
   * as it takes. In ms. @default the pool's drainMillis
   */
  drain(millis?: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;

  /** As `onConnect`: what the listener returns is awaited. */
  on(event: 'connect', listener: (client: PoolClient) => unknown): this;
  on(event: 'acquire' | 'remove', listener: (client: PoolClient) => void): this;
  on(
    event: 'error' | 'release',
    listener: (error: Error, client: PoolClient) => void,
  ): this;
  on(event: string | symbol, listener: (...values: any[]) => void): this;
}

/**
 * Returns a handle on the process-wide pool for the same configuration: target,
 * password, settings, functions. It is the same for every copy of a reloaded
 * module and every worker thread. Without any configuration it rejects at its
 * first use. Throws HF_TOO_MANY_POOLS for the fifth that differs only by a
 * function.
 */
export function getPool(
  options: PoolOptions & { fallback: 'pg' },
): FallbackPool;
export function getPool(options?: PoolOptions | string | URL): Pool;

/**
 * What `getPool({fallback: 'pg'})` gives: our pool or, where no binary fits,
 * pg's. This is what both have.
 */
export interface FallbackPool
  extends Pick<
    Pool,
    | 'totalCount'
    | 'idleCount'
    | 'waitingCount'
    | 'ending'
    | 'ended'
    | 'warmup'
    | 'health'
  > {
  query<R extends QueryResultRow = any>(
    config: string | { text: string; values?: any[]; name?: string },
    values?: any[],
  ): Promise<QueryResult<R>>;
  connect(): Promise<FallbackClient>;
  end(): Promise<void>;
  on(event: string | symbol, listener: (...values: any[]) => void): this;
}

/** A client of such a pool. */
export interface FallbackClient {
  query<R extends QueryResultRow = any>(
    config: string | { text: string; values?: any[]; name?: string },
    values?: any[],
  ): Promise<QueryResult<R>>;
  release(error?: Error | boolean): void;
}

// ---- warm-up, health, reset, shutdown --------------------------------------

export interface WarmupOptions {
  /** How long to wait for it; 0 = no limit. In ms. @default 8000 */
  timeoutMillis?: number | undefined;
  /**
   * Whether to reject as soon as the database turns out to be unreachable.
   * @default false */
  failFast?: boolean | undefined;
  /** Aborts the wait. */
  signal?: AbortSignal | undefined;
}

export interface WarmupResult {
  /** Whether the connections are open. */
  ok: boolean;
  durationMillis: number;
  /** Why the connections are not open. */
  error?: HoldfastError;
}

export interface HealthOptions {
  /** The limit of the check. In ms. @default 2000 */
  timeoutMillis?: number | undefined;
}

/** The result of a health check. */
export interface Health {
  /**
   * `up`: queries work now; `down`: none does; `degraded`: queries work, or
   * would if connections were free, and `reasons` says what is wrong.
   */
  status: 'up' | 'degraded' | 'down';
  /** Whether as many connections have been open as a warm-up opens. */
  warmed: boolean;
  /** How long the check took. */
  latencyMillis: number;
  pool: { total: number; busy: number; idle: number; waiting: number };
  /** What is between the pool and the server; `proxy` was detected. */
  pooler: 'none' | 'session' | 'transaction' | 'proxy' | 'unknown';
  role: 'primary' | 'standby' | 'unknown';
  /** The state of the circuit breaker. */
  breaker: 'closed' | 'open' | 'half-open';
  /** What the check failed with. */
  lastError: { code: string | undefined; message: string } | null;
  /** Why the status is not `up`. */
  reasons: string[];
}

export interface ClearOptions {
  /** Also behind a transaction pooler, where it affects others. @default false */
  force?: boolean | undefined;
}

export interface ShutdownOptions {
  /** @default ['SIGTERM', 'SIGINT'] */
  signals?: string[] | undefined;
  /** How long work in flight may continue. In ms. @default 5000 */
  drainMillis?: number | undefined;
  /** Also when the process has nothing left to do. @default true */
  beforeExit?: boolean | undefined;
}

/** `pool.warmup()` of every pool of getPool(); without one, of getPool(). */
export function warmup(options?: WarmupOptions): Promise<WarmupResult>;

/** `pool.health()` of the pool of getPool(); of several, the worst. */
export function healthCheck(options?: HealthOptions): Promise<Health>;

/**
 * Replaces every connection of the pools of getPool(), without failing a
 * call, and waits for the new ones.
 */
export function resetDatabaseConnections(
  options?: WarmupOptions & {
    /** pg's pool, or ours: its connections are replaced, it is not ended. */
    pool?: object;
    /** Prisma's client: it is disconnected and connected again. */
    prisma?: {
      $connect(): PromiseLike<unknown>;
      $disconnect(): PromiseLike<unknown>;
    };
  },
): Promise<WarmupResult>;

/** `pool.clearPreparedStatements()` of every pool of getPool(). */
export function clearPreparedStatements(
  options?: ClearOptions & {
    pool?: object;
    prisma?: {
      $connect(): PromiseLike<unknown>;
      $disconnect(): PromiseLike<unknown>;
    };
  },
): Promise<{
  connections: number;
  /** Set when there was nothing to clear. */
  error?: Error;
}>;

/**
 * Ends the pools of getPool() on signals and before the process exits.
 * Returns a function that removes the hooks. A second call changes nothing.
 */
export function installShutdownHooks(options?: ShutdownOptions): () => void;

// ---- retry helpers --------------------------------------------------------

/** What a helper gives the function it calls. */
export interface RetryContext {
  /** Aborted when the helper's deadline passes or its signal is. */
  readonly signal: AbortSignal;
  /** The time, as of Date.now(), after which nothing is started. */
  readonly deadline: number | undefined;
  /** Which attempt this is, counted from 1. */
  readonly attempt: number;
}

/** What `onRetry` gets before a retry. */
export interface RetryEvent {
  /** The helper's `name`. */
  name: string | undefined;
  /** The attempt that failed, counted from 1. */
  attempt: number;
  /** The maximum number of attempts. */
  maxAttempts: number;
  /** The delay before the retry, in ms. */
  delayMillis: number;
  /** What the attempt failed with. */
  error: unknown;
  outcome: Outcome;
  /** Why, for people. */
  reason: string;
}

export interface RetryOptions {
  /** Fixed delays: 20 ms once; 100, 200 and 300 ms; or 500 and 1000 ms. */
  preset?: 'fast' | 'linear' | 'serverless' | undefined;
  /**
   * Extra attempts. @default 2; 3 after 100, 200 and 300 ms for trouble with
   * the names of a driver's prepared statements; until the deadline where the
   * server is away and no delays are given
   */
  maxRetries?: number | undefined;
  /** All attempts, which is one more. @default 3 */
  maxAttempts?: number | undefined;
  /** The longest first delay. In ms. @default 50 */
  baseMillis?: number | undefined;
  /** The longest delay. In ms. @default 2000 */
  capMillis?: number | undefined;
  /** 'full': a random part of the delay. @default 'full' */
  jitter?: 'full' | 'none' | undefined;
  /** @default 'exponential' */
  growth?: 'exponential' | 'linear' | undefined;
  /**
   * The limit of the call. When given, it also ends the running attempt.
   * In ms. @default 8000, for waiting and repeating only
   */
  deadlineMillis?: number | undefined;
  /** The work may be done twice: ambiguous failures are retried, too. @default false */
  idempotent?: boolean | undefined;
  /**
   * Whether the budget of the process may limit retries: of what may have
   * been done, and of everything while the server is overloaded.
   * @default true */
  retryBudget?: boolean | undefined;
  /** Aborts the call, waiting or running. */
  signal?: AbortSignal | undefined;
  /** Called before a retry; what it throws is ignored. */
  onRetry?: ((event: RetryEvent) => void) | undefined;
  /** A name for `onRetry`. */
  name?: string | undefined;
  /**
   * Whether calls after an await join the helper, too. Makes every await
   * slower.
   * @default false */
  joinAsync?: boolean | undefined;
  /**
   * An outer helper's context, whose deadline and attempts apply. Or what the
   * platform gave the handler, such as AWS Lambda's context: the remaining
   * time, less 200 ms for the answer, is the deadline.
   */
  context?: RetryContext | { getRemainingTimeInMillis(): number } | undefined;
  /** The remaining time, in ms; less 200 ms it is the deadline. */
  remaining?: (number | (() => number)) | undefined;
}

/** A preset as options. */
export interface RetryPreset {
  readonly maxRetries: number;
  readonly baseMillis: number;
  readonly capMillis: number;
  readonly jitter: 'full' | 'none';
  readonly growth: 'exponential' | 'linear';
}

/** Totals of all helpers and pools of this process. */
export function retryStats(): {
  /** Retries that the retry budget prevented. */
  cut: number;
};

export const presets: {
  readonly fast: RetryPreset;
  readonly linear: RetryPreset;
  readonly serverless: RetryPreset;
};

/**
 * Calls `fn` and retries it when that is safe and useful. `fn` should be one
 * statement or one transaction.
 *
 * @example
 * const { rows } = await retryQuery(() => pool.query('select 1'));
 */
export function retryQuery<T>(
  fn: (context: RetryContext) => T | PromiseLike<T>,
  options?: RetryOptions | RetryContext,
): Promise<T>;

/** The same as `retryQuery`, for any driver. */
export function withDatabaseRetry<T>(
  fn: (context: RetryContext) => T | PromiseLike<T>,
  options?: RetryOptions | RetryContext,
): Promise<T>;

/** The same, for a function that is one whole transaction. */
export function withTransactionRetry<T>(
  fn: (context: RetryContext) => T | PromiseLike<T>,
  options?: RetryOptions | RetryContext,
): Promise<T>;

/** `withDatabaseRetry` under another name. */
export const withPrismaRetry: typeof withDatabaseRetry;

// ---- metrics ---------------------------------------------------------------

/**
 * The statistics of the given pools, or of all that are open in this
 * environment, in Prometheus' text format (version 0.0.4).
 */
export function prometheusText(pools?: Pool | readonly Pool[]): string;

export interface OpenTelemetryOptions {
  /** What `@opentelemetry/api` exports. @default it is required */
  api?: unknown | undefined;
  /** A span for each statement. @default true */
  spans?: boolean | undefined;
  /** The metrics of pools and the duration of statements. @default true */
  metrics?: boolean | undefined;
}

/**
 * Exports metrics and spans of all pools of this environment to OpenTelemetry.
 * A second call replaces the first. Throws an error with the code
 * `HF_NO_OPENTELEMETRY` where `@opentelemetry/api` is not installed.
 * @returns a function that stops it
 */
export function enableOpenTelemetry(options?: OpenTelemetryOptions): () => void;

// ---- the rest -------------------------------------------------------------

/** A name as an identifier of SQL, quoted. */
export function escapeIdentifier(name: string): string;

/** A text as a literal of SQL, quoted. Prefer parameters. */
export function escapeLiteral(text: string): string;

/** Functions that pg has as `utils`. */
export const utils: {
  /** Text that a value is sent as, bytes in a Buffer, null for NULL. */
  prepareValue(value: any): string | Buffer | null;
  /** The arguments of query() as one object. */
  normalizeQueryConfig(config: any, values?: any, callback?: any): any;
  escapeIdentifier: typeof escapeIdentifier;
  escapeLiteral: typeof escapeLiteral;
};

/** As in pg without pg-native: this engine is native already. */
export const native: null;

/** The versions in use. */
export const versions: {
  readonly holdfast: string;
  /** As "17.11"; undefined where no binary fits. */
  readonly libpq: string | undefined;
  /** Of the OpenSSL that libpq uses; undefined where it cannot be determined. */
  readonly openssl: string | undefined;
};

declare const holdfast: {
  Pool: typeof Pool;
  Client: typeof Client;
  Query: typeof Query;
  Result: typeof Result;
  Connection: typeof Connection;
  inheritFrom: typeof inheritFrom;
  getPool: typeof getPool;
  warmup: typeof warmup;
  healthCheck: typeof healthCheck;
  resetDatabaseConnections: typeof resetDatabaseConnections;
  clearPreparedStatements: typeof clearPreparedStatements;
  installShutdownHooks: typeof installShutdownHooks;
  retryQuery: typeof retryQuery;
  withDatabaseRetry: typeof withDatabaseRetry;
  withTransactionRetry: typeof withTransactionRetry;
  withPrismaRetry: typeof withPrismaRetry;
  prometheusText: typeof prometheusText;
  enableOpenTelemetry: typeof enableOpenTelemetry;
  classify: typeof classify;
  presets: typeof presets;
  retryStats: typeof retryStats;
  HoldfastError: typeof HoldfastError;
  DatabaseError: typeof DatabaseError;
  types: typeof types;
  TypeOverrides: typeof TypeOverrides;
  defaults: typeof defaults;
  escapeIdentifier: typeof escapeIdentifier;
  escapeLiteral: typeof escapeLiteral;
  utils: typeof utils;
  native: typeof native;
  versions: typeof versions;
  default: typeof holdfast;
};

/** The types, for `pg.PoolConfig` and its like after a default import. */
declare namespace holdfast {
  type Pool = holdfastTypes.Pool;
  type Client = holdfastTypes.Client;
  type ClientBase = holdfastTypes.ClientBase;
  type PoolClient = holdfastTypes.PoolClient;
  type Query<
    R extends QueryResultRow = any,
    V extends readonly unknown[] = any,
  > = holdfastTypes.Query<R, V>;
  type Result<R extends QueryResultRow = any> = holdfastTypes.Result<R>;
  type Connection = holdfastTypes.Connection;
  type DatabaseError = holdfastTypes.DatabaseError;
  type TypeOverrides = holdfastTypes.TypeOverrides;
  type Events = holdfastTypes.Events;
  type ClientConfig = holdfastTypes.ClientConfig;
  type ConnectionConfig = holdfastTypes.ConnectionConfig;
  type PoolConfig = holdfastTypes.PoolConfig;
  type PoolOptions = holdfastTypes.PoolOptions;
  type Defaults = holdfastTypes.Defaults;
  type QueryConfig<V extends readonly unknown[] = any[]> =
    holdfastTypes.QueryConfig<V>;
  type QueryArrayConfig<V extends readonly unknown[] = any[]> =
    holdfastTypes.QueryArrayConfig<V>;
  type QueryConfigValues<T> = holdfastTypes.QueryConfigValues<T>;
  type QueryResult<R extends QueryResultRow = any> =
    holdfastTypes.QueryResult<R>;
  type QueryArrayResult<R extends any[] = any[]> =
    holdfastTypes.QueryArrayResult<R>;
  type QueryResultBase = holdfastTypes.QueryResultBase;
  type QueryResultRow = holdfastTypes.QueryResultRow;
  type FieldDef = holdfastTypes.FieldDef;
  type CustomTypesConfig = holdfastTypes.CustomTypesConfig;
  type Submittable = holdfastTypes.Submittable;
  type Notification = holdfastTypes.Notification;
  type ResultBuilder<R extends QueryResultRow = any> =
    holdfastTypes.ResultBuilder<R>;
  type TransactionStatus = holdfastTypes.TransactionStatus;
  type QueryParse = holdfastTypes.QueryParse;
  type BindConfig = holdfastTypes.BindConfig;
  type ExecuteConfig = holdfastTypes.ExecuteConfig;
  type MessageConfig = holdfastTypes.MessageConfig;
}

export default holdfast;
