/* SPDX-License-Identifier: MIT */
/*
 * Intrusive doubly linked lists that know their length.
 *
 * Ownership: a list owns nothing; links live inside the caller's objects.
 * Threads: none; one thread at a time per list.
 */
#ifndef HF_CORE_BASE_LIST_H
#define HF_CORE_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* The object of `type` whose `member` is at `ptr`. */
#define HF_CONTAINER_OF(ptr, type, member)                                     \
  ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Zeroed memory is a valid link that is on no list. */
struct hf_link {
  struct hf_link *prev;
  struct hf_link *next;
};

struct hf_list {
  struct hf_link head; /* circular: head.next is the first */
  size_t count;
};

/*
 * Iterates over a list with the caller's variable `link`. The body must not
 * remove `link`; use HF_LIST_EACH_SAFE for that.
 */
#define HF_LIST_EACH(link, list)                                               \
  for ((link) = hf_list_first(list); (link) != NULL;                           \
       (link) = hf_list_next((list), (link)))

/* The same, but the body may remove `link` and nothing else. */
#define HF_LIST_EACH_SAFE(link, after, list)                                   \
  for ((link) = hf_list_first(list),                                           \
      (after) = (link) == NULL ? NULL : hf_list_next((list), (link));          \
       (link) != NULL;                                                         \
       (link) = (after),                                                       \
      (after) = (link) == NULL ? NULL : hf_list_next((list), (link)))

/* Initializes an empty list, which must not be moved or copied afterwards. */
void hf_list_init(struct hf_list *list);

/* Appends a link that is on no list. */
void hf_list_push(struct hf_list *list, struct hf_link *link);

/* Prepends a link that is on no list. */
void hf_list_push_front(struct hf_list *list, struct hf_link *link);

/* Removes `link`, which is on `list`. O(1). */
void hf_list_remove(struct hf_list *list, struct hf_link *link);

/* Puts `by`, which is on no list, in the place of `link`, which is removed. */
void hf_list_replace(struct hf_link *link, struct hf_link *by);

/* Removes and returns the first link, or NULL. */
struct hf_link *hf_list_pop(struct hf_list *list);

/* Returns the first link, or NULL. */
struct hf_link *hf_list_first(const struct hf_list *list);

/* Returns the link after `link`, or NULL. */
struct hf_link *hf_list_next(const struct hf_list *list,
                             const struct hf_link *link);

/* Returns true when the list is empty. */
bool hf_list_empty(const struct hf_list *list);

/* Returns true when the link is on a list. */
bool hf_link_queued(const struct hf_link *link);

#endif
