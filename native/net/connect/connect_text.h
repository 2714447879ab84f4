/* SPDX-License-Identifier: MIT */
/*
 * The fields of an error in the text that libpq makes of one failed attempt.
 *
 * Ownership: borrows. Threads: any.
 */
#ifndef HF_NET_CONNECT_CONNECT_TEXT_H
#define HF_NET_CONNECT_CONNECT_TEXT_H

struct hf_error;

/* Adds the address and the port that the text names, if it does. */
void hf_connect_text_read_place(struct hf_error *error, const char *text);

/* Returns where the SQLSTATE of a server's error is in the text, or NULL. */
const char *hf_connect_text_find_sqlstate(const char *text);

/* Fills `error` from a server's error, whose SQLSTATE is at `state`. */
void hf_connect_text_read_server(struct hf_error *error, const char *state);

#endif
