// SPDX-License-Identifier: MIT
import { TypeOverrides } from '../index.js';

export = TypeOverrides;
