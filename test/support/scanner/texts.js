// SPDX-License-Identifier: MIT
// Generates SQL texts from a seed, for the schema beside it: most are correct,
// some broken on purpose. A text is `hidden` when what it runs cannot be seen
// in it: a view, a policy, a column that is a function, a built-in name that a
// user has defined for other arguments.

const { SHADOWED } = require('./schema.js');

/** mulberry32 @param {number} seed @returns {() => number} 0 to 1 */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const BUILT_IN_TYPES = [
  'int',
  'text',
  'numeric(10, 2)',
  'double precision',
  'timestamptz',
  'timestamp with time zone',
  'character varying(5)',
  'pg_catalog.text',
  'varchar(3)',
  'jsonb',
  'text[]',
  'interval',
  'bit varying(4)',
];
const OPERATORS = [
  '+',
  '-',
  '*',
  '=',
  '<',
  '<>',
  '||',
  '<->',
  '%',
  '>=',
  '===',
];
const SAFE_CALLS = ['pg_catalog.lower', 'pg_catalog.abs', 'pg_catalog.log'];
const TRIVIA = [
  ' ',
  '  ',
  '\n',
  '\t',
  ' /* a */ ',
  '/* a /* b */ c */',
  ' -- x\n',
];

class Writer {
  /** @param {() => number} random @param {string[]} keywords */
  constructor(random, keywords) {
    this.random = random;
    this.keywords = keywords;
    this.hidden = false;
  }

  /** @template T @param {readonly T[]} list @returns {T} */
  pick(list) {
    return /** @type {T} */ (list[Math.floor(this.random() * list.length)]);
  }

  /** @param {number} p */
  chance(p) {
    return this.random() < p;
  }

  /** @template T @param {T} value */
  hide(value) {
    this.hidden = true;
    return value;
  }

  keyword() {
    return this.pick(this.keywords);
  }

  literal() {
    return this.pick([
      () => "'x'",
      () => "'it''s'",
      () => "'\\'",
      () => "'\\\\'",
      () => "E'a\\'b'",
      () => "e'\\\\'",
      () => "U&'\\0041'",
      () => "N'x'",
      () => '$$a $b$ c$$',
      () => "$q$ ' $q$",
      () => "'a'\n'b'",
      () => "'\\'' , hit() --'",
      () => "'\\', ' || hit() --'",
      () => '1',
      () => '1.5',
      () => '.5e2',
      () => '1e3',
      () => 'null',
      () => 'true',
      () => "B'01'",
      () => '-1',
      () => "'1'",
    ])();
  }

  column() {
    return this.pick(['a', 'b', 'name', 't.a', 't . b', 'data', 't."a"']);
  }

  type() {
    return this.pick([
      () => this.pick(BUILT_IN_TYPES),
      () => this.pick(BUILT_IN_TYPES),
      () => 'dom',
      () => 's.dom',
      () => '"Dom"',
      () => this.keyword(),
      () => 'public.dom',
      () => 'pg_catalog . int4',
      () => 'ct',
      () => 'dom[]',
    ])();
  }

  /** @param {number} depth */
  call(depth) {
    const args = () =>
      this.pick([
        () => '1',
        () => "'x'",
        () => this.expression(depth - 1),
        () => '1, 2',
        () => '1, 2, 3, 4',
        () => '',
      ])();
    return this.pick([
      () => `${this.keyword()}(${args()})`,
      () => `${this.keyword()} (${args()})`,
      () => `${this.keyword()}(1)`,
      () => `"${this.keyword()}"(1)`,
      () => `public.${this.keyword()}('x')`,
      () => `s.w(1)`,
      () => `"W"(1)`,
      () => `${this.pick(SAFE_CALLS)}(1)`,
      () => `coalesce(${this.expression(depth - 1)}, null)`,
      () => this.hide(`${this.pick(SHADOWED)}(${args()})`),
      () => this.pick(['log', 'area', 'path', 'width'].map((f) => `${f}('x')`)),
      () =>
        this.pick(
          ['any_value', 'array_sort', 'date_add'].map((f) => `${f}('x')`),
        ),
      () => `nextval('seq')`,
    ])();
  }

