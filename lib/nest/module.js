// SPDX-License-Identifier: MIT
'use strict';

// HoldfastModule and its providers, made for a given @nestjs/common: index.js
// requires one, index.mjs imports one. For the same one they get the same
// classes, by which Nest finds providers.

const { HoldfastHealthIndicator } = require('./health.js');
const { makeLogger } = require('./logger.js');
const { checkAsync, readExtras } = require('./options.js');
const { makeService } = require('./service.js');

/**
 * The used part of @nestjs/common.
 * @typedef {object} Common
 * @property {(metadata: object) => (target: any) => void} Module
 * @property {() => (target: any) => void} Injectable
 * @property {(token: any) => any} Inject
 * @property {new (context: string) => any} Logger
 */

/** @typedef {ReturnType<typeof build>} Nest */

/** @type {WeakMap<object, Nest>} */
const built = new WeakMap();

/**
 * Returns the providers of the options under `token`.
 * @param {any} options of forRootAsync()
 * @param {string} token
 * @returns {any[]}
 */
function asyncProviders(options, token) {
  const { useFactory, useClass, useExisting, inject = [] } = options;
  if (useFactory !== undefined) {
    return [{ provide: token, useFactory, inject }];
  }
  const source = useExisting ?? useClass;
  const provider = {
    provide: token,
    useFactory: (/** @type {any} */ factory) => factory.createHoldfastOptions(),
    inject: [source],
  };
  return useExisting ? [provider] : [source, provider];
}

/**
 * What forRoot() and forRootAsync() were given.
 * @typedef {object} Given
 * @property {string} where of the two, for messages
 * @property {string | undefined} name of the pool
 * @property {boolean} isGlobal
 * @property {any} service what Nest knows the service by
 * @property {any[]} imports
 * @property {any[]} providers of the options, by `token`
 * @property {string} token
 */

/**
 * Returns the dynamic module with one service.
 * @param {any} module
 * @param {any} HoldfastService
 * @param {Given} given
 */
function assemble(module, HoldfastService, given) {
  const { where, isGlobal, service, imports, providers, token } = given;
  return {
    module,
    global: isGlobal,
    imports,
    providers: [
      ...providers,
      {
        provide: service,
        useFactory: (/** @type {any} */ options) =>
          new HoldfastService(options, where),
        inject: [token],
      },
      {
        provide: HoldfastHealthIndicator,
        useFactory: (/** @type {any} */ one) =>
          new HoldfastHealthIndicator(one),
        inject: [service],
      },
    ],
    exports: [service, HoldfastHealthIndicator],
  };
}

/**
 * @param {any} HoldfastService
 * @param {(name: string | undefined) => any} tokenOf
 */
function makeModule(HoldfastService, tokenOf) {
  /**
   * @param {any} options
   * @param {string} where
   */
  const common = (options, where) => {
    const { name, isGlobal, rest } = readExtras(options, where);
    const token = `${where}:${name ?? ''}`;
    return { where, name, isGlobal, service: tokenOf(name), token, rest };
  };
  // biome-ignore lint/complexity/noStaticOnlyClass: what Nest calls a module
  return class HoldfastModule {
    /** @param {any} [options] */
    static forRoot(options = {}) {
      const { rest, ...given } = common(options, 'HoldfastModule.forRoot()');
      const providers = [{ provide: given.token, useValue: rest }];
      return assemble(HoldfastModule, HoldfastService, {
        ...given,
        imports: [],
        providers,
      });
    }

    /** @param {any} options */
    static forRootAsync(options) {
      const { imports = [] } = checkAsync(options);
      const given = common(options, 'HoldfastModule.forRootAsync()');
      const providers = asyncProviders(options, given.token);
      return assemble(HoldfastModule, HoldfastService, {
        ...given,
        imports,
        providers,
      });
    }
  };
}

/** @param {Common} common */
function build(common) {
  /** @type {object | undefined} */
  let logger;
  const HoldfastService = makeService(() => {
    logger ??= makeLogger(common);
    return logger;
  });

  /** @param {string} [name] @returns {any} what Nest knows a service by */
  function getHoldfastToken(name) {
    return name === undefined ? HoldfastService : `HoldfastService:${name}`;
  }

  /** @param {string} [name] of a pool that forRoot() gave one */
  function InjectHoldfast(name) {
    return common.Inject(getHoldfastToken(name));
  }

  const HoldfastModule = makeModule(HoldfastService, getHoldfastToken);
  common.Module({})(HoldfastModule);
  common.Injectable()(HoldfastService);
  common.Injectable()(HoldfastHealthIndicator);
  return {
    HoldfastModule,
    HoldfastService,
    HoldfastHealthIndicator,
    InjectHoldfast,
    getHoldfastToken,
  };
}

/**
 * @param {Common} common
 * @returns {Nest}
 */
function nestFor(common) {
  let nest = built.get(common.Module);
  if (nest === undefined) {
    nest = build(common);
    built.set(common.Module, nest);
  }
  return nest;
}

module.exports = { nestFor };
