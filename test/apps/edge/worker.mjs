// SPDX-License-Identifier: MIT
import * as holdfast from 'pg-holdfast';
import * as prisma from 'pg-holdfast/prisma';
import { check } from './checks.mjs';

export default {
  async fetch() {
    return Response.json(await check(holdfast, prisma));
  },
};
