// SPDX-License-Identifier: MIT
// Starts the README's module for Nest, and calls its service.

import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { HoldfastService } from 'pg-holdfast/nest';
import { AppModule } from './readme.module.js';

const app = await NestFactory.createApplicationContext(AppModule);
const service = app.get(HoldfastService);
const { rows } = await service.query('select name from users where id = 1');
console.log(`found ${rows[0].name}`);
const [one] = await service.transaction(async (client) => {
  const { rows: sums } = await client.query('select sum(n) as n from accounts');
  return sums;
});
console.log(`sum ${one.n}`);
await app.close();
