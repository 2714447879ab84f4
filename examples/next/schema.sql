-- SPDX-License-Identifier: MIT
-- The tables of this example; those of Prisma are as in prisma/schema.prisma.

create table if not exists entries (
  id bigserial primary key,
  number integer not null,
  made_at timestamptz not null default now()
);

create table if not exists "Domain" (
  id serial primary key,
  name text not null,
  "isVerified" boolean not null default false,
  "createdAt" timestamptz(3) not null default now()
);
