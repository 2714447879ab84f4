// SPDX-License-Identifier: MIT
'use client';

import { useRef, useState } from 'react';
import { whole } from './figures';

const SECONDS = 20;
const CALLERS = 6;

const REQUESTS: (() => Promise<Response>)[] = [
  () => fetch('/api/domains'),
  () => fetch('/api/entries'),
  () => post('/api/entries', { number: random() }),
  () => post('/api/transfers', { first: random(), second: random() }),
];

function random(): number {
  return Math.floor(Math.random() * 2 ** 31);
}

function post(url: string, body: object): Promise<Response> {
  return fetch(url, { method: 'POST', body: JSON.stringify(body) });
}

/** Sends requests to this application's own routes, as visitors would. */
export function Traffic() {
  const [running, setRunning] = useState(false);
  const [done, setDone] = useState({ ok: 0, failed: 0 });
  const until = useRef(0);

  async function caller(turn: number) {
    for (let i = turn; Date.now() < until.current; i++) {
      const ok = await REQUESTS[i % REQUESTS.length]()
        .then((response) => response.ok)
        .catch(() => false);
      setDone((before) => ({
        ok: before.ok + (ok ? 1 : 0),
        failed: before.failed + (ok ? 0 : 1),
      }));
    }
  }

  async function start() {
    if (running) {
      until.current = 0;
      return;
    }
    until.current = Date.now() + SECONDS * 1000;
    setDone({ ok: 0, failed: 0 });
    setRunning(true);
    await Promise.all(Array.from({ length: CALLERS }, (_, i) => caller(i)));
    setRunning(false);
  }

  return (
    <footer className="traffic">
      <button type="button" onClick={start} data-running={running}>
        {running ? 'Stop' : `Send traffic for ${SECONDS} s`}
      </button>
      <p>
        {done.ok + done.failed === 0
          ? 'Now restart the pooler, or terminate a backend, and watch.'
          : `${whole(done.ok)} requests answered, ${whole(done.failed)} failed`}
      </p>
      <nav>
        <a href="/api/health">Health</a>
        <a href="/api/metrics">Metrics</a>
      </nav>
    </footer>
  );
}
