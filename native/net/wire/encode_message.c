/* SPDX-License-Identifier: MIT */
/*
 * The message that an encoder makes, with the command tag. The bytes of a large
 * result are handed over, not copied.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/sql/command.h"
#include "net/wire/encode.h"
#include "net/wire/encode_internal.h"
#include "net/wire/message.h"

enum {
  /* From this size on bytes are handed over. */
  HANDED_OVER_BYTES = 64 * 1024,
  /* Larger buffers are not kept for the next result. */
  KEPT_BYTES = 256 * 1024
};

static const struct {
  const char *word;
  enum hf_command command;
} commands[] = {
    {"SELECT", HF_COMMAND_SELECT},
    {"INSERT", HF_COMMAND_INSERT},
    {"UPDATE", HF_COMMAND_UPDATE},
    {"DELETE", HF_COMMAND_DELETE},
    {"BEGIN", HF_COMMAND_BEGIN},
    {"COMMIT", HF_COMMAND_COMMIT},
    {"ROLLBACK", HF_COMMAND_ROLLBACK},
    {"SET", HF_COMMAND_SET},
};

/* A command tag, parsed as `pg` does it. */
struct tag {
  const char *word;
  size_t word_bytes;
  enum hf_command command;
  int32_t effects;  /* HF_COMMAND_* */
  int64_t affected; /* -1 = none */
  uint32_t oid;
};

static const char *read_count(const char *at, uint64_t *value) {
  *value = 0;
  while (*at >= '0' && *at <= '9') {
    *value = *value * 10 + (uint64_t)(*at++ - '0');
  }
  return at;
}

static bool digit_follows(const char *at) {
  return at[0] == ' ' && at[1] >= '0' && at[1] <= '9';
}

static struct tag read_tag(const PGresult *last, const char *earlier) {
  /* PQcmdStatus takes a pointer to non-const but only reads. */
  const char *text = last == NULL ? NULL : PQcmdStatus((PGresult *)last);
  const char *at = text == NULL || text[0] == '\0' ? earlier : text;
  struct tag tag = {at, 0, HF_COMMAND_OTHER, 0, -1, 0};
  uint64_t value;
  size_t i;

  if (last == NULL) {
    tag.command = HF_COMMAND_EMPTY; /* there is none yet */
    return tag;
  }

  if (PQresultStatus(last) == PGRES_EMPTY_QUERY) {
    tag.command = HF_COMMAND_EMPTY;
    tag.effects = hf_command_effects("", 0);
    return tag;
  }
  tag.word_bytes =
      strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
  tag.effects = hf_command_effects(at, tag.word_bytes);
  for (i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (strlen(commands[i].word) == tag.word_bytes &&
        memcmp(commands[i].word, at, tag.word_bytes) == 0) {
      tag.command = commands[i].command;
      break;
    }
  }
  at += tag.word_bytes;
  if (digit_follows(at)) {
    at = read_count(at + 1, &value);
    if (digit_follows(at)) { /* INSERT oid rows */
      tag.oid = (uint32_t)value;
      (void)read_count(at + 1, &value);
    }
    tag.affected = (int64_t)value;
  }
  return tag;
}

/* Puts the command word at the end of the bytes. */
static bool append_word(struct hf_encoder *encoder, const struct tag *tag) {
  void *buffer = encoder->bytes;
  size_t needed = encoder->n_bytes + tag->word_bytes + 1; /* never none */
  bool enough = hf_encoder_reserve(&buffer, &encoder->bytes_size, needed, 1);
  encoder->bytes = buffer;
  if (enough) {
    memcpy(encoder->bytes + encoder->n_bytes, tag->word, tag->word_bytes);
    encoder->n_bytes += tag->word_bytes;
  }
  return enough;
}

/* Gives the bytes to a new block, or copies them when they are few. */
static struct hf_message *make_block(struct hf_encoder *encoder,
                                     uint32_t n_chunks) {
  uint32_t n_ints = (uint32_t)encoder->n_ints + HF_RESULT_INTS;
  struct hf_message *message;

  if (encoder->n_bytes < HANDED_OVER_BYTES) {
    message = hf_message_alloc(n_ints,
                               (uint32_t)encoder->n_nums,
                               n_chunks,
                               encoder->n_bytes);
    if (message != NULL && encoder->n_bytes != 0) {
      memcpy(message->bytes, encoder->bytes, encoder->n_bytes);
    }
    return message;
  }
  if (encoder->bytes_size - encoder->n_bytes > encoder->n_bytes / 4) {
    char *smaller = hf_realloc(encoder->bytes, encoder->n_bytes);
    if (smaller != NULL) {
      encoder->bytes = smaller;
      encoder->bytes_size = encoder->n_bytes;
    }
  }
  message = hf_message_alloc_around(n_ints,
                                    (uint32_t)encoder->n_nums,
                                    n_chunks,
                                    encoder->bytes,
                                    encoder->n_bytes);
  if (message != NULL) {
    encoder->bytes = NULL;
    encoder->bytes_size = 0;
  }
  return message;
}

