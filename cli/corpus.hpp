// Text files of a corpus: plain, or compressed with xz (read through the program `xz`).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cli {

// The text of PATH; of what it decompresses to when the name ends in .xz.
std::string read_corpus(const std::string& path);

// The documents of a corpus file: what empty lines separate, without the line end after each.
std::vector<std::string_view> documents(std::string_view text);

}  // namespace cli
