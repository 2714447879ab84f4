// SPDX-License-Identifier: MIT
// biome-ignore-all lint/suspicious/noExplicitAny: rows have it
// Every type name of @types/pg, by name and on the default export, and code
// that was written for pg. test/js/pg-surface.test.js compares the names.
import { expectAssignable, expectType } from 'tsd';
import type * as names from '../../lib/index.js';
import pg from '../../lib/index.js';
import TypeOverrides from '../../lib/pg/type-overrides.js';

declare function make<T>(): T;

expectType<pg.ClientConfig>(make<names.ClientConfig>());
expectType<pg.ConnectionConfig>(make<names.ConnectionConfig>());
expectType<pg.PoolConfig>(make<names.PoolConfig>());
expectType<pg.PoolOptions>(make<names.PoolOptions>());
expectType<pg.Defaults>(make<names.Defaults>());
expectType<pg.QueryConfig>(make<names.QueryConfig>());
expectType<pg.QueryConfig<[number]>>(make<names.QueryConfig<[number]>>());
expectType<pg.QueryArrayConfig>(make<names.QueryArrayConfig>());
expectType<pg.QueryConfigValues<number[]>>(make<number[]>());
expectType<pg.QueryResult<{ a: 1 }>>(make<names.QueryResult<{ a: 1 }>>());
expectType<pg.QueryArrayResult>(make<names.QueryArrayResult>());
expectType<pg.QueryResultBase>(make<names.QueryResultBase>());
expectType<pg.QueryResultRow>(make<names.QueryResultRow>());
expectType<pg.FieldDef>(make<names.FieldDef>());
expectType<pg.CustomTypesConfig>(make<names.CustomTypesConfig>());
expectType<pg.Submittable>(make<names.Submittable>());
expectType<pg.Notification>(make<names.Notification>());
expectType<pg.ResultBuilder>(make<names.ResultBuilder>());
expectType<pg.TransactionStatus>(make<names.TransactionStatus>());
expectType<pg.QueryParse>(make<names.QueryParse>());
expectType<pg.BindConfig>(make<names.BindConfig>());
expectType<pg.ExecuteConfig>(make<names.ExecuteConfig>());
expectType<pg.MessageConfig>(make<names.MessageConfig>());
expectType<pg.Pool>(make<names.Pool>());
expectType<pg.Client>(make<names.Client>());
expectType<pg.ClientBase>(make<names.ClientBase>());
expectType<pg.PoolClient>(make<names.PoolClient>());
expectType<pg.Query>(make<names.Query>());
expectType<pg.Result>(make<names.Result>());
expectType<pg.Connection>(make<names.Connection>());
expectType<pg.Events>(make<names.Events>());
expectType<pg.DatabaseError>(make<names.DatabaseError>());
expectType<pg.TypeOverrides>(make<names.TypeOverrides>());
expectType<pg.TypeOverrides>(new TypeOverrides());

// As applications write it.
pg.defaults.parseInt8 = true;
pg.defaults.host = 'localhost';
const own = new pg.TypeOverrides();
own.setTypeParser(pg.types.builtins.INT8, (text) => BigInt(text));
new pg.Pool({ types: own });
const query = new pg.Query<{ n: number }>('select $1::int as n', [1]);
query.on('row', (row) => expectType<number>(row.n));
expectType<null>(pg.native);
expectAssignable<string | Buffer | null>(pg.utils.prepareValue(1));
const asked: pg.QueryConfig<unknown[]> = { text: 'select 1', values: [1] };
expectType<Promise<pg.QueryResult<any>>>(new pg.Pool().query(asked));
