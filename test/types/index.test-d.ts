// SPDX-License-Identifier: MIT
// biome-ignore-all lint/suspicious/useAwait: what counts is the type
// biome-ignore-all lint/suspicious/noExplicitAny: rows have it
import type pg from 'pg';
import { expectAssignable, expectError, expectType } from 'tsd';
import holdfast, {
  type Classification,
  Client,
  type ClientBase,
  type ClientConfig,
  type CopyReadable,
  type CopyWritable,
  classify,
  DatabaseError,
  type ErrorCode,
  type FallbackPool,
  getPool,
  HoldfastError,
  type ListenNotification,
  type NamedType,
  type Notification,
  type Outcome,
  Pool,
  type PoolClient,
  type PoolConfig,
  type PoolOptions,
  type PoolWithSettings,
  presets,
  type QueryArrayResult,
  type QueryResult,
  type Range,
  type RetryContext,
  retryQuery,
  type SqlFragment,
  type SqlQuery,
  type Stats,
  types,
  versions,
  withDatabaseRetry,
  withPrismaRetry,
  withTransactionRetry,
} from '../../lib/index.js';

const pool = new Pool({ connectionString: 'postgresql://host/db', max: 5 });
expectType<Pool>(pool);
expectType<Pool>(getPool());
expectType<Pool>(getPool('postgresql://host/db'));
expectType<FallbackPool>(getPool({ fallback: 'pg' }));
expectAssignable<FallbackPool>(pool);
expectError(getPool({ fallback: 'mysql' }));
expectError(new Pool({ conectionString: 'x' }));
expectError(new Pool({ max: '5' }));
expectError(new Pool({ binary: true }));
expectAssignable<PoolOptions>({ ssl: { rejectUnauthorized: false } });
expectAssignable<PoolOptions>({ password: async () => 'secret' });

interface User {
  id: number;
}
expectType<Promise<QueryResult<User>>>(
  pool.query<User>('select id from users where id = $1', [1]),
);
expectType<Promise<QueryArrayResult<[number]>>>(
  pool.query<[number]>({ text: 'select 1', rowMode: 'array' }),
);
expectType<Promise<QueryResult<any>>>(
  pool.query({ text: 'select 1', readOnly: true, deadlineMillis: 100 }),
);
expectError(pool.query({ values: [] }));

expectType<Promise<QueryResult<User>>>(
  pool.query<User>('select id from users where id = :id', { id: 1 }),
);
expectType<Promise<QueryResult<User>>>(
  pool.query<User>({
    text: 'select id from users where id = :id and t = :t',
    values: { id: 1, t: null },
    exactlyOnce: true,
  }),
);
expectError(pool.query('select :id', { id: undefined }));
expectError(pool.query('select :id', { id: Promise.resolve(1) }));

const { sql } = pool;
expectType<SqlQuery<User>>(sql<User>`select id from users where id = ${1}`);
expectType<() => Promise<QueryResult<User>>>(
  async () => await sql<User>`select id from users`,
);
expectType<Promise<QueryResult<User>>>(pool.query(sql<User>`select 1 as id`));
expectType<Promise<QueryResult<User>>>(
  sql<User>`select 1 as id`.execute({ readOnly: true }),
);
expectType<SqlFragment>(sql.fragment`where id = ${1}`);
expectType<SqlFragment>(sql.identifier('schema', 'table'));
const people: User[] = [{ id: 1 }];
expectType<SqlQuery<any>>(
  sql`
    insert into ${sql.identifier('users')} ${sql.values(people, ['id'])}
    ${sql.join([sql.fragment`a`], sql.fragment`,`)} ${sql.list([1, 'x', null])}
    ${sql.values([[1, sql.fragment`default`]])} ${new Date()} ${[1]} ${people}`,
);
expectError(sql`select ${undefined}`);
expectError(sql`select ${Promise.resolve(1)}`);
expectError(sql('select 1'));
expectError(sql.fragment`a`.execute());
expectError(pool.query(sql.fragment`a`));
expectError(sql.join(['a']));
expectError(sql.join([sql.fragment`a`], ', '));
expectError(sql.identifier());
expectError(sql.values(people, ['name']));
expectError(sql`select 1`.execute({ values: [] }));
expectType<Promise<PoolClient>>(pool.connect());
expectType<Promise<number>>(
  pool.transaction(async (client) => {
    expectType<PoolClient>(client);
    expectType<User>((await client.sql<User>`select 1 as id`).rows[0]);
    return (await client.query('select 1')).rowCount ?? 0;
  }),
);
expectError(pool.transaction(async () => 1, { isolation: 'serializable' }));
expectType<Promise<number>>(
  pool.transaction(async () => 1, { settings: { 'app.tenant': 42n } }),
);
const tenant = pool.withSettings({ 'app.tenant': 42, role: 'reader' });
expectType<Promise<PoolClient>>(tenant.connect({ settings: { a: true } }));
expectType<Promise<number>>(tenant.transaction(async () => 1));
expectType<SqlQuery<User>>(tenant.sql<User>`select 1 as id`);
expectType<PoolWithSettings>(tenant.withSettings({ 'app.user': 'x' }));
pool.query({ text: 'select 1', settings: { search_path: 'a, b' } });
expectError(pool.query({ text: 'select 1', settings: { a: undefined } }));
expectError(pool.withSettings({ a: null }));
expectType<Stats>(pool.stats());
expectType<number>(pool.stats().retriesSucceeded);
expectType<Promise<void>>(pool.end());

