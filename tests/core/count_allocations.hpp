// Every heap allocation of a test binary passes through count_allocations.cpp, so that "a step allocates
// nothing" can be checked. The sanitizers bring their own operator new: under them ATTN_COUNTS_ALLOCATIONS is
// 0 and `allocations` stays 0.
#pragma once

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

extern long allocations;
