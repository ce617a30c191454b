// UTF-8 as RFC 3629 defines it: shortest form only, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace attn::io {

struct CodePoint {
  std::uint32_t value = 0;
  int length = 0;  // bytes; 0: the bytes at this place are not UTF-8
};

// The code point that starts at text[at]; at < text.size().
CodePoint decode_utf8(std::string_view text, std::size_t at);

// Offset of the first byte that is not UTF-8, or text.size() when all of it is.
std::size_t first_invalid_utf8(std::string_view text);

void append_utf8(std::string& out, std::uint32_t code_point);

}  // namespace attn::io
