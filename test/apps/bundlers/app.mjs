// SPDX-License-Identifier: MIT
import { report } from './report.js';

report().then(console.log);
