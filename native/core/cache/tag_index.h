/* SPDX-License-Identifier: MIT */
/*
 * Tags on things: which things carry a name, found without looking at the
 * others. A tag exists while something carries it.
 *
 * Ownership: tags own their names; the tags that tie a thing to its tags
 * live inside the thing.
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

/* One thing's one tag. */
struct hf_tag_link {
  struct hf_link link; /* on the tag's list */
  struct hf_tag *tag;  /* NULL = not tied */
  void *thing;
};

struct hf_tag_index {
  struct hf_table table;
};

/* Makes an empty set of tags. */
void hf_tag_index_init(struct hf_tag_index *index,
                       const struct hf_hash_key *key);

/* Frees it; nothing may be tied any more. */
void hf_tag_index_finish(struct hf_tag_index *index);

/* Ties a thing to a name, which is copied. HF_OK or HF_NO_MEMORY. */
HF_NODISCARD enum hf_status hf_tag_index_add(struct hf_tag_index *index,
                                             struct hf_tag_link *tag_link,
                                             const char *name,
                                             void *thing);

/* Unties; does nothing to a tag that is not tied. */
void hf_tag_index_remove(struct hf_tag_index *index,
                         struct hf_tag_link *tag_link);

/* Returns some thing that carries the name, or NULL. */
void *hf_tag_index_any(const struct hf_tag_index *index, const char *name);

#endif
