/* SPDX-License-Identifier: MIT */
/*
 * Threads are those of winpthreads, which is linked in; an errno is one of the
 * C library's, which has them since Windows has sockets.
 */
#ifdef _WIN32

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "net/base/system.h"

enum { NAME_CHARACTERS = 32, NUMBER_BASE = 10 };

void hf_system_wipe(void *memory, size_t bytes) {
  (void)SecureZeroMemory(memory, bytes);
}

void hf_system_wipe_text(char *text) {
  if (text != NULL) {
    hf_system_wipe(text, strlen(text));
    hf_free(text);
  }
}

/* The performance counter of hf_clock_us runs on while it is suspended. */
uint64_t hf_system_boot_us(uint64_t now_us) {
  return now_us;
}

/* MinGW's own: it knows no locale. */
double hf_system_strtod(const char *text, char **end) {
  return __strtod(text, end);
}

/* ---- threads ------------------------------------------------------------- */

typedef HRESULT(WINAPI *describe_fn)(HANDLE thread, const wchar_t *name);

/* Older versions of Windows do not have the function. */
void hf_system_name_thread(const char *name) {
  FARPROC found =
      GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "SetThreadDescription");
  describe_fn describe = (describe_fn)(void (*)(void))found;
  wchar_t text[NAME_CHARACTERS];
  if (describe != NULL &&
      MultiByteToWideChar(CP_UTF8, 0, name, -1, text, NAME_CHARACTERS) > 0) {
    (void)describe(GetCurrentThread(), text);
  }
}

void hf_system_block_signals(void) {
}

int hf_system_thread_create(pthread_t *thread,
                            size_t stack_bytes,
                            void *(*run)(void *arg),
                            void *arg) {
  pthread_attr_t attributes;
  int failed = pthread_attr_init(&attributes);
  if (failed != 0) {
    return failed;
  }
  failed = pthread_attr_setstacksize(&attributes, stack_bytes);
  if (failed == 0) {
    failed = pthread_create(thread, &attributes, run, arg);
  }
  (void)pthread_attr_destroy(&attributes);
  return failed;
}

void hf_system_thread_detach(uv_thread_t thread) {
  (void)CloseHandle(thread);
}

clockid_t hf_system_wait_clock(void) {
  return CLOCK_REALTIME;
}

void hf_system_set_wait_clock(pthread_condattr_t *attributes) {
  (void)attributes;
}

/* ---- waking up: nothing, see hf_socket_wait ------------------------------ */

int hf_wakeup_open(struct hf_wakeup *wakeup) {
  *wakeup = (struct hf_wakeup){.read_fd = -1, .write_fd = -1};
  return 0;
}

void hf_wakeup_close(struct hf_wakeup *wakeup) {
  (void)wakeup;
}

void hf_wakeup_signal(const struct hf_wakeup *wakeup) {
  (void)wakeup;
}

void hf_wakeup_clear(const struct hf_wakeup *wakeup) {
  (void)wakeup;
}

/* ---- watching a socket --------------------------------------------------- */

int hf_system_watch_init(uv_loop_t *loop, uv_poll_t *poll, int fd) {
  int failed = uv_poll_init_socket(loop, poll, (uv_os_sock_t)fd);
  return failed == 0 ? 0 : hf_system_errno_of_uv(failed);
}

/* ---- errors -------------------------------------------------------------- */

/* What an error is called by C, by libuv, and by Windows' sockets. */
static const struct {
  int number;
  int uv;
  int windows; /* 0 = not one of sockets */
  const char *text;
} errors[] = {
    {ECONNREFUSED, UV_ECONNREFUSED, WSAECONNREFUSED, "Connection refused"},
    {ECONNRESET, UV_ECONNRESET, WSAECONNRESET, "Connection reset by peer"},
    {ECONNABORTED, UV_ECONNABORTED, WSAECONNABORTED, "Connection aborted"},
    {ETIMEDOUT, UV_ETIMEDOUT, WSAETIMEDOUT, "Connection timed out"},
    {EHOSTUNREACH, UV_EHOSTUNREACH, WSAEHOSTUNREACH, "No route to host"},
    {EHOSTUNREACH, UV_EHOSTDOWN, WSAEHOSTDOWN, "Host is down"},
    {ENETUNREACH, UV_ENETUNREACH, WSAENETUNREACH, "Network is unreachable"},
    {ENETDOWN, UV_ENETDOWN, WSAENETDOWN, "Network is down"},
    {EPIPE, UV_EPIPE, WSAESHUTDOWN, "Broken pipe"},
    {ENOENT, UV_ENOENT, 0, "No such file or directory"},
    {EACCES, UV_EACCES, WSAEACCES, "Permission denied"},
    {EPERM, UV_EPERM, 0, "Operation not permitted"},
    {EADDRNOTAVAIL,
     UV_EADDRNOTAVAIL,
     WSAEADDRNOTAVAIL,
     "Address not available"},
    {EMFILE, UV_EMFILE, WSAEMFILE, "Too many open sockets"},
    {ENFILE, UV_ENFILE, 0, "Too many open files in system"},
    {ENOBUFS, UV_ENOBUFS, WSAENOBUFS, "No buffer space available"},
    {ENOMEM, UV_ENOMEM, 0, "Cannot allocate memory"},
    {EAFNOSUPPORT,
     UV_EAFNOSUPPORT,
     WSAEAFNOSUPPORT,
     "Address family not "
     "supported"},
    {ENOTCONN, UV_ENOTCONN, WSAENOTCONN, "Socket is not connected"},
    {EAGAIN, UV_EAGAIN, WSAEWOULDBLOCK, "Resource temporarily unavailable"},
    {ECANCELED, UV_ECANCELED, 0, "Operation canceled"},
};
enum { ERRORS = sizeof errors / sizeof *errors };

int hf_system_errno_of_uv(int code) {
  int i;
  for (i = 0; i < ERRORS; i++) {
    if (errors[i].uv == code) {
      return errors[i].number;
    }
  }
  return EIO;
}

int hf_system_number_for_node(int number) {
  int i;
  for (i = 0; i < ERRORS; i++) {
    if (errors[i].number == number) {
      return -errors[i].uv;
    }
  }
  return number == 0 ? 0 : -UV_EIO;
}

const char *hf_system_error_text(int number) {
  int i;
  for (i = 0; i < ERRORS; i++) {
    if (errors[i].number == number) {
      return errors[i].text;
    }
  }
  return "Input/output error";
}

/* libpq adds Windows' number to its words, whose language it does not know. */
int hf_system_find_error(const char *text) {
  const char *at = text;
  long number = 0;
  int i;
  while ((at = strstr(at, " (0x")) != NULL) {
    const char *slash = strchr(at, '/');
    char *end = NULL;
    at++;
    if (slash != NULL) {
      long read = strtol(slash + 1, &end, NUMBER_BASE);
      number = *end == ')' ? read : number;
    }
  }
  for (i = 0; i < ERRORS && number != 0; i++) {
    if (errors[i].windows == number) {
      return errors[i].number;
    }
  }
  return 0;
}

#endif
