// The reader and writer of tokenizer.json (attn/text/tokenizer_json.cpp).
#include <doctest.h>

#include "attn/io/json.hpp"
#include "attn/text/bpe_trainer.hpp"
#include "attn/text/tokenizer.hpp"

using attn::text::Tokenizer;

namespace {

std::string example() {
  attn::text::BpeTrainer trainer;
  trainer.add("мама мыла раму мама мыла маму мила мыла мыло \"\\ab\"");
  return trainer.train({400, 1})->to_json();
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

std::string refusal(const std::string& json) {
  const auto t = Tokenizer::parse(json);
  return t.ok() ? "" : t.error().message;
}

void check_refused(const std::string& json, const std::string& because) {
  const std::string message = refusal(json);
  CHECK_MESSAGE(message.find(because) != std::string::npos, "\"" << message << "\" does not say " << because);
}

}  // namespace

TEST_CASE("tokenizer.json: what is written is read back the same") {
  const std::string json = example();
  const auto t = Tokenizer::parse(json);
  REQUIRE(t.ok());
  CHECK(t->to_json() == json);
  CHECK(t->decode(t->encode("мыла раму")) == "мыла раму");
  CHECK(t->encode(" мыла").size() == 1);
}

TEST_CASE("tokenizer.json: the members that the Hugging Face library looks for") {
  const auto file = attn::io::Json::parse(example());
  REQUIRE(file.ok());
  const attn::io::Json& model = *file->find("model");
  CHECK(model.find("type")->string() == "BPE");
  CHECK(model.find("byte_fallback")->boolean());
  CHECK(model.find("vocab")->find("<0x0A>")->number() == 11);
  CHECK(model.find("merges")->items()[0].items()[0].string() == " ");
  CHECK(file->find("added_tokens")->items()[0].find("content")->string() == "<|конец|>");
}

TEST_CASE("tokenizer.json: space and order in the file do not matter") {
  const auto file = attn::io::Json::parse(example());
  attn::io::Json turned = attn::io::Json::object();
  for (auto m = file->members().rbegin(); m != file->members().rend(); ++m) turned.set(m->first, m->second);
  CHECK(Tokenizer::parse("\n" + turned.dump() + "\n").ok());
}

TEST_CASE("tokenizer.json: what is not ours is refused, and the message says what") {
  const std::string json = example();
  check_refused("", "JSON");
  check_refused("[]", "no \"model\"");
  check_refused("{\"model\":{\"vocab\":[],\"merges\":[]}}", "no \"model\"");
  check_refused(replaced(json, "\"normalizer\":null", "\"normalizer\":{\"type\":\"NFC\"}"), "\"normalizer\"");
  check_refused(replaced(json, "\"byte_fallback\":true", "\"byte_fallback\":false"), "\"byte_fallback\"");
  check_refused(replaced(json, "\"Isolated\"", "\"Removed\""), "\"pre_tokenizer\"");
  check_refused(replaced(json, "\"padding\":null,", ""), "\"padding\" is missing");
  check_refused(replaced(json, "\"padding\":null", "\"padding\":null,\"extra\":1"), "\"extra\" is unknown");
  check_refused(replaced(json, "\"fuse_unk\"", "\"fuse\""), "\"fuse_unk\" is missing");
}

TEST_CASE("tokenizer.json: a vocabulary that its merges do not make") {
  const std::string json = example();
  check_refused(replaced(json, "\"<0x05>\":6", "\"<0x05>\":7"), "two tokens have the id 7");
  check_refused(replaced(json, "\"<0x05>\":6", "\"<0x05>\":-6"), "whole number");
  check_refused(replaced(json, "\"<0x05>\":6", "\"<0x05>\":6.5"), "whole number");
  check_refused(replaced(json, "\"<0x05>\":6", "\"<0x05>\":4000000000"), "whole number");
  check_refused(replaced(json, "\"<0x05>\"", "\"<0x5>\""), "it should be \"<0x05>\"");
  check_refused(replaced(json, "[\" \",\"м\"],", ""), "no earlier merge");
  check_refused(replaced(json, "[\" \",\"м\"]", "[\" \",\"м\",\"м\"]"), "not a pair");
  check_refused(replaced(json, "[\" \",\"м\"]", "[\" \",\"щ\"]"), "not in the vocabulary");
  check_refused(replaced(json, "[\" \",\"м\"]", "\" м\""), "not a pair");
  check_refused(replaced(json, "[\" \",\"м\"]", "[\" \",\"м\"],[\" \",\"м\"]"), "repeats");
}
