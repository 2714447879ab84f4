// SPDX-License-Identifier: MIT
import * as holdfast from 'pg-holdfast';
import * as prisma from 'pg-holdfast/prisma';
import { check } from './checks.mjs';

globalThis.checked = check(holdfast, prisma);