expectType<Promise<number>>(pool.invalidate());
expectType<Promise<number>>(pool.invalidate('users'));
expectType<Promise<number>>(pool.invalidate({ tags: ['a'], key: 'b' }));
expectError(pool.invalidate({ label: 'a' }));
pool.query({ text: 'select 1', cache: { ttlMillis: 1, tags: ['a'] } });
expectError(pool.query({ text: 'select 1', cache: { tags: 'a' } }));

expectType<Promise<number>>(retryQuery(() => 1));
expectType<Promise<string>>(
  withDatabaseRetry(async ({ signal, attempt, deadline }) => {
    expectType<AbortSignal>(signal);
    expectType<number>(attempt);
    expectType<number | undefined>(deadline);
    return 'x';
  }),
);
expectType<Promise<Date>>(
  withTransactionRetry(async () => new Date(), { preset: 'linear' }),
);
expectType<Promise<boolean>>(
  withPrismaRetry(async () => true, { maxRetries: 1 }),
);
expectError(retryQuery(Promise.resolve(1)));
expectError(retryQuery(() => 1, { retries: 3 }));
retryQuery((context: RetryContext) => retryQuery(() => 1, context));

expectType<Classification>(classify(new Error('x')));
expectType<Outcome>(classify(null).outcome);
expectAssignable<Error>(new HoldfastError());
expectAssignable<HoldfastError>(new DatabaseError());
expectAssignable<ErrorCode>('HF_DEADLINE');
expectType<number>(presets.fast.maxRetries);
expectType<string | undefined>(versions.libpq);
expectType<typeof Pool>(holdfast.Pool);

// ---- types of values --------------------------------------------------------

new Pool({
  catalogTypes: true,
  int8: 'bigint',
  json: 'text',
  dates: 'temporal',
});
expectError(new Pool({ int8: 'float' }));
expectError(pool.query({ text: 'select 1', dates: true }));
pool.query({ text: 'select 1', int8: 'number', json: 'bigint', dates: 'text' });
expectType<Promise<NamedType>>(pool.type('address'));
types.setTypeParser('app.mood', (text) => text);
expectAssignable<Range<number>>({ lower: 1, upper: null, bounds: '[)' });
expectError<Range>({ lower: 1, upper: 2, bounds: '<>' });

// ---- COPY --------------------------------------------------------------------

expectType<CopyReadable>(pool.copyTo('copy t to stdout'));
expectType<CopyWritable>(
  pool.copyFrom('copy t from stdin', { signal: AbortSignal.abort() }),
);
expectAssignable<NodeJS.WritableStream>(pool.copyFrom('copy t from stdin'));
expectType<number | null>(pool.copyTo('copy t to stdout').rowCount);
expectType<Promise<number>>(pool.copyFrom('t', ['a'], [[1], { a: 2 }]));
expectType<Promise<number>>(pool.copyFrom(['s', 't'], ['a'], new Set([[1]])));
expectType<Promise<number>>(
  pool.transaction((client) => client.copyFrom('t', ['a'], [[1]])),
);
expectError(pool.copyFrom('t', 'a', [[1]]));
expectError(pool.copyFrom('t', ['a'], [1]));
expectError(pool.copyTo('copy t to stdout', { values: [1] }));

// ---- pg's Client and names --------------------------------------------------

const own = new Client('postgresql://localhost/app');
expectType<Promise<Client>>(own.connect());
expectType<Promise<void>>(own.end());
expectType<number | null>(own.processID);
expectAssignable<ClientBase>(own);
expectAssignable<ClientBase>({} as PoolClient);
expectAssignable<ClientConfig>({ host: 'localhost', port: 5432 });
expectAssignable<PoolConfig>({ max: 5 });
expectType<ListenNotification>({} as Notification);
expectType<typeof Client>(new Pool().Client);
// What was written for pg.
new Pool({} as pg.PoolConfig);
new Client({} as pg.ClientConfig);