  /** @param {number} depth */
  cast(depth) {
    return this.pick([
      () => `${this.literal()}::${this.type()}`,
      () => `${this.column()} :: ${this.type()}`,
      () => `cast(${this.expression(depth - 1)} as ${this.type()})`,
      () => `cast ( '1' as ${this.type()} )`,
      () => `${this.type()} '1'`,
      () => `treat(1 as ${this.type()})`,
      () => `row(1)::ct + row(2)::ct`,
      () => `row(1)::ct::text`,
      () => `interval '1' day`,
      () => `interval(3) '1 s'`,
      () => `date '2024-01-01'`,
    ])();
  }

  /** @param {number} depth */
  infix(depth) {
    const a = this.operand(depth - 1);
    const b = this.operand(depth - 1);
    return this.pick([
      () => `${a} ${this.pick(OPERATORS)} ${b}`,
      () => `${a} operator(s.+) ${b}`,
      () => `${a} operator(pg_catalog.+) ${this.keyword()}(1)`,
      () => `${this.column()} like ('x')`,
      () => `${this.column()} not ilike ${this.literal()}`,
      () => `name like 'x%' escape '!'`,
      () => `${a} between ${b} and ${this.operand(depth - 1)}`,
      () => `${a} in (${b}, 1)`,
      () => `${a} is not null`,
      () => `${a} is distinct from ${b}`,
      () => `(date '2024-01-01', date '2024-01-02') overlaps (now(), now())`,
      () => `${a} similar to ${b}`,
      () => `now() at time zone 'UTC'`,
      () => `not ${this.keyword()}(1)`,
      () => `data -> 'k' ->> 'j'`,
      () => `${a} collate "C"`,
    ])();
  }

  /** @param {number} depth @returns {string} */
  operand(depth) {
    if (depth <= 0) {
      return this.pick([() => this.literal(), () => this.column()])();
    }
    return this.pick([
      () => this.literal(),
      () => this.column(),
      () => this.call(depth),
      () => `(${this.expression(depth - 1)})`,
    ])();
  }

  /** @param {number} depth @returns {string} */
  expression(depth) {
    if (depth <= 0) {
      return this.operand(0);
    }
    return this.pick([
      () => this.operand(depth),
      () => this.operand(depth),
      () => this.call(depth),
      () => this.cast(depth),
      () => this.infix(depth),
      () =>
        `case when ${this.expression(depth - 1)} is null then ${this.operand(depth - 1)} else ${this.operand(depth - 1)} end`,
      () => `(${this.select(depth - 1)} limit 1)`,
      () => `array[${this.operand(depth - 1)}, ${this.operand(depth - 1)}]`,
      () => `row(${this.operand(depth - 1)}, 1)`,
      () => `extract(year from now())`,
      () => `substring(b from 1 for 1)`,
      () => `overlay(b placing 'x' from 1)`,
      () => `trim(both ${this.operand(depth - 1)} from b)`,
      () =>
        `count(*) filter (where ${this.expression(depth - 1)} is null) over (partition by ${this.operand(depth - 1)})`,
      () => `row_number() over (order by ${this.expression(depth - 1)})`,
      () => `(t).${this.pick(['a', 'b', 'touch', 'nextval'])}`,
      () => this.hide('t.touch'),
      () => `('seq'::regclass).nextval`,
      () => `exists (${this.select(depth - 1)})`,
      () => `position(${this.operand(depth - 1)} in b)`,
      () => `position(b in ${this.call(depth - 1)})`,
      () => this.hide(`'a' - b`),
    ])();
  }

  /** @param {number} depth */
  source(depth) {
    return this.pick([
      () => 't',
      () => 't',
      () => 't',
      () => 't join t as o on true',
      () => `t left join (select 1 as z) q on true`,
      () => `t join (select ${this.operand(depth - 1)}) q on true`,
      () => `t cross join lateral ${this.keyword()}(1) q`,
      () => `t, ${this.keyword()}(1) q`,
      () => `t, lateral (${this.select(depth - 1)}) q`,
      () => `t join ${this.keyword()}(1) q on true`,
      () => `rows from (${this.keyword()}(1)) t(a)`,
      () => 'generate_series(1, 2) t(a)',
      () => 't tablesample bernoulli(100)',
      () => this.hide('v t'),
      () => this.hide('guarded t'),
      () => this.hide('u, t'),
      () => `unnest(array['seq'::regclass]) t`,
    ])();
  }

