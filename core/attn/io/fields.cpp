#include "attn/io/fields.hpp"

#include <cstdio>
#include <cstdlib>

namespace attn::io {

double FieldWriter::shortest(Real v) {
  char text[40];
  for (int digits = 6; digits <= 17; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, static_cast<double>(v));
    const double back = std::strtod(text, nullptr);
    if (static_cast<Real>(back) == v) return back;
  }
  return static_cast<double>(v);
}

}  // namespace attn::io
