// SPDX-License-Identifier: MIT

// Whose server it is, by what only that one has. Servers that are kin of
// PostgreSQL name themselves in their version; a service shows a role or a
// setting of its own.

/** Roles that services of providers have. @type {Record<string, string>} */
const ROLES = {
  supabase_admin: 'Supabase',
  alloydbsuperuser: 'Google AlloyDB',
  cloudsqlsuperuser: 'Google Cloud SQL',
  azure_pg_admin: 'Azure Database for PostgreSQL',
};

/** The columns of the server's facts that this needs, as JSON's pairs. */
const PLATFORM_FACTS = `
  'version', version(),
  'neon', current_setting('neon.timeline_id', true),
  'rds', current_setting('rds.extensions', true),
  'aurora', (select count(*) from pg_proc where proname = 'aurora_version'
             and pronamespace = 'pg_catalog'::regnamespace) > 0,
  'citus', (select extversion from pg_extension where extname = 'citus'),
  'roles', (select json_agg(rolname) from pg_roles where rolname in
    (${Object.keys(ROLES)
      .map((role) => `'${role}'`)
      .join(', ')}))`;

/** @param {any} facts @returns {string | null} */
function serviceOf({ neon, aurora, rds, roles }) {
  if (neon) {
    return 'Neon';
  }
  if (aurora) {
    return 'Amazon Aurora';
  }
  const role = Object.keys(ROLES).find((name) => roles?.includes(name));
  return rds ? 'Amazon RDS' : (ROLES[role ?? ''] ?? null);
}

/** @param {any} facts @returns {string | null} */
function platformOf(facts) {
  const { version = '', citus } = facts;
  if (/-YB-/.test(version)) {
    return 'YugabyteDB';
  }
  const service = serviceOf(facts);
  return citus ? `Citus ${citus}${service ? `, ${service}` : ''}` : service;
}

/**
 * Whether a server's version is not that of a PostgreSQL.
 * @param {string | null} platform
 */
function isKin(platform) {
  return platform === 'CockroachDB' || platform === 'YugabyteDB';
}

/**
 * The kin that cannot answer the questions about a PostgreSQL server: by what
 * they report when a session starts, or by their name.
 * @param {Map<string, string>} parameters
 * @param {string} host as it was given
 * @returns {string | null}
 */
function foreignKin(parameters, host) {
  if (parameters.has('crdb_version')) {
    return 'CockroachDB';
  }
  return /\.dsql\.[a-z0-9-]+\.on\.aws$/.test(host) ? 'Aurora DSQL' : null;
}

module.exports = { PLATFORM_FACTS, foreignKin, isKin, platformOf };
