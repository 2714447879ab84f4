/* SPDX-License-Identifier: MIT */
#include "net/engine/question.h"

#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "net/engine/netpool.h"
#include "net/engine/port.h"
#include "net/wire/message.h"

static struct hf_question *of_node(struct hf_table_node *node) {
  return HF_CONTAINER_OF(node, struct hf_question, node);
}

static struct hf_handle *choose_handle(const struct hf_netpool *pool) {
  struct hf_handle *found = NULL;
  struct hf_link *link;
  HF_LIST_EACH(link, &pool->handles) {
    struct hf_handle *handle = HF_CONTAINER_OF(link, struct hf_handle, of_pool);
    if (found == NULL || (found->ending && !handle->ending)) {
      found = handle;
    }
  }
  return found;
}

enum hf_status hf_question_ask(struct hf_question *question,
                               const struct hf_netpool *pool,
                               const char *what) {
  struct hf_handle *handle = choose_handle(pool);
  struct hf_message_head head = {.kind = HF_MSG_ASK,
                                 .n_ints = HF_ASK_INTS,
                                 .text = what,
                                 .text_bytes = strlen(what)};
  struct hf_message *message;
  if (handle == NULL) {
    return HF_POOL_CLOSED;
  }
  question->node.hash = ++handle->port->last_question;
  head.id_low = (int32_t)question->node.hash;
  message = hf_message_new(&head);
  if (message == NULL ||
      hf_table_add(&handle->port->questions, &question->node) != HF_OK) {
    hf_message_free(message);
    return HF_NO_MEMORY;
  }
  message->ints[HF_ASK_POOL] = handle->number;
  question->handle = handle;
  hf_outbox_send(&handle->port->outbox, message);
  return HF_OK;
}

enum hf_status hf_question_ask_identity(struct hf_question *question,
                                        const struct hf_netpool *pool,
                                        const char *host,
                                        const char *pem) {
  static const char form[] = "identity %s\n%s";
  size_t bytes;
  char *what;
  enum hf_status status;
  host = host == NULL ? "" : host;
  bytes = sizeof form + strlen(host) + strlen(pem);
  what = hf_alloc(bytes);
  if (what == NULL) {
    return HF_NO_MEMORY;
  }
  (void)snprintf(what, bytes, form, host, pem);
  status = hf_question_ask(question, pool, what);
  hf_free(what);
  return status;
}

void hf_question_withdraw(struct hf_question *question) {
  if (question->handle != NULL) {
    hf_table_remove(&question->handle->port->questions, &question->node);
    question->handle = NULL;
  }
}

struct hf_question *hf_question_find(const struct hf_port *port,
                                     uint32_t number) {
  struct hf_table_node *node = hf_table_first(&port->questions, number);
  return node == NULL ? NULL : of_node(node);
}

struct hf_question *hf_question_find_asked(const struct hf_port *port,
                                           const struct hf_handle *handle) {
  struct hf_table_node *node;
  HF_TABLE_EACH(node, &port->questions) {
    if (of_node(node)->handle == handle) {
      return of_node(node);
    }
  }
  return NULL;
}
