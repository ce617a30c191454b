// In a file of its own: where the compiler sees both sides inlined, it takes the pair for a mistake.
#include "count_allocations.hpp"

#include <cstdlib>
#include <new>

long allocations = 0;

#if ATTN_COUNTS_ALLOCATIONS
void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size ? size : 1)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
#endif
