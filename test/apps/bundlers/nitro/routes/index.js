// SPDX-License-Identifier: MIT
import { report } from '../../report.js';

export default defineEventHandler(() => report());
