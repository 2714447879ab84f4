// SPDX-License-Identifier: MIT
import * as holdfast from 'pg-holdfast';
import { check } from './checks.mjs';

export default {
  async fetch() {
    return Response.json(await check(holdfast));
  },
};
