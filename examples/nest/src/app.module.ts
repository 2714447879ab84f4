// SPDX-License-Identifier: MIT
import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { APP_FILTER } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { HoldfastModule } from 'pg-holdfast/nest';
import { DatabaseErrorFilter } from './database-error.filter.js';
import { HealthController } from './health.controller.js';
import { ItemsController } from './items.controller.js';
import { WritesController } from './writes.controller.js';

@Module({
  imports: [
    ConfigModule.forRoot(),
    HoldfastModule.forRootAsync({
      isGlobal: true,
      imports: [ConfigModule],
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        connectionString: config.getOrThrow<string>('DATABASE_URL'),
        application_name: 'example-nest',
        max: 10,
        // Of the time the platform gives us after SIGTERM.
        shutdownMillis: 5000,
      }),
    }),
    TerminusModule,
  ],
  controllers: [ItemsController, WritesController, HealthController],
  providers: [{ provide: APP_FILTER, useClass: DatabaseErrorFilter }],
})
export class AppModule {}
