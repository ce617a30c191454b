// Numbers as decimal text and back, rounded once and exactly. The C library's own strtod and printf go
// through long double, which WebAssembly has to emulate: together they are a tenth of the module.
#pragma once

#include <string>
#include <string_view>

#include "attn/base/real.hpp"

namespace attn::io {

// The double nearest to the number, of two equally near ones the even one; infinite beyond the range.
// text: a number of JSON's grammar, of any length (RFC 8259, section 6).
double parse_double(std::string_view text);

// v, finite, in the shortest of 15, 16 and 17 significant digits that reads back as v, spelt as printf's %g.
std::string print_double(double v);
// v rounded to so many significant digits, ties to even, spelt as printf's %.*g.
std::string print_double(double v, int digits);

// The double that spells v shortest: 1e-05 for the float nearest to it, not 9.9999997473787516e-06.
double shortest(Real v);

}  // namespace attn::io
