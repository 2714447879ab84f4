// SPDX-License-Identifier: MIT
'use strict';

// Random types, nested in each other, and random values of them: each as SQL and
// as what is read.

const PIECES = [
  ...['"', '\\', ',', '{', '}', '(', ')', '[', ']', "'", ' ', '\t', '\n', ';'],
  ...[
    'NULL',
    'null',
    'a',
    'B',
    '1',
    '-',
    '.',
    ':',
    '=',
    'é',
    '漢',
    '😀',
    '\u0001',
  ],
];

/**
 * Returns numbers from 0 up to 1, always the same for a seed.
 * @param {number} seed
 */
function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param {string} text */
const literal = (text) => `'${text.replaceAll("'", "''")}'`;

/** @param {string} name */
const quoted = (name) => `"${name.replaceAll('"', '""')}"`;

/**
 * A type: its name as SQL, and a function that makes a value of it, as SQL and
 * as what is read; never NULL.
 * @typedef {object} Tree
 * @property {string} name
 * @property {() => {sql: string, value: any}} make
 * @property {boolean} [isArray] also of a domain
 */

class TreeMaker {
  /** Statements that make the types. @type {string[]} */
  statements = [];
  #random;
  #prefix;
  #count = 0;

  /**
   * @param {number} seed
   * @param {string} schema
   */
  constructor(seed, schema) {
    this.#random = randomOf(seed);
    this.#prefix = schema;
  }

  /** @param {number} below */
  #below(below) {
    return Math.floor(this.#random() * below);
  }

  /** @template T @param {readonly T[]} list @returns {T} */
  #pick(list) {
    return list[this.#below(list.length)];
  }

