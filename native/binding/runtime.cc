// SPDX-License-Identifier: MIT
//
// The little of the C++ library that the binding uses, for releases: linking
// libstdc++ in would bring its exceptions and their unwinder, which wants a
// newer glibc than ours may, and leaving it out would need it on the target.
// Hidden like everything else; empty in other builds.
//
// Ownership: memory comes from malloc. Threads: as malloc.
#ifdef HF_STATIC_LIBPQ

#include <cstdlib>
#include <new>
#include <string>
#include <system_error>

const std::nothrow_t std::nothrow{};

void *operator new(std::size_t size, const std::nothrow_t &) noexcept {
  return std::malloc(size == 0 ? 1 : size);
}

void *operator new(std::size_t size) {
  void *memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) {
    std::abort(); // what an exception would come to without exceptions
  }
  return memory;
}

void *operator new[](std::size_t size) {
  return ::operator new(size);
}

void operator delete(void *memory) noexcept {
  std::free(memory);
}

void operator delete(void *memory, std::size_t) noexcept {
  std::free(memory);
}

void operator delete[](void *memory) noexcept {
  std::free(memory);
}

void operator delete[](void *memory, std::size_t) noexcept {
  std::free(memory);
}

extern "C" void __cxa_pure_virtual() {
  std::abort();
}

namespace std {

void __throw_system_error(int) {
  std::abort();
}

void __throw_length_error(const char *) {
  std::abort();
}

void __throw_logic_error(const char *) {
  std::abort();
}

void __throw_out_of_range_fmt(const char *, ...) {
  std::abort();
}

template class basic_string<char>;

} // namespace std

#endif
