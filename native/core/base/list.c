/* SPDX-License-Identifier: MIT */
#include "core/base/list.h"

#include <assert.h>

static void insert(struct hf_list *list,
                   struct hf_link *link,
                   struct hf_link *before) {
  assert(!hf_link_queued(link));
  link->next = before;
  link->prev = before->prev;
  before->prev->next = link;
  before->prev = link;
  list->count++;
}

void hf_list_init(struct hf_list *list) {
  list->head.prev = &list->head;
  list->head.next = &list->head;
  list->count = 0;
}

void hf_list_push(struct hf_list *list, struct hf_link *link) {
  insert(list, link, &list->head);
}

void hf_list_push_front(struct hf_list *list, struct hf_link *link) {
  insert(list, link, list->head.next);
}

void hf_list_remove(struct hf_list *list, struct hf_link *link) {
  assert(hf_link_queued(link));
  assert(list->count > 0);
  link->prev->next = link->next;
  link->next->prev = link->prev;
  link->prev = NULL;
  link->next = NULL;
  list->count--;
}

void hf_list_replace(struct hf_link *link, struct hf_link *by) {
  assert(hf_link_queued(link));
  assert(!hf_link_queued(by));
  *by = *link;
  by->prev->next = by;
  by->next->prev = by;
  link->prev = NULL;
  link->next = NULL;
}

struct hf_link *hf_list_pop(struct hf_list *list) {
  struct hf_link *link = hf_list_first(list);

  if (link != NULL) {
    hf_list_remove(list, link);
  }
  return link;
}

struct hf_link *hf_list_first(const struct hf_list *list) {
  return list->head.next == &list->head ? NULL : list->head.next;
}

struct hf_link *hf_list_next(const struct hf_list *list,
                             const struct hf_link *link) {
  return link->next == &list->head ? NULL : link->next;
}

bool hf_list_empty(const struct hf_list *list) {
  return list->count == 0;
}

bool hf_link_queued(const struct hf_link *link) {
  return link->next != NULL;
}
