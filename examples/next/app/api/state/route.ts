// SPDX-License-Identifier: MIT
import { readState } from '@/lib/state';

export const dynamic = 'force-dynamic';

const EVERY_MILLIS = 500;

/** The pool's state as server-sent events, two a second. */
export function GET(request: Request) {
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>({
    async start(controller) {
      const { signal } = request;
      while (!signal.aborted) {
        const state = JSON.stringify(await readState());
        if (signal.aborted) {
          break;
        }
        controller.enqueue(encoder.encode(`data: ${state}\n\n`));
        await pause(EVERY_MILLIS, signal);
      }
      controller.close();
    },
  });
  return new Response(stream, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
    },
  });
}

function pause(millis: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, millis);
    signal.addEventListener('abort', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
