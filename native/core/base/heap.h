/* SPDX-License-Identifier: MIT */
/*
 * An intrusive priority queue, implemented as a pairing heap. The smallest key
 * leaves first, equal keys in the order of insertion. Nothing is allocated and
 * nothing recurses. Push is O(1), pop and remove are O(log n) amortized.
 *
 * Ownership: a heap owns nothing; nodes live inside the caller's objects.
 * Threads: none; one thread at a time per heap.
 */
#ifndef HF_CORE_BASE_HEAP_H
#define HF_CORE_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed memory is a valid node that is in no heap. */
struct hf_heap_node {
  struct hf_heap_node *child; /* first of its children */
  struct hf_heap_node *next;  /* sibling */
  struct hf_heap_node *prev;  /* sibling before, or parent of the first */
  uint64_t key;
  uint64_t order; /* of insertion, for equal keys */
  bool queued;
};

struct hf_heap {
  struct hf_heap_node *root;
  uint64_t next_order;
  size_t count;
};

/* Initializes an empty heap. */
void hf_heap_init(struct hf_heap *heap);

/* Adds a node that is in no heap. */
void hf_heap_push(struct hf_heap *heap,
                  struct hf_heap_node *node,
                  uint64_t key);

/* Removes a node. Does nothing when it is in no heap. */
void hf_heap_remove(struct hf_heap *heap, struct hf_heap_node *node);

/* Returns the node with the smallest key without removing it, or NULL. */
struct hf_heap_node *hf_heap_peek(const struct hf_heap *heap);

/* Removes and returns the node with the smallest key, or NULL. */
struct hf_heap_node *hf_heap_pop(struct hf_heap *heap);

#endif
