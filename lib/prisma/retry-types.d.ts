// SPDX-License-Identifier: MIT
// biome-ignore-all lint/suspicious/noExplicitAny: Prisma's own types say any

// The types of repeating. They are structural: Prisma's own accept them.
import type { RetryEvent, RetryOptions } from '../index.js';

/** An operation of Prisma's client. */
export interface PrismaOperation {
  /** As in the schema: `Account`; undefined for raw queries. */
  model: string | undefined;
  /** `findMany`, `create`, `$queryRaw`, … */
  operation: string;
  args: any;
}

/** What `onRetry` gets; `name` is `account.findMany`. */
export interface PrismaRetryEvent extends RetryEvent {
  name: string;
  model: string | undefined;
  operation: string;
}

export interface RetryExtensionOptions
  extends Omit<
    RetryOptions,
    'context' | 'idempotent' | 'joinAsync' | 'name' | 'onRetry'
  > {
  /**
   * Whether an operation that is no read may run twice all the same.
   * @default none
   */
  idempotent?: (operation: PrismaOperation) => boolean;
  /** Called before an operation is repeated. What it throws is ignored. */
  onRetry?: (event: PrismaRetryEvent) => unknown;
}

/** An extension as `prisma.$extends()` takes it. */
export interface RetryExtension {
  name: string;
  query: {
    $allOperations(call: {
      model?: string;
      operation: string;
      args: any;
      query: (args: any) => any;
    }): Promise<any>;
  };
}

/**
 * An extension that repeats reads after any failure of the connection, writes
 * only when nothing of them is left, and nothing inside a transaction: put
 * `withTransactionRetry()` around `prisma.$transaction()`. For any driver
 * adapter.
 */
export function retryExtension(options?: RetryExtensionOptions): RetryExtension;

/**
 * The client with `retryExtension()` on it. Asked again it returns the same
 * one. `$on()` is for the client that is handed in.
 */
export function createPrismaClientWithExtensions<
  Client extends { $extends(...args: any[]): any },
>(client: Client, options?: RetryExtensionOptions): Client;
