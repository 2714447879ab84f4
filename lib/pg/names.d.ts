// SPDX-License-Identifier: MIT
// biome-ignore-all lint/suspicious/noExplicitAny: pg's types have it
// Names of @types/pg for what this package has under other names, and for
// what is part of pg's own protocol.
import type { EventEmitter } from 'node:events';
import type {
  Connection,
  CustomTypes,
  ListenNotification,
  PoolOptions,
  QueryResult,
  QueryResultRow,
} from '../index.js';

/** pg's name for the options of a client. */
export type ClientConfig = PoolOptions;

/** pg's other name for them. */
export type ConnectionConfig = PoolOptions;

/** pg's name for the options of a pool. */
export type PoolConfig = PoolOptions;

/** What `defaults` may hold. */
export interface Defaults extends PoolOptions {
  /** Ignored: it is `idleTimeoutMillis` of a pool. */
  poolIdleTimeout?: number | undefined;
  /** Ignored. */
  reapIntervalMillis?: number | undefined;
  /** bigint as a number, not as text, for every pool. Can only be set. */
  parseInt8?: boolean | undefined;
  /** A Date is sent in UTC, not in local time. @default false */
  parseInputDatesAsUTC?: boolean | undefined;
}

/** pg's name for `types` of a pool or a query. */
export type CustomTypesConfig = CustomTypes;

/** The values of a statement, if they are an array. */
export type QueryConfigValues<T> = T extends readonly unknown[] ? T : never;

/** An object that speaks pg's protocol itself, such as a pg-cursor. */
export interface Submittable {
  submit: (connection: Connection) => void;
}

/** pg's name for what `'notification'` gives. */
export type Notification = ListenNotification;

/** A result while its rows come. */
export interface ResultBuilder<R extends QueryResultRow = any>
  extends QueryResult<R> {
  addRow(row: R): void;
}

/** 'I' idle, 'T' in a transaction, 'E' in a failed one; null before connect(). */
export type TransactionStatus = 'I' | 'T' | 'E' | null;

/** A message of pg's own protocol, which `connection` here does not take. */
export interface QueryParse {
  name: string;
  text: string;
  types: string[];
}

/** A message of pg's own protocol, which `connection` here does not take. */
export interface BindConfig {
  portal?: string | undefined;
  statement?: string | undefined;
  binary?: string | undefined;
  values?: (Buffer | null | undefined | string)[] | undefined;
  valueMapper?: ((value: any, index: number) => any) | undefined;
}

/** A message of pg's own protocol, which `connection` here does not take. */
export interface ExecuteConfig {
  portal?: string | undefined;
  rows?: string | undefined;
}

/** A message of pg's own protocol, which `connection` here does not take. */
export interface MessageConfig {
  type: string;
  name?: string | undefined;
}

/** A type of pg's without an object of its own, there as here. */
export interface Events extends EventEmitter {
  on(event: 'error', listener: (error: Error, client: any) => void): this;
}