  /** @returns {string} */
  #text() {
    let text = '';
    for (let i = this.#below(5); i > 0; i--) {
      text += this.#pick(PIECES);
    }
    return text;
  }

  /** @returns {string} the name of a new type, as SQL */
  #name() {
    this.#count += 1;
    return `${this.#prefix}.${quoted(`${this.#text()}#${this.#count}`)}`;
  }

  /** @returns {Tree} */
  #leaf() {
    const number = () => this.#below(2001) - 1000;
    return this.#pick([
      {
        name: 'text',
        make: () => {
          const value = this.#text();
          return { sql: `${literal(value)}::text`, value };
        },
      },
      {
        name: 'int4',
        make: () => {
          const value = number();
          return { sql: `(${value})::int4`, value };
        },
      },
      {
        name: 'bool',
        make: () => {
          const value = this.#random() < 0.5;
          return { sql: String(value), value };
        },
      },
      {
        name: 'jsonb',
        make: () => {
          const value = { [this.#text()]: [this.#text(), number(), null] };
          const text = JSON.stringify(value).replaceAll('\\u0001', '');
          return { sql: `${literal(text)}::jsonb`, value: JSON.parse(text) };
        },
      },
    ]);
  }

  /** @returns {Tree} */
  #enum() {
    const name = this.#name();
    const labels = [1, 2, 3].map((i) => this.#text() + i);
    this.statements.push(
      `create type ${name} as enum (${labels.map(literal).join()})`,
    );
    const make = () => {
      const value = this.#pick(labels);
      return { sql: `${literal(value)}::${name}`, value };
    };
    return { name, make };
  }

  /** @param {number} depth @returns {Tree} */
  #domain(depth) {
    const name = this.#name();
    const base = this.tree(depth - 1);
    this.statements.push(`create domain ${name} as ${base.name}`);
    const make = () => {
      const { sql, value } = base.make();
      return { sql: `(${sql})::${name}`, value };
    };
    return { name, make, isArray: base.isArray };
  }

  /** @param {number} depth @returns {Tree} */
  #composite(depth) {
    const name = this.#name();
    const parts = Array.from({ length: 1 + this.#below(4) }, (_, i) => ({
      attribute: this.#text() + i,
      part: this.tree(depth - 1),
    }));
    const list = parts.map(
      ({ attribute, part }) => `${quoted(attribute)} ${part.name}`,
    );
    this.statements.push(`create type ${name} as (${list.join(', ')})`);
    const make = () => {
      const fields = parts.map(({ part }) => this.#orNull(part));
      const entries = parts.map(({ attribute }, i) => [
        attribute,
        fields[i].value,
      ]);
      return {
        sql: `row(${fields.map(({ sql }) => sql).join()})::${name}`,
        value: Object.fromEntries(entries),
      };
    };
    return { name, make };
  }

  /** @param {Tree} tree */
  #orNull(tree) {
    return this.#random() < 0.2 ? { sql: 'null', value: null } : tree.make();
  }

  /** @param {number} depth @returns {Tree} */
  #array(depth) {
    const element = this.tree(depth - 1);
    if (element.isArray) {
      return element; // an array of it is the same type with more dimensions
    }
    const name = `${element.name}[]`;
    const make = () => {
      const lengths = Array.from({ length: 1 + this.#below(2) }, () =>
        this.#below(4),
      );
      if (lengths.includes(0)) {
        return { sql: `'{}'::${name}`, value: [] };
      }
      const { sql, value } = this.#elements(element, lengths);
      const from = this.#below(3);
      const bounds = lengths.map((n) => `[${from}:${from + n - 1}]`).join('');
      return {
        sql:
          from === 1
            ? `${sql}::${name}`
            : `('${bounds}=' || regexp_replace((${sql}::${name})::text,
                '^\\[[^{]*=', ''))::${name}`,
        value,
      };
    };
    return { name, make, isArray: true };
  }

  /**
   * @param {Tree} element
   * @param {number[]} lengths by dimension
   * @returns {{sql: string, value: any}}
   */
  #elements(element, [length, ...rest]) {
    const parts = Array.from({ length }, () =>
      rest.length > 0 ? this.#elements(element, rest) : this.#orNull(element),
    );
    return {
      sql: `array[${parts.map(({ sql }) => sql).join()}]`,
      value: parts.map(({ value }) => value),
    };
  }

  /** @returns {Tree} */
  #range() {
    const base = this.#random() < 0.5 ? this.#enum() : this.#leaf();
    if (base.name === 'jsonb') {
      return this.#range();
    }
    const name = this.#name();
    this.statements.push(
      `create type ${name} as range (subtype = ${base.name})`,
    );
    const make = () => {
      if (this.#random() < 0.2) {
        const empty = { lower: null, upper: null, bounds: 'empty' };
        return { sql: `'empty'::${name}`, value: empty };
      }
      // Equal bounds are in the order of every type.
      const bound = base.make();
      const open = this.#below(3);
      const [lower, upper] = [open === 1, open === 2].map((none) =>
        none ? { sql: 'null', value: null } : bound,
      );
      const bounds = `${open === 1 ? '(' : '['}${open === 2 ? ')' : ']'}`;
      return {
        sql: `${name}(${lower.sql}, ${upper.sql}, '${bounds}')`,
        value: { lower: lower.value, upper: upper.value, bounds },
      };
    };
    return { name, make };
  }

  /**
   * Makes a type, of at most so many others within each other.
   * @param {number} depth
   * @returns {Tree}
   */
  tree(depth) {
    if (depth <= 0) {
      return this.#random() < 0.5 ? this.#leaf() : this.#enum();
    }
    switch (this.#below(5)) {
      case 0:
        return this.#domain(depth);
      case 1:
        return this.#range();
      case 2:
        return this.#array(depth);
      default:
        return this.#composite(depth);
    }
  }

  /**
   * Breaks a text at one place.
   * @param {string} text
   */
  broken(text) {
    const at = this.#below(text.length + 1);
    const removed = this.#below(3);
    const added = this.#random() < 0.6 ? this.#pick(PIECES) : '';
    return text.slice(0, at) + added + text.slice(at + removed);
  }
}

module.exports = { TreeMaker };
