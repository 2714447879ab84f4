/* SPDX-License-Identifier: MIT */
/*
 * The functions of C's library that the judge calls: there is no library where
 * this runs. What else the core names never comes into the module; if it did,
 * the linker would say so. Plain loops: texts are short.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *memset(void *to, int value, size_t bytes) {
  unsigned char *at = to;

  while (bytes-- > 0) {
    *at++ = (unsigned char)value;
  }
  return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  unsigned char *at = to;
  const unsigned char *source = from;

  while (bytes-- > 0) {
    *at++ = *source++;
  }
  return to;
}

void *memmove(void *to, const void *from, size_t bytes) {
  unsigned char *at = to;
  const unsigned char *source = from;

  if ((uintptr_t)to > (uintptr_t)from) {
    while (bytes-- > 0) {
      at[bytes] = source[bytes];
    }
    return to;
  }
  while (bytes-- > 0) {
    *at++ = *source++;
  }
  return to;
}

int memcmp(const void *a, const void *b, size_t bytes) {
  const unsigned char *x = a;
  const unsigned char *y = b;

  for (; bytes > 0; bytes--, x++, y++) {
    if (*x != *y) {
      return *x - *y;
    }
  }
  return 0;
}

void *memchr(const void *in, int value, size_t bytes) {
  const unsigned char *at = in;

  for (; bytes > 0; bytes--, at++) {
    if (*at == (unsigned char)value) {
      return (void *)(uintptr_t)at;
    }
  }
  return NULL;
}

size_t strlen(const char *text) {
  const char *at = text;

  while (*at != '\0') {
    at++;
  }
  return (size_t)(at - text);
}

int strcmp(const char *a, const char *b) {
  while (*a != '\0' && *a == *b) {
    a++;
    b++;
  }
  return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t bytes) {
  for (; bytes > 0; bytes--, a++, b++) {
    if (*a != *b) {
      return (unsigned char)*a - (unsigned char)*b;
    }
    if (*a == '\0') {
      break;
    }
  }
  return 0;
}

char *strchr(const char *text, int value) {
  for (;; text++) {
    if (*text == (char)value) {
      return (char *)(uintptr_t)text;
    }
    if (*text == '\0') {
      return NULL;
    }
  }
}

char *strrchr(const char *text, int value) {
  char *found = NULL;

  for (;; text++) {
    if (*text == (char)value) {
      found = (char *)(uintptr_t)text;
    }
    if (*text == '\0') {
      return found;
    }
  }
}

size_t strspn(const char *text, const char *accepted) {
  size_t n = 0;

  while (text[n] != '\0' && strchr(accepted, text[n]) != NULL) {
    n++;
  }
  return n;
}

void *bsearch(const void *key,
              const void *items,
              size_t n,
              size_t size,
              int (*compare)(const void *a, const void *b)) {
  const char *from = items;

  while (n > 0) {
    const char *middle = from + n / 2 * size;
    int order = compare(key, middle);
    if (order == 0) {
      return (void *)(uintptr_t)middle;
    }
    if (order > 0) {
      from = middle + size;
      n--;
    }
    n /= 2;
  }
  return NULL;
}

char *strstr(const char *text, const char *wanted) {
  size_t bytes = strlen(wanted);

  if (bytes == 0) {
    return (char *)(uintptr_t)text;
  }
  for (;; text++) {
    if (*text == *wanted && strncmp(text, wanted, bytes) == 0) {
      return (char *)(uintptr_t)text;
    }
    if (*text == '\0') {
      return NULL;
    }
  }
}
