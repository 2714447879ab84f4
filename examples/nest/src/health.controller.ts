// SPDX-License-Identifier: MIT
import { Controller, Get, Header } from '@nestjs/common';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import { HoldfastHealthIndicator, HoldfastService } from 'pg-holdfast/nest';

@Controller()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicator: HoldfastHealthIndicator,
    private readonly database: HoldfastService,
  ) {}

  // 200 with `ok` or `degraded`, 503 with `error`.
  @Get('health')
  @HealthCheck()
  check() {
    return this.health.check([() => this.indicator.pingCheck('database')]);
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4')
  metrics(): string {
    return this.database.prometheus();
  }
}
