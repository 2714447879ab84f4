// SPDX-License-Identifier: MIT
import type { NextConfig } from 'next';
import { withHoldfast } from 'pg-holdfast/next';

const config: NextConfig = {
  output: 'standalone',
  // This folder is the application, whatever lies above it.
  outputFileTracingRoot: __dirname,
  turbopack: { root: __dirname },
  poweredByHeader: false,
};

export default withHoldfast(config);