  /** @param {number} depth */
  tail(depth) {
    const e = () => this.expression(depth - 1);
    return this.pick([
      () => '',
      () => '',
      () => '',
      () => `where ${e()} is not null`,
      () => `order by ${e()}`,
      () => `order by ${this.pick(['cube', 'rollup', 'by'])}(1)`,
      () => `where name like ${this.operand(depth - 1)}`,
      () => `limit ${this.pick(['1', '(1)', 'all', this.call(depth - 1)])}`,
      () =>
        `offset ${this.call(depth - 1)} rows fetch first ${this.call(depth - 1)} rows only`,
      () => `group by a, b, name, data having ${e()} is null`,
      () => `group by cube(a, b), grouping sets ((name), ())`,
      () => `group by ${this.keyword()}(1)`,
      () => `union all ${this.select(depth - 1)}`,
      () => `window w as (partition by ${e()})`,
      () => 'for update',
      () => 'for key share',
    ])();
  }

  /** @param {number} depth @returns {string} */
  select(depth) {
    if (depth <= 0) {
      return `select ${this.operand(0)} from t`;
    }
    const list = this.pick([
      () => this.expression(depth),
      () => `${this.expression(depth)}, ${this.expression(depth)}`,
      () => `distinct on (a) ${this.expression(depth)}`,
      () => `distinct ${this.expression(depth)}`,
      () => `all ${this.expression(depth)}`,
      () => `${this.expression(depth)} as ${this.keyword()}`,
      () => '*',
    ])();
    const from = this.chance(0.85) ? ` from ${this.source(depth)}` : '';
    return `select ${list}${from} ${this.tail(depth)}`;
  }

  statement() {
    const depth = this.pick([1, 2, 2, 3]);
    return this.pick([
      () => this.select(depth),
      () => this.select(depth),
      () => this.select(depth),
      () => this.select(depth),
      () =>
        `with x as ${this.pick(['', 'materialized ', 'not materialized '])}(${this.select(depth - 1)}) select * from x, t`,
      () => `values (${this.expression(depth)}, ${this.operand(depth)})`,
      () => 'table t',
      () => this.hide('table v'),
      () => `(${this.select(depth)})`,
      () => `select ${this.keyword()}(1)`,
      () => `select not ${this.keyword()} (1)`,
      () => `select ${this.keyword()} '1'`,
      () =>
        `with x as (insert into ruled values (hit()) returning a) select * from x`,
      () => `${this.select(1)}; select ${this.call(1)}`,
    ])();
  }

  /** White space, comments, capitals, and now and then a stray token. */
  disturb(/** @type {string} */ text) {
    const tokens = text.split(/( |\(|\)|,|\.|::|\n)/).filter((x) => x !== '');
    if (this.chance(0.15)) {
      const at = Math.floor(this.random() * tokens.length);
      this.pick([
        () => tokens.splice(at, 1),
        () => tokens.splice(at, 0, /** @type {string} */ (tokens[at])),
        () => tokens.splice(at, 0, this.keyword()),
      ])();
    }
    return tokens
      .map((token) => {
        if (token === ' ') {
          return this.chance(0.2) ? this.pick(TRIVIA) : ' ';
        }
        if (/^[a-z]+$/.test(token) && this.chance(0.1)) {
          return token.toUpperCase();
        }
        return token;
      })
      .join('');
  }
}

/**
 * @param {number} seed
 * @param {string[]} keywords
 * @returns {{text: string, hidden: boolean}}
 */
function makeText(seed, keywords) {
  const writer = new Writer(randomFrom(seed), keywords);
  const text = writer.disturb(writer.statement());
  return { text, hidden: writer.hidden };
}

module.exports = { makeText, randomFrom };
