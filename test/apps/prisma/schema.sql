-- SPDX-License-Identifier: MIT
-- schema.prisma by hand: the tool that would make it is not there offline.
CREATE EXTENSION IF NOT EXISTS citext;
CREATE TYPE "Color" AS ENUM ('RED', 'GREEN', 'deep blue');

CREATE TABLE "Every" (
  id serial PRIMARY KEY,
  text text,
  varchar varchar(40),
  char char(6),
  uuid uuid,
  xml xml,
  inet inet,
  bit bit(4),
  varbit varbit,
  citext citext,
  bool boolean,
  int integer,
  small smallint,
  oid oid,
  big bigint,
  real real,
  double double precision,
  decimal numeric(65, 30),
  money money,
  stamp timestamp(3),
  "stampTz" timestamptz(6),
  date date,
  time time(6),
  "timeTz" timetz(6),
  json json,
  jsonb jsonb,
  bytes bytea,
  color "Color"
);

CREATE TABLE "EveryList" (
  id serial PRIMARY KEY,
  text text[],
  varchar varchar(40)[],
  char char(6)[],
  uuid uuid[],
  xml xml[],
  inet inet[],
  bit bit(4)[],
  varbit varbit[],
  bool boolean[],
  int integer[],
  small smallint[],
  oid oid[],
  big bigint[],
  real real[],
  double double precision[],
  decimal numeric(65, 30)[],
  money money[],
  stamp timestamp(3)[],
  "stampTz" timestamptz(6)[],
  date date[],
  time time(6)[],
  json json[],
  jsonb jsonb[],
  bytes bytea[],
  color "Color"[]
);

CREATE TABLE "Refused" (id serial PRIMARY KEY, "timeTz" timetz(6)[]);

CREATE TABLE "User" (
  id serial PRIMARY KEY,
  email text NOT NULL UNIQUE,
  name varchar(20),
  visits integer NOT NULL DEFAULT 0
);

CREATE TABLE "Profile" (
  id serial PRIMARY KEY,
  bio text NOT NULL,
  "userId" integer NOT NULL UNIQUE REFERENCES "User" ON DELETE RESTRICT
);

CREATE TABLE "Post" (
  id serial PRIMARY KEY,
  title text NOT NULL,
  published boolean NOT NULL DEFAULT false,
  "createdAt" timestamptz(6) NOT NULL DEFAULT now(),
  "authorId" integer NOT NULL REFERENCES "User" ON DELETE RESTRICT
);

CREATE TABLE "Tag" (name text PRIMARY KEY);

CREATE TABLE "_PostToTag" (
  "A" integer NOT NULL REFERENCES "Post" ON DELETE CASCADE,
  "B" text NOT NULL REFERENCES "Tag" ON DELETE CASCADE,
  PRIMARY KEY ("A", "B")
);

CREATE TABLE "Lacking" (id integer PRIMARY KEY);
