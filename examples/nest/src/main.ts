// SPDX-License-Identifier: MIT
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule);

// On SIGTERM Nest stops listening, answers what is in flight, and only then
// lets the pool drain. useProcessExit ends the process with 0.
app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });

// The pool is warm before this listens.
await app.listen(process.env.PORT ?? 3000, process.env.HOST ?? '127.0.0.1');
console.log(`listening on ${await app.getUrl()}`);
