// SPDX-License-Identifier: MIT
import { defineConfig } from 'prisma/config';

// Only for Prisma's own commands: the application connects through the pool.
export default defineConfig({
  schema: 'prisma/schema.prisma',
  datasource: { url: process.env.DIRECT_URL ?? process.env.DATABASE_URL ?? '' },
});
