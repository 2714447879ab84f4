-- SPDX-License-Identifier: MIT
create table accounts (
  id int primary key,
  owner text not null,
  balance int not null check (balance >= 0)
);

insert into accounts
select id, 'owner ' || id, 100 from generate_series(1, 100) as id;

create table orders (
  id bigint generated always as identity primary key,
  -- Made by the client: the same order sent twice is one order.
  reference uuid not null unique,
  account int not null references accounts,
  amount int not null
);
