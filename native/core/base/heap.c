/* SPDX-License-Identifier: MIT */
#include "core/base/heap.h"

#include <assert.h>

static bool before(const struct hf_heap_node *a, const struct hf_heap_node *b) {
  return a->key < b->key || (a->key == b->key && a->order < b->order);
}

/*
 * Joins two trees, either of which may be NULL. Their roots have no siblings.
 */
static struct hf_heap_node *meld(struct hf_heap_node *a,
                                 struct hf_heap_node *b) {
  struct hf_heap_node *winner, *loser;

  if (a == NULL) {
    return b;
  }
  if (b == NULL) {
    return a;
  }
  winner = before(b, a) ? b : a;
  loser = winner == a ? b : a;
  loser->prev = winner;
  loser->next = winner->child;
  if (loser->next != NULL) {
    loser->next->prev = loser;
  }
  winner->child = loser;
  return winner;
}

/*
 * Joins siblings into one tree: pairwise from left to right, then the pairs
 * from right to left. The pairs wait on a stack linked through `next`.
 */
static struct hf_heap_node *meld_row(struct hf_heap_node *row) {
  struct hf_heap_node *stack = NULL;
  struct hf_heap_node *root = NULL;

  while (row != NULL) {
    struct hf_heap_node *a = row;
    struct hf_heap_node *b = a->next;

    row = b == NULL ? NULL : b->next;
    a->next = NULL;
    a->prev = NULL;
    if (b != NULL) {
      b->next = NULL;
      b->prev = NULL;
    }
    a = meld(a, b);
    a->next = stack;
    stack = a;
  }
  while (stack != NULL) {
    struct hf_heap_node *tree = stack;

    stack = tree->next;
    tree->next = NULL;
    root = meld(root, tree);
  }
  return root;
}

/* Unlinks a node that is not the root from its siblings. */
static void cut(struct hf_heap_node *node) {
  if (node->prev->child == node) {
    node->prev->child = node->next;
  } else {
    node->prev->next = node->next;
  }
  if (node->next != NULL) {
    node->next->prev = node->prev;
  }
}

void hf_heap_init(struct hf_heap *heap) {
  heap->root = NULL;
  heap->next_order = 0;
  heap->count = 0;
}

void hf_heap_push(struct hf_heap *heap,
                  struct hf_heap_node *node,
                  uint64_t key) {
  assert(!node->queued);
  node->child = NULL;
  node->next = NULL;
  node->prev = NULL;
  node->key = key;
  node->order = heap->next_order++;
  node->queued = true;
  heap->root = meld(heap->root, node);
  heap->count++;
}

void hf_heap_remove(struct hf_heap *heap, struct hf_heap_node *node) {
  struct hf_heap_node *orphans;

  if (!node->queued) {
    return;
  }
  orphans = meld_row(node->child);
  if (heap->root == node) {
    heap->root = orphans;
  } else {
    cut(node);
    heap->root = meld(heap->root, orphans);
  }
  node->child = NULL;
  node->next = NULL;
  node->prev = NULL;
  node->queued = false;
  heap->count--;
}

struct hf_heap_node *hf_heap_peek(const struct hf_heap *heap) {
  return heap->root;
}

struct hf_heap_node *hf_heap_pop(struct hf_heap *heap) {
  struct hf_heap_node *node = heap->root;

  if (node != NULL) {
    hf_heap_remove(heap, node);
  }
  return node;
}
