// SPDX-License-Identifier: MIT
// A schema in which nearly everything a text can use leaves a trace: the
// sequence `effects` counts the calls of hit(), committed or not.

/** Keywords that can be names of functions and types. */
const KEYWORDS = `select word from pg_get_keywords() where catcode in ('U','T')`;

const SETUP = `
create schema s;
create sequence effects;
create table ledger (n bigint);
create function hit() returns int language plpgsql security definer as $$
begin
  insert into public.ledger values (nextval('public.effects'));
  return 1;
end $$;
create type ct as (x int);
create domain dom as int check (hit() > 0);
create domain s.dom as text check (hit() > 0);
create domain "Dom" as text check (hit() > 0);
create table t (a int, b text, name text, data jsonb);
insert into t values (1, 'x', 'n', '{"k": 1}'), (2, 'y', 'm', '[]');
create table u (a int, c ct);
insert into u values (1, row(1));
create function s.w(int) returns int language plpgsql as 'begin return hit(); end';
create function "W"(int) returns int language plpgsql as 'begin return hit(); end';
create function touch(t) returns int language plpgsql as 'begin return hit(); end';
create function plus(ct, ct) returns ct language plpgsql as
  'begin perform hit(); return $1; end';
create function same(ct, ct) returns bool language plpgsql as
  'begin perform hit(); return true; end';
create function minus(text, text) returns text language plpgsql as
  'begin perform hit(); return $1; end';
create function both_of(int, int) returns int language plpgsql as
  'begin return hit(); end';
create operator + (leftarg = ct, rightarg = ct, function = plus);
create operator <-> (leftarg = ct, rightarg = ct, function = same);
create operator - (leftarg = text, rightarg = text, function = minus);
create operator === (leftarg = int, rightarg = int, function = both_of);
create operator s.+ (leftarg = int, rightarg = int, function = both_of);
create function ct_text(ct) returns text language plpgsql as
  'begin perform hit(); return ''ct''; end';
create function int_ct(int) returns ct language plpgsql as
  'begin perform hit(); return row($1)::ct; end';
create cast (ct as text) with function ct_text(ct) as implicit;
create cast (int as ct) with function int_ct(int);
create view v as select hit() as a, 'b'::text as b;
create table ruled (a int, b text);
create table guarded (a int, b text);
insert into guarded values (1, 'x');
alter table guarded enable row level security;
alter table guarded force row level security;
create policy p on guarded using (hit() > 0);
create sequence seq;
do $do$
declare
  w text;
begin
  for w in ${KEYWORDS} loop
    execute format('create function %I(int) returns int language plpgsql as '
      || '''begin return hit(); end''', w);
    execute format('create function %I(text) returns int language plpgsql as '
      || '''begin return hit(); end''', w);
    if to_regtype(quote_ident(w)) is null then
      execute format('create domain %I as text check (hit() > 0)', w);
    end if;
  end loop;
  foreach w in array array['log', 'lower', 'count', 'now', 'abs', 'length',
      'round', 'area', 'path', 'any_value', 'array_sort', 'date_add', 'max',
      'width', 'format', 'substring'] loop
    execute format('create function %I(ct) returns int language plpgsql as '
      || '''begin return hit(); end''', w);
    begin
      execute format('create function %I(text) returns int language plpgsql as '
        || '''begin return hit(); end''', w);
    exception when others then null;
    end;
  end loop;
  foreach w in array array['overlaps', 'left', 'right', 'join', 'like',
      'substring'] loop
    execute format('create function %I(int, int) returns int language plpgsql '
      || 'as ''begin return hit(); end''', w);
    execute format('create function %I(int, int, int, int) returns int '
      || 'language plpgsql as ''begin return hit(); end''', w);
  end loop;
end $do$;
grant all on all tables in schema public, s to public;
grant all on all sequences in schema public to public;
grant usage on schema s to public;
do $$ begin create role judge login;
exception when duplicate_object then null; end $$;
`;

/**
 * Names of built-in functions that the schema defines for other arguments: a
 * text does not show that it calls them.
 */
const SHADOWED = ['lower', 'count', 'abs', 'length', 'round', 'max', 'format'];

module.exports = { KEYWORDS, SETUP, SHADOWED };
