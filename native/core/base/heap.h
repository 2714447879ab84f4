/* SPDX-License-Identifier: MIT */
/*
 * A priority queue of moments: an intrusive pairing heap. The smallest key
 * leaves first, equal keys in the order they came. Nothing is allocated and
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

/* Zeroed memory is a valid node that is on no heap. */
struct hf_heap_node {
  struct hf_heap_node *child; /* first of its children */
  struct hf_heap_node *next;  /* sibling */
  struct hf_heap_node *prev;  /* sibling before, or parent of the first */
  uint64_t key;
  uint64_t order; /* of insertion: decides between equal keys */
  bool queued;
};

struct hf_heap {
  struct hf_heap_node *root;
  uint64_t next_order;
  size_t count;
};

/* Makes an empty heap. */
void hf_heap_init(struct hf_heap *heap);

/* Adds a node that is on no heap. */
void hf_heap_push(struct hf_heap *heap,
                  struct hf_heap_node *node,
                  uint64_t key);

/* Takes `node` off the heap. Does nothing when it is not queued. */
void hf_heap_remove(struct hf_heap *heap, struct hf_heap_node *node);

/* Returns the node with the smallest key, or NULL. It stays. */
struct hf_heap_node *hf_heap_peek(const struct hf_heap *heap);

/* Takes the node with the smallest key off the heap, or returns NULL. */
struct hf_heap_node *hf_heap_pop(struct hf_heap *heap);

#endif
