// The scalar and index types of the whole library.
#pragma once

#include <cstddef>
#include <cstdint>

namespace attn {

// float in every shipped build; double in the gradient-check build, where a
// 4-point stencil reaches 1e-12 and so can tell a wrong epsilon from rounding.
#ifdef ATTN_REAL_DOUBLE
using Real = double;
#else
using Real = float;
#endif

using Index = std::ptrdiff_t;
using TokenId = std::int32_t;

}  // namespace attn
