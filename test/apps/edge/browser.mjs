// SPDX-License-Identifier: MIT
import * as holdfast from 'pg-holdfast';
import { check } from './checks.mjs';

globalThis.checked = check(holdfast);
