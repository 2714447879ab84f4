/* SPDX-License-Identifier: MIT */
/*
 * Where an addon's imports from "node.exe" are found. The linker has each of
 * them call this function the first time, with its place in a table of
 * pointers; from then on the pointer is used. So the program may be called
 * otherwise, as Electron's is, and no file of that name is looked for.
 *
 * Threads: any. Two that are first at the same time write the same pointer.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

/* After windows.h, whose types it uses. */
#include <delayimp.h>

extern const IMAGE_DOS_HEADER __ImageBase; /* the linker's: this library */

/* The program itself, or the library that its Node is in. */
static FARPROC find(const char *name) {
  static const wchar_t *const hosts[] = {NULL, L"libnode.dll", L"node.dll"};
  size_t i;
  for (i = 0; i < sizeof hosts / sizeof *hosts; i++) {
    HMODULE host = GetModuleHandleW(hosts[i]);
    FARPROC found = host == NULL ? NULL : GetProcAddress(host, name);
    if (found != NULL) {
      return found;
    }
  }
  return NULL;
}

FARPROC WINAPI __delayLoadHelper2(PCImgDelayDescr library, FARPROC *entry) {
  const char *base = (const char *)&__ImageBase;
  const FARPROC *entries =
      (const FARPROC *)(const void *)(base + library->rvaIAT);
  const IMAGE_THUNK_DATA *names =
      (const IMAGE_THUNK_DATA *)(const void *)(base + library->rvaINT);
  const IMAGE_IMPORT_BY_NAME *named =
      (const IMAGE_IMPORT_BY_NAME
           *)(const void *)(base + names[entry - entries].u1.AddressOfData);
  FARPROC found = find((const char *)named->Name);
  if (found == NULL) {
    (void)fprintf(stderr,
                  "pg-holdfast: this program has no %s: it is no Node.js\n",
                  (const char *)named->Name);
    abort();
  }
  *entry = found;
  return found;
}
