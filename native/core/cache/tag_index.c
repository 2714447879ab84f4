/* SPDX-License-Identifier: MIT */
#include "core/cache/tag_index.h"

#include <assert.h>
#include <string.h>

#include "core/base/alloc.h"

struct hf_tag {
  struct hf_table_node node;
  struct hf_list links; /* of the things that carry it */
  char name[];          /* NUL-terminated */
};

static struct hf_tag *tag_of(struct hf_table_node *node) {
  return HF_CONTAINER_OF(node, struct hf_tag, node);
}

static struct hf_tag *find(const struct hf_tag_index *index,
                           uint64_t hash,
                           const char *name) {
  struct hf_table_node *node = hf_table_first(&index->table, hash);
  while (node != NULL && strcmp(tag_of(node)->name, name) != 0) {
    node = hf_table_next(node);
  }
  return node == NULL ? NULL : tag_of(node);
}

static struct hf_tag *make(struct hf_tag_index *index,
                           uint64_t hash,
                           const char *name) {
  size_t bytes = strlen(name) + 1;
  struct hf_tag *tag = hf_alloc(sizeof *tag + bytes);
  if (tag == NULL) {
    return NULL;
  }
  tag->node.hash = hash;
  hf_list_init(&tag->links);
  memcpy(tag->name, name, bytes);
  if (hf_table_add(&index->table, &tag->node) != HF_OK) {
    hf_free(tag);
    return NULL;
  }
  return tag;
}

void hf_tag_index_init(struct hf_tag_index *index,
                       const struct hf_hash_key *key) {
  hf_table_init(&index->table, key);
}

void hf_tag_index_finish(struct hf_tag_index *index) {
  assert(index->table.count == 0);
  hf_table_finish(&index->table);
}

enum hf_status hf_tag_index_add(struct hf_tag_index *index,
                                struct hf_tag_link *tag_link,
                                const char *name,
                                void *thing) {
  uint64_t hash = hf_table_hash(&index->table, name, strlen(name));
  struct hf_tag *tag = find(index, hash, name);
  if (tag == NULL) {
    tag = make(index, hash, name);
  }
  if (tag == NULL) {
    return HF_NO_MEMORY;
  }
  tag_link->tag = tag;
  tag_link->thing = thing;
  hf_list_push(&tag->links, &tag_link->link);
  return HF_OK;
}

void hf_tag_index_remove(struct hf_tag_index *index,
                         struct hf_tag_link *tag_link) {
  struct hf_tag *tag = tag_link->tag;
  if (tag == NULL) {
    return;
  }
  tag_link->tag = NULL;
  hf_list_remove(&tag->links, &tag_link->link);
  if (hf_list_empty(&tag->links)) {
    hf_table_remove(&index->table, &tag->node);
    hf_free(tag);
  }
}

void *hf_tag_index_any(const struct hf_tag_index *index, const char *name) {
  uint64_t hash = hf_table_hash(&index->table, name, strlen(name));
  const struct hf_tag *tag = find(index, hash, name);
  struct hf_link *link = tag == NULL ? NULL : hf_list_first(&tag->links);
  return link == NULL ? NULL
                      : HF_CONTAINER_OF(link, struct hf_tag_link, link)->thing;
}
