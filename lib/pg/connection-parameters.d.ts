// SPDX-License-Identifier: MIT
import type { ClientConfig } from '../index.js';

/** What a configuration comes to. */
declare class ConnectionParameters {
  constructor(config?: string | ClientConfig);
  user: string;
  database: string;
  port: number;
  host: string;
  password: string | null | undefined;
  ssl: boolean | object;
  isDomainSocket: boolean;
  application_name: string | undefined;
}

export = ConnectionParameters;
