// SPDX-License-Identifier: MIT
'use strict';

/**
 * A client as far as extensions see it: the first extension is outermost, all
 * are given the same parameters, and each begins a microtask later.
 */
class FakeClient {
  /** @param {() => unknown} work @param {any[]} [extensions] */
  constructor(work, extensions = []) {
    this.work = work;
    this.extensions = extensions;
    this.calls = 0;
  }

  /** @param {any} extension @returns {FakeClient} */
  $extends(extension) {
    const all = [...this.extensions, extension];
    return new FakeClient(this.work, all);
  }

  /**
   * @param {string | undefined} model
   * @param {string} operation
   * @param {unknown} [args]
   * @param {unknown} [transaction]
   */
  async run(model, operation, args, transaction) {
    const internal = { transaction };
    await null;
    const step = (/** @type {number} */ at, /** @type {unknown} */ given) => ({
      // biome-ignore lint/suspicious/noThenProperty: Prisma's are thenables
      then: (/** @type {any} */ resolve, /** @type {any} */ reject) =>
        this.#step(at, given, { model, operation, internal }, step).then(
          resolve,
          reject,
        ),
    });
    return step(0, args);
  }

  /**
   * @param {number} at
   * @param {unknown} args
   * @param {any} call
   * @param {any} step
   */
  #step(at, args, { model, operation, internal }, step) {
    const extension = this.extensions[at];
    if (extension === undefined) {
      this.calls += 1;
      return new Promise((resolve) => resolve(this.work()));
    }
    return extension.query.$allOperations({
      model,
      operation,
      args,
      __internalParams: internal,
      query: (/** @type {unknown} */ next) => step(at + 1, next),
    });
  }
}

module.exports = { FakeClient };
