-- SPDX-License-Identifier: MIT
create table users (id serial primary key, name text not null);
create table accounts (id int primary key, n int not null);
insert into users (name) values ('Grace');
insert into accounts values (1, 100), (2, 100);
