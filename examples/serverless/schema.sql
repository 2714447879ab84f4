-- SPDX-License-Identifier: MIT
create table items (id int primary key, label text not null);

insert into items
select id, 'item ' || id from generate_series(1, 1000) as id;

-- No unique key: nothing but care keeps a row from being there twice.
create table writes (number bigint not null, pair bigint);
