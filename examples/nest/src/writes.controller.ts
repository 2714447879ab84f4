// SPDX-License-Identifier: MIT
import { Body, Controller, Post } from '@nestjs/common';
import { HoldfastService } from 'pg-holdfast/nest';

interface Write {
  numbers: [number] | [number, number];
  /** Makes the server work for a while. */
  slow?: boolean;
}

const INSERT = `
  insert into writes (number, pair)
  select $1::bigint, $2::bigint from pg_sleep($3)`;

@Controller('writes')
export class WritesController {
  constructor(private readonly database: HoldfastService) {}

  // A write whose answer is lost is not repeated: it may have been done. The
  // filter tells the client so.
  @Post('one')
  async one(@Body() { numbers: [number], slow }: Write): Promise<Write> {
    await this.database.query(INSERT, [number, null, seconds(slow)]);
    return { numbers: [number] };
  }

  // Two rows or none. `retry` repeats what provably left nothing behind, and
  // `exactlyOnce` asks the server when the answer to COMMIT is lost.
  @Post('two')
  async two(@Body() { numbers, slow }: Write): Promise<Write> {
    const [one, two] = numbers;
    await this.database.transaction(
      async (client) => {
        await client.query(INSERT, [one, two, 0]);
        await client.query(INSERT, [two, one, seconds(slow)]);
      },
      { retry: true, exactlyOnce: true },
    );
    return { numbers };
  }
}

function seconds(slow = false): number {
  return slow ? 0.015 : 0;
}
