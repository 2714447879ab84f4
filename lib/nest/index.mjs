// SPDX-License-Identifier: MIT
import * as common from '@nestjs/common';
import nest from './module.js';

// The same objects by name; a test compares the names with index.js.
const all = nest.nestFor(common);

export const {
  HoldfastModule,
  HoldfastService,
  HoldfastHealthIndicator,
  InjectHoldfast,
  getHoldfastToken,
} = all;

export default all;
