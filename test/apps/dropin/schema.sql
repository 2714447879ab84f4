-- SPDX-License-Identifier: MIT
create type mood as enum ('happy', 'sad');
create table things (
  id serial primary key,
  name text not null,
  big int8 not null,
  price numeric not null,
  ratio float8 not null,
  ready boolean not null,
  day date not null,
  moment timestamptz not null,
  notes jsonb not null,
  numbers int4[] not null,
  words text[] not null,
  bytes bytea not null,
  mood mood not null
);
create table counters (
  id int primary key,
  count int not null
);

-- Types of pgvector's names, which hold any text.
create type vector;
create function vector_in(cstring) returns vector
  as 'textin' language internal immutable strict;
create function vector_out(vector) returns cstring
  as 'textout' language internal immutable strict;
create type vector (input = vector_in, output = vector_out);
create type sparsevec;
create function sparsevec_in(cstring) returns sparsevec
  as 'textin' language internal immutable strict;
create function sparsevec_out(sparsevec) returns cstring
  as 'textout' language internal immutable strict;
create type sparsevec (input = sparsevec_in, output = sparsevec_out);
