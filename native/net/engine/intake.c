/* SPDX-License-Identifier: MIT */
#include "net/engine/intake.h"

#include "net/base/clock.h"
#include "net/conn/batch.h"
#include "net/conn/call_settings.h"
#include "net/engine/batch_params.h"
#include "net/engine/call.h"
#include "net/engine/call_table.h"
#include "net/engine/port.h"

static void refuse(struct hf_port *port,
                   const struct hf_op *op,
                   enum hf_status status,
                   const struct hf_error *cause) {
  hf_outbox_refuse(&port->outbox,
                   (uint32_t)op->id_low,
                   (uint32_t)op->id_high,
                   status,
                   cause);
}

/* Returns whether the server would not enforce readOnly. */
static bool evades_read_only(const struct hf_call *call) {
  const struct hf_sql_info *sql = &call->unit.request.sql;
  return (call->unit.request.flags & HF_FLAG_READ_ONLY) != 0 &&
         (sql->multiple || sql->kind == HF_SQL_CALL || sql->kind == HF_SQL_DO ||
          sql->refuses_transaction ||
          (call->unit.batch != NULL && call->unit.batch->commits));
}

/* Why a unit cannot be the COPY that its caller wants, or NULL. */
static const char *copy_refusal(const struct hf_unit *unit) {
  const struct hf_sql_info *sql = &unit->request.sql;
  if (!hf_unit_copies(unit)) {
    return NULL;
  }
  if (sql->kind != HF_SQL_COPY || sql->multiple || unit->values.n > 0 ||
      sql->copies != unit->copy.direction) {
    return unit->copy.direction == HF_SQL_COPY_IN
               ? "copyFrom() takes one statement, COPY ... FROM STDIN, without "
                 "values"
               : "copyTo() takes one statement, COPY ... TO STDOUT, without "
                 "values: copy a query, COPY (select ...) TO STDOUT";
  }
  return unit->copy.direction == HF_SQL_COPY_IN &&
                 hf_request_only_reads(&unit->request)
             ? "copyFrom() writes: leave out readOnly"
             : NULL;
}

/* Returns the place of the first COPY of a batch, from 1; 0: it is none. */
static int32_t copy_place(const struct hf_unit *unit) {
  int32_t i;
  if (unit->batch == NULL) {
    return 0;
  }
  for (i = 0; i < unit->batch->n && !unit->statement->sql.copy; i++) {
    if (unit->batch->items[i].statement->sql.copy) {
      return 1 + 1 + i;
    }
  }
  return 1;
}

/*
 * Says in the call's error why it cannot work, if it cannot. Returns the place
 * of the statement of a batch that is why, from 1, or 0.
 */
static int32_t judge(struct hf_call *call) {
  const struct hf_unit *unit = &call->unit;
  struct hf_error *error = &call->unit.request.error;
  const char *copy = copy_refusal(unit);
  const char *batch = NULL;
  int32_t place = 0;
  if (copy != NULL) {
    hf_error_set(error, HF_PARAM_INVALID, HF_PHASE_LOCAL, copy);
    return 0;
  }
  if (unit->request.sql.copy && !hf_unit_copies(unit)) {
    hf_error_set(error, HF_COPY_UNSUPPORTED, HF_PHASE_LOCAL, NULL);
    return copy_place(unit);
  }
  if (unit->batch != NULL) {
    batch = hf_batch_params_refusal(unit->batch, &unit->statement->sql, &place);
  }
  if (batch != NULL) {
    hf_error_set(error, HF_PARAM_INVALID, HF_PHASE_LOCAL, batch);
    return 1 + place;
  }
  if (evades_read_only(call)) {
    hf_error_set(error,
                 HF_PARAM_INVALID,
                 HF_PHASE_LOCAL,
                 "readOnly cannot be enforced for several statements, CALL, DO "
                 "and what refuses a transaction: send one statement");
  } else if (unit->settings != NULL && unit->request.sql.refuses_transaction) {
    hf_error_set(error,
                 HF_PARAM_INVALID,
                 HF_PHASE_LOCAL,
                 hf_call_settings_refused);
  }
  return 0;
}

/* Refuses and frees a call that cannot work; returns whether it did. */
static bool refuse_unsupported(struct hf_port *port,
                               const struct hf_op *op,
                               struct hf_call *call) {
  struct hf_error *error = &call->unit.request.error;
  int32_t place = judge(call);
  if (error->status == HF_OK) {
    return false;
  }
  error->outcome = HF_OUTCOME_PERMANENT;
  hf_outbox_refuse_statement(&port->outbox,
                             (uint32_t)op->id_low,
                             (uint32_t)op->id_high,
                             error,
                             place);
  hf_call_free(call);
  return true;
}

struct hf_call *hf_intake_make(struct hf_port *port,
                               const struct hf_op *op,
                               const char *const *fields,
                               struct hf_handle *handle) {
  struct hf_call *call;
  if (!hf_call_is_well_formed(op, fields)) {
    refuse(port, op, HF_PARAM_INVALID, NULL);
    return NULL;
  }
  call = hf_call_new(op, fields, handle, hf_clock_us());
  if (call == NULL) {
    refuse(port, op, HF_NO_MEMORY, NULL);
    return NULL;
  }
  return refuse_unsupported(port, op, call) ? NULL : call;
}

struct hf_call *hf_intake_take(struct hf_port *port,
                               const struct hf_op *op,
                               const char *const *fields,
                               struct hf_handle *handle,
                               struct hf_lease *lease) {
  struct hf_call *call = hf_intake_make(port, op, fields, handle);
  if (call == NULL) {
    return NULL;
  }
  if (call->unit.request.kind == HF_REQUEST_ACQUIRE) {
    call->lease_number = ++port->last_lease;
  } else if (lease != NULL) {
    call->unit.request.lease = lease;
  }
  if (hf_call_table_add(port, call) != HF_OK) {
    hf_call_free(call);
    refuse(port, op, HF_NO_MEMORY, NULL);
    return NULL;
  }
  handle->calls++;
  return call;
}

void hf_intake_drop(struct hf_call *call) {
  hf_call_table_remove(call->handle->port, call);
  call->handle->calls--;
  hf_call_free(call);
}
