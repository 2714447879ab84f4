// SPDX-License-Identifier: MIT
import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpStatus,
} from '@nestjs/common';
import { HoldfastError } from 'pg-holdfast';

/** What of Express is used here. */
interface Response {
  status(code: number): Response;
  setHeader(name: string, value: string): Response;
  json(body: unknown): void;
}

/** Tells clients what became of their request, not just that it failed. */
@Catch(HoldfastError)
export class DatabaseErrorFilter implements ExceptionFilter<HoldfastError> {
  catch(error: HoldfastError, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    const { code, outcome, retryable } = error;
    // Nothing was done, and it may work in a moment.
    const again =
      retryable && (outcome === 'not_executed' || outcome === 'rolled_back');
    if (again) {
      response.setHeader('retry-after', '1');
    }
    response
      .status(
        again
          ? HttpStatus.SERVICE_UNAVAILABLE
          : HttpStatus.INTERNAL_SERVER_ERROR,
      )
      .json({ code, outcome });
  }
}
