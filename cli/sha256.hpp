// SHA-256 (FIPS 180-4), to tell which tokenizer made a file of tokens.
#pragma once

#include <string>
#include <string_view>

namespace cli {

std::string sha256(std::string_view bytes);  // 64 hexadecimal digits

}  // namespace cli
