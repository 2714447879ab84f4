-- SPDX-License-Identifier: MIT
create table users (id serial primary key, name text not null);
create table posts (
  id serial primary key,
  title text not null,
  user_id int not null references users
);
insert into users (name) values ('Grace');
insert into posts (title, user_id) values ('Nanoseconds', 1);
