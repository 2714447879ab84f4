/* SPDX-License-Identifier: MIT */
/*
 * Windows ends all other threads before a library's exit handlers run, and the
 * OpenSSL that is linked in has none. So there is nothing to wait for. But a
 * library is unmapped when the worker that loaded it ends, with the engine's
 * threads still in it: it is told to stay.
 */
#ifdef _WIN32

#include <windows.h>

#include "net/base/process_exit.h"

void hf_process_exit_prepare(void (*stop)(int32_t timeout_ms)) {
  static const char here;
  HMODULE module;
  (void)stop;
  (void)GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                               GET_MODULE_HANDLE_EX_FLAG_PIN,
                           (const wchar_t *)(const void *)&here,
                           &module);
}

void hf_process_exit_prepare_after_tls(void) {
}

void hf_process_exit_enter(void) {
}

void hf_process_exit_leave(void) {
}

void hf_process_exit_checkpoint(void) {
}

#endif
