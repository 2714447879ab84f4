// SPDX-License-Identifier: MIT
// Stands in for Lambda's runtime on your machine: asks AWS_LAMBDA_RUNTIME_API
// for an invocation, calls the handler, hands its answer in, again and again.
// Not needed on Lambda, which brings its own.

import http from 'node:http';
import { handler } from './handler.js';

const BASE = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;

/**
 * @param {string} path
 * @param {string} [body]
 * @returns {Promise<{headers: http.IncomingHttpHeaders, text: string}>}
 */
function call(path, body) {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const request = http.request(`${BASE}${path}`, { method }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ headers: response.headers, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

for (;;) {
  const { headers, text } = await call('/invocation/next');
  const id = headers['lambda-runtime-aws-request-id'];
  const endsAt = Number(headers['lambda-runtime-deadline-ms']);
  const context = {
    awsRequestId: id,
    getRemainingTimeInMillis: () => endsAt - Date.now(),
  };
  const result = await handler(JSON.parse(text), context);
  await call(`/invocation/${id}/response`, JSON.stringify(result));
}
