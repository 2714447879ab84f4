// SPDX-License-Identifier: MIT
//
// The part of the C++ library that the binding uses, for releases. Linking
// libstdc++ statically would bring its exceptions and their unwinder, which
// need a newer glibc than we may; linking it dynamically would need it on the
// target. Empty in other builds.
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
    std::abort(); // an exception would end the process, too
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

// GCC 14's std::string asks for these two.
void __throw_bad_alloc() {
  std::abort();
}

void __throw_bad_array_new_length() {
  std::abort();
}

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
