/* SPDX-License-Identifier: MIT */
/*
 * Labels on things: which things carry a name, found without looking at the
 * others. A label exists while something carries it.
 *
 * Ownership: labels own their names; the tags that tie a thing to its labels
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

struct hf_label;

/* One thing's one label. */
struct hf_tag {
  struct hf_link link;    /* on the label's list */
  struct hf_label *label; /* NULL = not tied */
  void *thing;
};

struct hf_tag_index {
  struct hf_table table;
};

/* Makes an empty set of labels. */
void hf_tag_index_init(struct hf_tag_index *labels,
                       const struct hf_hash_key *key);

/* Frees it; nothing may be tied any more. */
void hf_tag_index_finish(struct hf_tag_index *labels);

/* Ties a thing to a name, which is copied. HF_OK or HF_NO_MEMORY. */
HF_NODISCARD enum hf_status hf_tag_index_tie(struct hf_tag_index *labels,
                                             struct hf_tag *tag,
                                             const char *name,
                                             void *thing);

/* Unties; does nothing to a tag that is not tied. */
void hf_tag_index_untie(struct hf_tag_index *labels, struct hf_tag *tag);

/* Returns some thing that carries the name, or NULL. */
void *hf_tag_index_any(const struct hf_tag_index *labels, const char *name);

#endif
