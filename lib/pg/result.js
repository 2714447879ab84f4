// SPDX-License-Identifier: MIT
'use strict';

// pg's Result: results of the engine are instances of it, and whoever reads the
// protocol on their own, as pg-cursor does, builds results with it.

const { Result: EngineResult } = require('../values/results.js');
const types = require('../values/types.js');

const TAG = /^([A-Za-z]+)(?: (\d+))?(?: (\d+))?/;

class Result {
  /**
   * @param {string} [rowMode] 'array' for rows as arrays
   * @param {any} [ownTypes] parsers; without them, the process-wide ones
   */
  constructor(rowMode, ownTypes) {
    /** @type {string | null} */
    this.command = null;
    /** @type {number | null} */
    this.rowCount = null;
    /** @type {number | null} */
    this.oid = null;
    /** @type {any[]} */
    this.rows = [];
    /** @type {any[]} */
    this.fields = [];
    this.rowAsArray = rowMode === 'array';
    /** @type {any} */
    this._types = ownTypes;
    /** @type {((text: any) => any)[]} */
    this._parsers = [];
  }

  /** @param {any} row */
  addRow(row) {
    this.rows.push(row);
  }

  /** @param {any[]} fields the columns, which replace earlier ones */
  addFields(fields) {
    this.fields = fields;
    const from = this._types ?? types;
    this._parsers = fields.map(({ dataTypeID, format }) =>
      from.getTypeParser(dataTypeID, format || 'text'),
    );
  }

  /** @param {{text?: string, command?: string}} message with the tag */
  addCommandComplete(message) {
    const tag = TAG.exec(message.text || message.command || '');
    if (tag === null) {
      return;
    }
    const [, command, first, second] = tag;
    this.command = command;
    if (second !== undefined) {
      this.oid = Number(first);
      this.rowCount = Number(second);
    } else if (first !== undefined) {
      this.rowCount = Number(first);
    }
  }

  /**
   * @param {any[]} cells
   * @returns {any} an object, or an array
   */
  parseRow(cells) {
    const values = this._parseRowAsArray(cells);
    if (this.rowAsArray) {
      return values;
    }
    /** @type {Record<string, any>} */
    const row = {};
    this.fields.forEach(({ name }, i) => {
      if (name === '__proto__') {
        // Assigned, it would be the prototype: a column is not to choose that.
        Object.defineProperty(row, name, {
          configurable: true,
          enumerable: true,
          value: values[i],
          writable: true,
        });
      } else {
        row[name] = values[i];
      }
    });
    return row;
  }

  /** @param {any[]} cells */
  _parseRowAsArray(cells) {
    return cells.map((cell, i) =>
      cell === null ? null : this._parsers[i](cell),
    );
  }
}

Object.defineProperty(Result, Symbol.hasInstance, {
  /** @this {Function} @param {any} value */
  value(value) {
    return (
      Function.prototype[Symbol.hasInstance].call(this, value) ||
      (this === Result && value instanceof EngineResult)
    );
  },
});

module.exports = Result;
