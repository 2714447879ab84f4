// SPDX-License-Identifier: MIT
// `next dev` while files are edited: a route, and a module that makes a pool
// when it is loaded, as most applications do.

const fs = require('node:fs');
const path = require('node:path');
const { eventually, freePort } = require('../../support/index.js');
const { send } = require('../support/http.js');

const MODULE = 'lib/probe.ts';
const ROUTE = 'app/api/probe/route.ts';

/** @param {string} version */
function moduleText(version) {
  return `
    import { getPool } from 'pg-holdfast';
    const counts = globalThis as { probeLoads?: number };
    counts.probeLoads = (counts.probeLoads ?? 0) + 1;
    export const loads = () => counts.probeLoads;
    export const version = '${version}';
    export const pool = getPool({ application_name: 'holdfast-next', max: 10,
      min: 2 });
  `;
}

/** @param {string} version */
function routeText(version) {
  return `
    import { loads, pool, version } from '@/lib/probe';
    export const dynamic = 'force-dynamic';
    export async function GET() {
      await pool.query('select 1');
      return Response.json({ route: '${version}', module: version,
        loads: loads(), process: process.pid });
    }
  `;
}

/** Files that the test adds to the application. */
const PROBE_FILES = {
  [MODULE]: moduleText('first'),
  [ROUTE]: routeText('first'),
};

class DevServer {
  #folder;
  #server;
  #base;

  /**
   * @param {string} folder
   * @param {any} server
   * @param {string} base
   */
  constructor(folder, server, base) {
    this.#folder = folder;
    this.#server = server;
    this.#base = base;
  }

  /**
   * @param {import('../support/app.js').App} app
   * @param {string[]} args
   * @param {Record<string, string>} env
   */
  static async start(app, args, env) {
    const port = String(await freePort());
    for (const [name, text] of Object.entries(PROBE_FILES)) {
      write(app.folder, name, text);
    }
    const server = app.start(
      'next',
      ['dev', '-H', '127.0.0.1', '-p', port, ...args],
      { env },
    );
    await server.waitFor(/Ready in/);
    return new DevServer(app.folder, server, `http://127.0.0.1:${port}`);
  }

  /** @param {string} file */
  async get(file) {
    return await send(this.#base, file, 60_000);
  }

  /** @param {string} version */
  editRoute(version) {
    write(this.#folder, ROUTE, routeText(version));
  }

  /** @param {string} version */
  editModule(version) {
    write(this.#folder, MODULE, moduleText(version));
  }

  /**
   * Waits until the application's answer shows an edit.
   *
   * @param {{route: string, module: string}} wanted
   */
  async probe({ route, module }) {
    return await eventually(
      async () => {
        const { body } = await this.get('/api/probe');
        return body.route === route && body.module === module && body;
      },
      {
        timeout: 60_000,
        interval: 100,
        what: `edit ${route}, ${module}: ${this.describe()}`,
      },
    );
  }

  async stop() {
    await this.#server.stop();
    // A build type-checks these files too.
    for (const name of [...Object.keys(PROBE_FILES), '.next/dev']) {
      const file = path.join(this.#folder, name);
      fs.rmSync(file, { recursive: true, force: true });
    }
  }

  describe() {
    return this.#server.describe();
  }
}

/** @param {string} folder @param {string} name @param {string} text */
function write(folder, name, text) {
  const file = path.join(folder, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

module.exports = { DevServer };
