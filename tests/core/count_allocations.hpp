// Every heap allocation of a test binary passes here, so that "a step allocates nothing" can be
// checked. Include it in one source only. The sanitizers bring their own operator new: under them
// ATTN_COUNTS_ALLOCATIONS is 0 and `allocations` stays 0.
#pragma once

#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define ATTN_COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ATTN_COUNTS_ALLOCATIONS 0
#endif
#endif
#ifndef ATTN_COUNTS_ALLOCATIONS
#define ATTN_COUNTS_ALLOCATIONS 1
#endif

static long allocations = 0;

#if ATTN_COUNTS_ALLOCATIONS
void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size ? size : 1)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
#endif
