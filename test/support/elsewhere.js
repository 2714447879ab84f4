// SPDX-License-Identifier: MIT
// PostgreSQL that another process starts, for tests on a system that cannot run
// the server itself: under wine, where only Node is of Windows. The process with
// the servers calls serveElsewhere(); the one with the tests has its URL in
// HOLDFAST_TEST_ELSEWHERE, and startPostgres() asks there.

const { once } = require('node:events');
const http = require('node:http');
const { makeUrl } = require('./url.js');

/** What a test may call, and the arguments are plain JSON for. */
const METHODS = [
  ...['start', 'stop', 'restart', 'reload', 'freeze', 'thaw', 'psql'],
  ...['backends', 'terminate'],
];
/** What it may read, after each call. */
const FACTS = [
  ...['host', 'port', 'database', 'user', 'password', 'ca', 'caFile'],
  ...['socketDir', 'dataDir', 'logFile', 'pid'],
];

/** @param {any} server */
function factsOf(server) {
  return Object.fromEntries(FACTS.map((name) => [name, server[name]]));
}

/** @param {http.IncomingMessage} request @returns {Promise<any>} */
async function readJson(request) {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
  }
  return JSON.parse(text);
}

/**
 * Starts and calls servers for another process, until it is closed.
 *
 * @param {(options: any) => Promise<any>} startPostgres
 * @returns {Promise<{url: string, close: () => Promise<void>}>}
 */
async function serveElsewhere(startPostgres) {
  /** @type {any[]} */
  const servers = [];
  const answer = async (/** @type {any} */ { id, method, args }) => {
    if (method === 'startPostgres') {
      servers.push(await startPostgres(args[0]));
      id = servers.length - 1;
    } else if (!METHODS.includes(method)) {
      throw new Error(`no method ${method}`);
    }
    const server = servers[id];
    const value =
      method === 'startPostgres' ? id : await server[method](...args);
    return { value, facts: factsOf(server) };
  };
  const listener = http.createServer(async (request, response) => {
    try {
      response.end(JSON.stringify(await answer(await readJson(request))));
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      response.end(JSON.stringify({ error: message }));
    }
  });
  await new Promise((resolve) => {
    listener.listen(0, '127.0.0.1', () => resolve(undefined));
  });
  const address = /** @type {import('node:net').AddressInfo} */ (
    listener.address()
  );
  return {
    url: `http://127.0.0.1:${address.port}/`,
    async close() {
      listener.close();
      listener.closeAllConnections();
      await Promise.all(servers.map((server) => server.stop('immediate')));
    },
  };
}

/**
 * Not by fetch(): wine refuses what that sets on its sockets.
 *
 * @param {string} body
 * @returns {Promise<any>}
 */
async function ask(body) {
  const url = process.env.HOLDFAST_TEST_ELSEWHERE ?? '';
  const request = http.request(url, { method: 'POST' }).end(body);
  const [response] = await once(request, 'response');
  return await readJson(response);
}

/** A server elsewhere: as Server of postgres.js. */
class DistantServer {
  /** @type {number | undefined} */
  #id;

  get url() {
    return this.urlFor();
  }

  /** @param {import('./url.js').UrlParts} [parts] */
  urlFor(parts) {
    const { host, port, user, password, database } = /** @type {any} */ (this);
    return makeUrl({ host, port, user, password, database, ...parts });
  }

  /** @param {string} method @param {unknown[]} args @returns {Promise<any>} */
  async call(method, args) {
    const body = JSON.stringify({ id: this.#id, method, args });
    const { value, facts, error } = await ask(body);
    if (error !== undefined) {
      throw new Error(error);
    }
    Object.assign(this, facts);
    this.#id ??= value;
    return value;
  }
}

for (const method of METHODS) {
  Object.defineProperty(DistantServer.prototype, method, {
    /** @this {DistantServer} @param {unknown[]} args */
    value(...args) {
      return this.call(method, args);
    },
  });
}

/** @param {unknown} options @returns {Promise<any>} */
async function startElsewhere(options) {
  const server = new DistantServer();
  await server.call('startPostgres', [options]);
  return server;
}

module.exports = { serveElsewhere, startElsewhere };
