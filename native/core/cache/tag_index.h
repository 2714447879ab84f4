/* SPDX-License-Identifier: MIT */
/*
 * An index of things by their tags. A tag exists while something carries it.
 *
 * Ownership: tags own their names; the links between a thing and its tags live
 * inside the thing.
 * Threads: none; one thread at a time.
 */
#ifndef HF_CORE_CACHE_TAG_INDEX_H
#define HF_CORE_CACHE_TAG_INDEX_H

#include <stdint.h>

#include "core/base/hash_table.h"
#include "core/base/list.h"
#include "core/base/siphash.h"
#include "holdfast.h"

struct hf_tag;

/* The link between a thing and one of its tags. */
struct hf_tag_link {
  struct hf_link link; /* on the tag's list */
  struct hf_tag *tag;  /* NULL = not in the index */
  void *thing;
};

struct hf_tag_index {
  struct hf_table table;
};

/* Initializes an empty index. Its hash table uses `key`. */
void hf_tag_index_init(struct hf_tag_index *index,
                       const struct hf_hash_key *key);

/* Frees the index, which must be empty. */
void hf_tag_index_finish(struct hf_tag_index *index);

/* Adds a tag to a thing. Copies `name`. Returns HF_OK or HF_NO_MEMORY. */
HF_NODISCARD enum hf_status hf_tag_index_add(struct hf_tag_index *index,
                                             struct hf_tag_link *tag_link,
                                             const char *name,
                                             void *thing);

/*
 * Removes a tag from a thing. Does nothing to a link that is not in the index.
 */
void hf_tag_index_remove(struct hf_tag_index *index,
                         struct hf_tag_link *tag_link);

/* Returns any thing with that tag, or NULL. */
void *hf_tag_index_any(const struct hf_tag_index *index, const char *name);

#endif
