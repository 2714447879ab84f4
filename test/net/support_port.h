/* SPDX-License-Identifier: MIT */
/*
 * A client of the engine's C API, as a binding is: collects operations into a
 * batch, hands them over, waits for messages and reads them.
 *
 * Every wait ends the program after half a minute, so that a call that never
 * settles fails the test instead of hanging it.
 *
 * Threads: the test's own; there may be several clients.
 */
#ifndef HF_TEST_SUPPORT_PORT_H
#define HF_TEST_SUPPORT_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast.h"

enum { SUPPORT_CELL_BYTES = 96, SUPPORT_TEXT_BYTES = 256 };

/* What came for one id, up to the message that settles it. */
struct support_answer {
  enum hf_msg_kind kind; /* of the last message */
  int results;
  /* of the last result */
  int rows, columns, attempts, connection, affected;
  char command[32];              /* "" for a command known by its number */
  char cell[SUPPORT_CELL_BYTES]; /* the first one; "NULL" for null */
  /* of HF_MSG_LEASE */
  int lease, pid, pooled;
  int copied, taken; /* bytes of all HF_MSG_COPY */
  /* of HF_MSG_OK, HF_MSG_OPENED */
  int value;
  char options[SUPPORT_TEXT_BYTES]; /* name=value;... */
  /* of HF_MSG_ERROR */
  enum hf_status status, cause;
  enum hf_outcome outcome;
  enum hf_error_unit unit;
  enum hf_phase phase;
  bool retryable;
  int elapsed_ms;
  char sqlstate[8];
  char message[SUPPORT_TEXT_BYTES];
};

struct support_port;

struct support_port *support_port_open(void);

/* As above; NULL when the port could not be opened. */
struct support_port *support_port_try(void);

/* Closes, and waits until the engine has released the port. */
void support_port_close(struct support_port *port);

/* Closes without waiting for the answer; the port is freed later. */
void support_port_abandon(struct support_port *port);

/* With true, takes no messages until it is called with false. */
void support_port_hold(struct support_port *port, bool hold);

/* ---- operations ----------------------------------------------------------*/

/*
 * Adds an operation whose fields are the strings that follow, up to a NULL.
 * Returns its id, which it also writes into `op` unless that has one.
 */
int64_t support_op(struct support_port *port, struct hf_op *op, ...);

/* Hands over what was added. */
void support_flush(struct support_port *port);

/* Opens a pool on 127.0.0.1:tcp_port; options follow, up to a NULL. */
int support_pool(struct support_port *port, int tcp_port, ...);

/* The same with a key: the registry's pool. */
int support_shared_pool(struct support_port *port,
                        const char *key,
                        int tcp_port,
                        ...);

int64_t support_query(struct support_port *port, int pool, const char *sql);
int64_t support_on_lease(struct support_port *port, int lease, const char *sql);
int64_t support_acquire(struct support_port *port, int pool);
int64_t support_release(struct support_port *port, int lease, int flags);
int64_t support_end(struct support_port *port, int pool);
void support_abort(struct support_port *port, int64_t id);

/* Answers a question with a password, or with a message when `failed`. */
void support_reply(struct support_port *port,
                   int64_t question,
                   const char *text,
                   bool failed);

/* ---- messages ------------------------------------------------------------ */

/* Waits for the answer to an operation. */
struct support_answer support_wait(struct support_port *port, int64_t id);

/* support_query or support_on_lease, and its answer. */
struct support_answer support_ask(struct support_port *port,
                                  int pool,
                                  const char *sql);
struct support_answer support_say(struct support_port *port,
                                  int lease,
                                  const char *sql);

/* Acquires a lease; ends the program when that fails. */
struct support_answer support_lease(struct support_port *port, int pool);

/* Waits for the next question about a pool. */
int64_t support_question(struct support_port *port, int pool);

/* How many events of a kind came so far, and the text of the last one. */
int support_events(struct support_port *port, enum hf_event kind);
const char *support_event_text(struct support_port *port);
void support_wait_events(struct support_port *port, enum hf_event kind, int n);

/* How many operations have no answer yet. */
int support_unanswered(struct support_port *port);

/* ---- the process --------------------------------------------------------- */

/*
 * Polls until `holds` returns true; ends the program with `what` when the time
 * is up.
 */
void support_until(bool (*holds)(void *ctx), void *ctx, const char *what);

/* Waits until no thread of the engine is left. */
void support_wait_engine_gone(void);

int support_count_threads(void); /* the engine's: hf-* */
int support_count_fds(void);

/* Reads a gauge or statistic of a pool; -1 when there is none of that name. */
double support_stat(struct support_port *port, int pool, const char *name);

/* True in builds that run many times slower. */
bool support_is_slow(void);

#endif
