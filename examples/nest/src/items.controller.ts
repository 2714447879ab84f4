// SPDX-License-Identifier: MIT
import {
  Controller,
  Get,
  NotFoundException,
  Param,
  ParseIntPipe,
} from '@nestjs/common';
import { HoldfastService } from 'pg-holdfast/nest';

interface Item {
  id: number;
  label: string;
}

@Controller('items')
export class ItemsController {
  constructor(private readonly database: HoldfastService) {}

  // Only reads, and is recognised as such: repeated when a connection breaks.
  @Get(':id')
  async find(@Param('id', ParseIntPipe) id: number): Promise<Item> {
    const { rows } = await this.database.query<Item>(
      'select id, label from items where id = $1',
      [id],
    );
    if (rows[0] === undefined) {
      throw new NotFoundException();
    }
    return rows[0];
  }
}
