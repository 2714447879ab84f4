// SPDX-License-Identifier: MIT
// A CommonJS application on NestJS 11, with two pools on one database.
import 'reflect-metadata';
import {
  Body,
  Controller,
  Get,
  Injectable,
  Module,
  Param,
  Post,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  HealthCheck,
  HealthCheckService,
  TerminusModule,
} from '@nestjs/terminus';
import {
  HoldfastHealthIndicator,
  HoldfastModule,
  type HoldfastModuleOptions,
  type HoldfastOptionsFactory,
  HoldfastService,
  InjectHoldfast,
} from 'pg-holdfast/nest';

const URL = process.env.DATABASE_URL ?? '';

@Injectable()
class Options implements HoldfastOptionsFactory {
  createHoldfastOptions(): Promise<HoldfastModuleOptions> {
    return Promise.resolve({
      connectionString: URL,
      application_name: 'nest11',
    });
  }
}

@Controller()
class AppController {
  constructor(
    private readonly database: HoldfastService,
    @InjectHoldfast('reports') private readonly reports: HoldfastService,
    private readonly health: HealthCheckService,
    private readonly indicator: HoldfastHealthIndicator,
  ) {}

  @Get('names')
  async names() {
    const text = "select current_setting('application_name') as name";
    const [one, two] = await Promise.all([
      this.database.query<{ name: string }>(text),
      this.reports.query<{ name: string }>(text),
    ]);
    return [one.rows[0].name, two.rows[0].name];
  }

  @Post('writes/:number')
  async write(
    @Param('number') number: string,
    @Body() { seconds }: { seconds: number },
  ) {
    await this.database.transaction(async (client) => {
      await client.query(
        'insert into writes (number) select $1::bigint from pg_sleep($2)',
        [number, seconds],
      );
    });
    return { number };
  }

  @Get('health')
  @HealthCheck()
  check() {
    return this.health.check([
      () => this.indicator.pingCheck('database'),
      () => this.indicator.pingCheck('reports', { service: this.reports }),
    ]);
  }
}

@Module({
  imports: [
    HoldfastModule.forRootAsync({ useClass: Options }),
    HoldfastModule.forRoot({
      name: 'reports',
      shared: false,
      connectionString: URL,
      application_name: 'nest11-reports',
      max: 2,
    }),
    TerminusModule,
  ],
  controllers: [AppController],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule);
  app.enableShutdownHooks(['SIGTERM'], { useProcessExit: true });
  await app.listen(0, '127.0.0.1');
  console.log(`listening on ${await app.getUrl()}`);
}

void main();
