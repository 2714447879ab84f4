/* SPDX-License-Identifier: MIT */
/*
 * Settings of a call, which hold in the transaction of its statement and are
 * gone with it. They are sent in the unit, in front of the statement.
 *
 * A unit may be several transactions on the server, where something in between
 * takes it apart. So the first units on a connection have BEGIN and COMMIT
 * around them, and before those two statements that find out about it.
 *
 * Ownership: part of a unit, one block of memory; hf_free frees it.
 * Threads: the engine's thread only.
 */
#ifndef HF_NET_CONN_CALL_SETTINGS_H
#define HF_NET_CONN_CALL_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "net/conn/conn_state.h"

struct hf_call_settings {
  int32_t n;           /* settings */
  bool own;            /* given with the statement, not with its client */
  bool change_names;   /* what a name in the statement means depends on them */
  const char *texts[]; /* name and value of each */
};

/* Copies n pairs of name and value. NULL when out of memory. */
struct hf_call_settings *hf_call_settings_new(const char *const *pairs,
                                              int32_t n,
                                              bool own);

/* Why the settings cannot hold for this unit, or NULL. */
const char *hf_call_settings_refusal(const struct hf_unit *unit);

/* Why they could not, as its end has shown. */
extern const char hf_call_settings_refused[];

/* Sends the settings as a step of the unit. */
HF_NODISCARD bool hf_call_settings_send(struct hf_conn *conn,
                                        struct hf_unit *unit,
                                        enum hf_step step);

/*
 * Sends two statements by which the connection learns whether a unit is one
 * transaction there, unless that is known.
 */
HF_NODISCARD bool hf_call_settings_send_proof(struct hf_conn *conn,
                                              struct hf_unit *unit);

/* Reads the answer of the second. */
void hf_call_settings_read_proof(struct hf_conn *conn, const PGresult *result);

#endif