static void drop_large_buffers(struct hf_encoder *encoder) {
  if (encoder->ints_size * sizeof *encoder->ints > KEPT_BYTES) {
    hf_free(encoder->ints);
    encoder->ints = NULL;
    encoder->ints_size = 0;
  }
  if (encoder->nums_size * sizeof *encoder->nums > KEPT_BYTES) {
    hf_free(encoder->nums);
    encoder->nums = NULL;
    encoder->nums_size = 0;
  }
  if (encoder->chunks_size * sizeof *encoder->chunks > KEPT_BYTES) {
    hf_free(encoder->chunks);
    encoder->chunks = NULL;
    encoder->chunks_size = 0;
  }
}

static void fill_header(int32_t *ints,
                        const struct hf_encoder *encoder,
                        const struct hf_encoder_frame *frame,
                        const struct tag *tag) {
  uint64_t affected = (uint64_t)tag->affected;
  ints[HF_INT_KIND] = HF_MSG_RESULT;
  ints[HF_INT_LENGTH] = (int32_t)encoder->n_ints + HF_RESULT_INTS;
  ints[HF_INT_ID_LOW] = frame->id_low;
  ints[HF_INT_ID_HIGH] = frame->id_high;
  ints[HF_INT_NUMS] = (int32_t)encoder->n_nums;
  ints[HF_RESULT_FLAGS] = tag->effects;
  ints[HF_RESULT_ROW_DESCRIPTION] = frame->row_description;
  ints[HF_RESULT_ROWS] = encoder->rows;
  ints[HF_RESULT_AFFECTED_LOW] = (int32_t)(uint32_t)affected;
  ints[HF_RESULT_AFFECTED_HIGH] = (int32_t)(uint32_t)(affected >> 32);
  ints[HF_RESULT_OID] = (int32_t)tag->oid;
  ints[HF_RESULT_COMMAND] = (int32_t)tag->command;
}

enum hf_status hf_encoder_end(struct hf_encoder *encoder,
                              const PGresult *last,
                              const struct hf_encoder_frame *frame,
                              struct hf_message **message) {
  struct tag tag = read_tag(last, encoder->tag);
  uint32_t word = tag.command == HF_COMMAND_OTHER ? 1 : 0;
  uint32_t word_offset = (uint32_t)encoder->n_bytes;
  struct hf_message *made;

  *message = NULL;
  if (word != 0 && !append_word(encoder, &tag)) {
    return HF_NO_MEMORY;
  }
  made = make_block(encoder, (uint32_t)encoder->n_chunks + word);
  if (made == NULL) {
    return HF_NO_MEMORY;
  }
  fill_header(made->ints, encoder, frame, &tag);
  made->ints[HF_INT_CHUNKS] = (int32_t)made->n_chunks;
  if (encoder->n_ints != 0) {
    memcpy(made->ints + HF_RESULT_INTS,
           encoder->ints,
           encoder->n_ints * sizeof *encoder->ints);
  }
  if (encoder->n_nums != 0) {
    memcpy(made->nums, encoder->nums, encoder->n_nums * sizeof *encoder->nums);
  }
  if (word != 0) {
    made->chunks[0].offset = word_offset;
    made->chunks[0].length = (uint32_t)tag.word_bytes;
    made->chunks[0].wide = false;
    made->chunks[0].raw = false;
  }
  if (encoder->n_chunks != 0) {
    memcpy(made->chunks + word,
           encoder->chunks,
           encoder->n_chunks * sizeof *encoder->chunks);
  }
  drop_large_buffers(encoder);
  *message = made;
  return HF_OK;
}

void hf_encoder_finish(struct hf_encoder *encoder) {
  hf_free(encoder->kinds);
  hf_free(encoder->ints);
  hf_free(encoder->nums);
  hf_free(encoder->chunks);
  hf_free(encoder->bytes);
  *encoder = (struct hf_encoder){.columns = -1};
}
