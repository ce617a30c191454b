#include "cli/token_file.hpp"

#include "attn/io/json.hpp"
#include "cli/command.hpp"

namespace cli {

TokenFile read_token_file(const std::string& path) {
  const std::vector<std::uint8_t> raw = read_file(path);
  if (raw.empty() || raw.size() % 2 != 0) throw Failure(path + ": not a file of 16-bit tokens");
  const std::string end = ".tokens";
  const bool named = path.size() > end.size() && path.compare(path.size() - end.size(), end.size(), end) == 0;
  const std::string side_path = (named ? path.substr(0, path.size() - end.size()) : path) + ".json";
  const attn::io::Json side = need(attn::io::Json::parse(read_text(side_path)), side_path);
  const auto count = [&](const char* key) {
    const attn::io::Json* value = side.is(attn::io::Json::Type::object) ? side.find(key) : nullptr;
    if (!value || !value->is_integer() || value->number() < 0)
      throw Failure(side_path + ": no whole number \"" + key + "\"; is it of `attn tokenizer pack`?");
    return static_cast<attn::Index>(value->number());
  };
  TokenFile file;
  file.vocab = count("vocab");
  file.characters = count("characters");
  file.bytes = count("bytes");
  for (std::size_t i = 0; i < raw.size(); i += 2) {
    file.tokens.push_back(raw[i] | raw[i + 1] << 8);
    if (file.tokens.back() >= file.vocab)
      throw Failure(path + ": a token beyond the vocabulary of " + side_path);
  }
  if (count("tokens") != static_cast<attn::Index>(file.tokens.size()))
    throw Failure(path + " and " + side_path + " do not belong together: their numbers of tokens differ");
  return file;
}

}  // namespace cli
