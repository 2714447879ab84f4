// SPDX-License-Identifier: MIT
'use strict';

// Channels of node:diagnostics_channel, for tracers. No message is made without
// a subscriber.
//
//   tracing:holdfast:query|acquire|connect|retry:start|end|asyncStart|asyncEnd|error
//   holdfast:release, holdfast:breaker, holdfast:slow, holdfast:retry
//
// Messages carry no secret, no value and no row.

const { channel, tracingChannel } = require('node:diagnostics_channel');

/** One kind of work with a beginning and an end, as TracingChannel has it. */
class Trace {
  /** @param {string} name */
  constructor(name) {
    const { start, end, asyncStart, asyncEnd, error } = tracingChannel(name);
    this.start = start;
    this.end = end;
    this.asyncStart = asyncStart;
    this.asyncEnd = asyncEnd;
    this.error = error;
  }

  /** As TracingChannel has it from Node 20.13 on. */
  get hasSubscribers() {
    return (
      this.start.hasSubscribers ||
      this.end.hasSubscribers ||
      this.asyncStart.hasSubscribers ||
      this.asyncEnd.hasSubscribers ||
      this.error.hasSubscribers
    );
  }

  /**
   * Publishes the start of work that no caller started.
   * @param {object} context
   */
  begin(context) {
    this.start.publish(context);
    this.end.publish(context);
  }

  /**
   * Publishes its end, with `context.error` if it failed.
   * @param {{error?: unknown}} context
   * @param {() => void} [answer] what is called within the context
   */
  finish(context, answer = () => {}) {
    if (context.error !== undefined) {
      this.error.publish(context);
    }
    this.asyncStart.runStores(context, answer);
    this.asyncEnd.publish(context);
  }

  /**
   * Traces work that `work` starts and that its two functions end.
   * @template {{error?: unknown}} Context
   * @param {Context} context
   * @param {(value: any) => void} resolve
   * @param {(error: any) => void} reject
   * @param {(resolve: (value: any) => void, reject: (error: any) => void) =>
   *   void} work may throw
   * @param {(value: any) => void} [note] puts the result into the context
   */
  follow(context, resolve, reject, work, note) {
    try {
      this.start.runStores(context, () => {
        work(
          (value) => {
            note?.(value);
            this.finish(context, () => resolve(value));
          },
          (error) => {
            context.error = error;
            this.finish(context, () => reject(error));
          },
        );
      });
    } catch (error) {
      context.error = error;
      this.error.publish(context);
      throw error;
    } finally {
      this.end.publish(context);
    }
  }
}

const traces = Object.freeze({
  query: new Trace('holdfast:query'),
  acquire: new Trace('holdfast:acquire'),
  connect: new Trace('holdfast:connect'),
  retry: new Trace('holdfast:retry'),
});

const channels = Object.freeze({
  release: channel('holdfast:release'),
  breaker: channel('holdfast:breaker'),
  slow: channel('holdfast:slow'),
});

module.exports = { Trace, channels, traces };
