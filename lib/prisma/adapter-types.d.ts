// SPDX-License-Identifier: MIT
// biome-ignore-all lint/suspicious/noExplicitAny: rows hold anything
// The adapter's types. They are structural: Prisma's own accept them, and
// nothing of Prisma's is needed to compile them.
import type { Pool, PoolOptions } from '../index.js';

/** Prisma's description of one argument. */
export interface PrismaArgType {
  scalarType:
    | 'string'
    | 'int'
    | 'bigint'
    | 'float'
    | 'decimal'
    | 'boolean'
    | 'enum'
    | 'uuid'
    | 'json'
    | 'datetime'
    | 'bytes'
    | 'unknown';
  dbType?: string;
  arity: 'scalar' | 'list';
}

/** A statement of Prisma's. */
export interface PrismaSqlQuery {
  sql: string;
  args: unknown[];
  argTypes: PrismaArgType[];
}

/** Prisma's numbers of column types. */
export type PrismaColumnType =
  | 0
  | 1
  | 2
  | 3
  | 4
  | 5
  | 6
  | 7
  | 8
  | 9
  | 10
  | 11
  | 15
  | 64
  | 65
  | 66
  | 67
  | 68
  | 69
  | 70
  | 71
  | 72
  | 73
  | 74
  | 75
  | 78;

/** Rows as Prisma expects them. */
export interface PrismaSqlResultSet {
  columnNames: string[];
  columnTypes: PrismaColumnType[];
  rows: any[][];
}

export type PrismaIsolationLevel =
  | 'READ UNCOMMITTED'
  | 'READ COMMITTED'
  | 'REPEATABLE READ'
  | 'SNAPSHOT'
  | 'SERIALIZABLE';

/** Runs statements: an adapter or one of its transactions. */
export interface PrismaHoldfastQueryable {
  readonly provider: 'postgres';
  readonly adapterName: string;
  queryRaw(query: PrismaSqlQuery): Promise<PrismaSqlResultSet>;
  executeRaw(query: PrismaSqlQuery): Promise<number>;
}

/** A transaction. Prisma sends COMMIT and ROLLBACK itself. */
export interface PrismaHoldfastTransaction extends PrismaHoldfastQueryable {
  readonly options: { usePhantomQuery: boolean };
  commit(): Promise<void>;
  rollback(): Promise<void>;
  createSavepoint(name: string): Promise<void>;
  rollbackToSavepoint(name: string): Promise<void>;
  releaseSavepoint(name: string): Promise<void>;
}

/** The adapter of one connected client. */
export interface PrismaHoldfastAdapter extends PrismaHoldfastQueryable {
  executeScript(script: string): Promise<void>;
  startTransaction(
    isolationLevel?: PrismaIsolationLevel,
  ): Promise<PrismaHoldfastTransaction>;
  getConnectionInfo(): {
    schemaName?: string;
    supportsRelationJoins: boolean;
  };
  dispose(): Promise<void>;
  /** The pool underneath. */
  underlyingDriver(): Pool;
}

export interface PrismaHoldfastOptions {
  /**
   * Where Prisma looks for tables.
   * @default the pool's own `schema`, else Prisma's, which is `public`
   */
  schema?: string;
  /** Whether `$disconnect()` ends the pool. @default false */
  disposeExternalPool?: boolean;
  /**
   * The `maxWait` given to Prisma, if any: a transaction that waited that long
   * leaves the queue. In ms. @default the pool's deadlineMillis
   */
  maxWait?: number;
  /** Reads the values of types that are not built into PostgreSQL. */
  userDefinedTypeParser?: (
    oid: number,
    value: any,
    adapter: PrismaHoldfastQueryable,
  ) => unknown;
}

/** The driver adapter that `PrismaClient` takes as `adapter`. */
export class PrismaHoldfast {
  readonly provider: 'postgres';
  readonly adapterName: string;
  /**
   * @param pool a pool; or a connection string or options, for which
   *   `getPool()` gives the pool that the whole process shares
   */
  constructor(
    pool?: Pool | PoolOptions | string | URL,
    options?: PrismaHoldfastOptions,
  );
  connect(): Promise<PrismaHoldfastAdapter>;
}
