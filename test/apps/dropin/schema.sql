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
