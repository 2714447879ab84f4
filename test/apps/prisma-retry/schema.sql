create table "Entry" (id serial primary key, key text not null);
create table "Part" (
  id serial primary key,
  key text not null,
  "entryId" int not null references "Entry" (id)
);
create table "Doctor" (
  id int primary key,
  "onCall" boolean not null,
  shifts int not null default 0
);
insert into "Doctor" values (1, true), (2, true);
