// SPDX-License-Identifier: MIT

// The spans of a short use: those of OpenTelemetry's instrumentation for pg,
// those of enableOpenTelemetry() for this package.

const {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} = require('@opentelemetry/sdk-trace-node');

module.exports = async ({ url, pg }) => {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  provider.register();
  if (pg.enableOpenTelemetry === undefined) {
    const { PgInstrumentation } = require('@opentelemetry/instrumentation-pg');
    const instrumentation = new PgInstrumentation();
    instrumentation.setTracerProvider(provider);
    // It was loaded before.
    instrumentation.enable();
    for (const file of Object.keys(require.cache)) {
      if (/node_modules.pg(-pool)?.(lib|index)/.test(file)) {
        delete require.cache[file];
      }
    }
    pg = require('pg');
  } else {
    pg.enableOpenTelemetry({ api: require('@opentelemetry/api') });
  }
  const { hostname, port, username, password, pathname } = new URL(url);
  const pool = new pg.Pool({
    host: hostname,
    port: Number(port),
    user: username,
    password: decodeURIComponent(password),
    database: pathname.slice(1),
  });
  const client = await pool.connect();
  await client.query('select $1::int', [1]);
  await client.query({ name: 'by-id', text: 'select now()' });
  await client.query('begin');
  await client.query('select no_such_column').catch(() => {});
  await client.query('ROLLBACK;');
  client.release();
  await pool.end();
  await provider.forceFlush();
  return exporter
    .getFinishedSpans()
    .map(({ name, kind, status, attributes }) => ({
      name,
      kind,
      failed: status.code === 2,
      attributes,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
};
