/* SPDX-License-Identifier: MIT */
/* Labels on things. */
#include "core/cache/tag_index.h"

#include <assert.h>
#include <string.h>

#include "core/base/alloc.h"

struct hf_label {
  struct hf_table_node node;
  struct hf_list tags;
  char name[]; /* NUL-terminated */
};

static struct hf_label *label_of(struct hf_table_node *node) {
  return HF_CONTAINER_OF(node, struct hf_label, node);
}

static struct hf_label *find(const struct hf_tag_index *labels,
                             uint64_t hash,
                             const char *name) {
  struct hf_table_node *node = hf_table_first(&labels->table, hash);
  while (node != NULL && strcmp(label_of(node)->name, name) != 0) {
    node = hf_table_next(node);
  }
  return node == NULL ? NULL : label_of(node);
}

static struct hf_label *make(struct hf_tag_index *labels,
                             uint64_t hash,
                             const char *name) {
  size_t bytes = strlen(name) + 1;
  struct hf_label *label = hf_alloc(sizeof *label + bytes);
  if (label == NULL) {
    return NULL;
  }
  label->node.hash = hash;
  hf_list_init(&label->tags);
  memcpy(label->name, name, bytes);
  if (hf_table_add(&labels->table, &label->node) != HF_OK) {
    hf_free(label);
    return NULL;
  }
  return label;
}

void hf_tag_index_init(struct hf_tag_index *labels,
                       const struct hf_hash_key *key) {
  hf_table_init(&labels->table, key);
}

void hf_tag_index_finish(struct hf_tag_index *labels) {
  assert(labels->table.count == 0);
  hf_table_finish(&labels->table);
}

enum hf_status hf_tag_index_tie(struct hf_tag_index *labels,
                                struct hf_tag *tag,
                                const char *name,
                                void *thing) {
  uint64_t hash = hf_table_hash(&labels->table, name, strlen(name));
  struct hf_label *label = find(labels, hash, name);
  if (label == NULL) {
    label = make(labels, hash, name);
  }
  if (label == NULL) {
    return HF_NO_MEMORY;
  }
  tag->label = label;
  tag->thing = thing;
  hf_list_push(&label->tags, &tag->link);
  return HF_OK;
}

void hf_tag_index_untie(struct hf_tag_index *labels, struct hf_tag *tag) {
  struct hf_label *label = tag->label;
  if (label == NULL) {
    return;
  }
  tag->label = NULL;
  hf_list_remove(&label->tags, &tag->link);
  if (hf_list_empty(&label->tags)) {
    hf_table_remove(&labels->table, &label->node);
    hf_free(label);
  }
}

void *hf_tag_index_any(const struct hf_tag_index *labels, const char *name) {
  uint64_t hash = hf_table_hash(&labels->table, name, strlen(name));
  const struct hf_label *label = find(labels, hash, name);
  struct hf_link *link = label == NULL ? NULL : hf_list_first(&label->tags);
  return link == NULL ? NULL
                      : HF_CONTAINER_OF(link, struct hf_tag, link)->thing;
}
