// tokenizer.json: read and written in one dialect. The reader rebuilds the tokenizer from the alphabet
// and the merges and then demands that the file says, member by member, what that tokenizer would write.
#include <algorithm>

#include "attn/io/json.hpp"
#include "attn/io/utf8.hpp"
#include "attn/text/split.hpp"
#include "attn/text/tokenizer.hpp"

namespace attn::text {

namespace {

using io::Json;

Error malformed(std::string message) {
  return {ErrorCode::malformed, "tokenizer.json: " + std::move(message)};
}

Json object_of_type(const char* type) {
  Json j = Json::object();
  j.set("type", Json::of(std::string(type)));
  return j;
}

Json separator_entry(const Tokenizer& tokenizer) {
  Json entry = Json::object();
  entry.set("id", Json::of(static_cast<double>(Tokenizer::separator)));
  entry.set("content", Json::of(tokenizer.name(Tokenizer::separator)));
  for (const char* flag : {"single_word", "lstrip", "rstrip", "normalized"}) entry.set(flag, Json::of(false));
  entry.set("special", Json::of(true));
  return entry;
}

Json split_entry() {
  Json split = object_of_type("Split"), pattern = Json::object();
  pattern.set("Regex", Json::of(split_pattern()));
  split.set("pattern", std::move(pattern));
  split.set("behavior", Json::of(std::string("Isolated")));
  split.set("invert", Json::of(false));
  return split;
}

Json decoder_entry() {
  Json sequence = object_of_type("Sequence"), decoders = Json::array();
  decoders.push(object_of_type("ByteFallback"));
  decoders.push(object_of_type("Fuse"));
  sequence.set("decoders", std::move(decoders));
  return sequence;
}

Json merges_entry(const Tokenizer& tokenizer) {
  Json merges = Json::array();
  for (const Merge& m : tokenizer.merges()) {
    Json pair = Json::array();  // a pair, not "a b": tokens hold spaces
    pair.push(Json::of(tokenizer.bytes(m.left)));
    pair.push(Json::of(tokenizer.bytes(m.right)));
    merges.push(std::move(pair));
  }
  return merges;
}

// Everything but the vocabulary and the merges.
Json model_settings() {
  Json model = object_of_type("BPE");
  for (const char* absent : {"dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix"})
    model.set(absent, Json());
  model.set("fuse_unk", Json::of(false));
  model.set("byte_fallback", Json::of(true));
  model.set("ignore_merges", Json::of(false));
  return model;
}

Json whole(const Tokenizer& tokenizer) {
  Json added = Json::array(), out = Json::object();
  added.push(separator_entry(tokenizer));
  out.set("version", Json::of(std::string("1.0")));
  out.set("truncation", Json());
  out.set("padding", Json());
  out.set("added_tokens", std::move(added));
  out.set("normalizer", Json());
  out.set("pre_tokenizer", split_entry());
  out.set("post_processor", Json());
  out.set("decoder", decoder_entry());
  return out;
}

// What the file must say, except for vocabulary and merges, which are checked one by one.
Status check_members(const Json& found, const Json& wanted, const std::string& where,
                     std::initializer_list<const char*> apart) {
  for (const auto& member : wanted.members()) {
    const Json* value = found.find(member.first);
    if (!value) return malformed(where + "\"" + member.first + "\" is missing");
    if (value->dump() != member.second.dump())
      return malformed(where + "\"" + member.first + "\" is not what this tokenizer does; it would be " +
                       member.second.dump().substr(0, 200));
  }
  for (const auto& member : found.members()) {
    const bool known =
        wanted.find(member.first) ||
        std::any_of(apart.begin(), apart.end(), [&](const char* a) { return member.first == a; });
    if (!known) return malformed(where + "\"" + member.first + "\" is unknown");
  }
  return Unit{};
}

// Names in the order of their ids, which must be 0, 1, 2 ...
Result<std::vector<std::string>> names_by_id(const Json& vocab) {
  const std::size_t n = vocab.members().size();
  if (n > Tokenizer::max_vocab) return malformed("more than 65536 tokens");
  std::vector<std::string> names(n);
  std::vector<bool> taken(n);
  for (const auto& [name, id] : vocab.members()) {
    if (!id.is_integer() || id.number() < 0 || id.number() >= static_cast<double>(n))
      return malformed("the id of token \"" + name + "\" is not a whole number below " + std::to_string(n));
    const auto at = static_cast<std::size_t>(id.number());
    if (taken[at]) return malformed("two tokens have the id " + std::to_string(at));
    taken[at] = true;
    names[at] = name;
  }
  return names;
}

// The tokens after the bytes that are one character each: the alphabet. A merge makes two at least.
std::vector<std::uint32_t> alphabet_of(const std::vector<std::string>& names) {
  std::vector<std::uint32_t> alphabet;
  for (auto i = static_cast<std::size_t>(Tokenizer::first_character); i < names.size(); ++i) {
    if (names[i].empty()) break;
    const io::CodePoint c = io::decode_utf8(names[i], 0);
    if (static_cast<std::size_t>(c.length) != names[i].size()) break;
    alphabet.push_back(c.value);
  }
  return alphabet;
}

Status add_merges(Tokenizer& tokenizer, const Json& merges,
                  const std::unordered_map<std::string, TokenId>& ids) {
  for (const Json& pair : merges.items()) {
    const std::string which = "merge " + std::to_string(tokenizer.merges().size()) + " ";
    if (!pair.is(Json::Type::array) || pair.items().size() != 2 || !pair.items()[0].is(Json::Type::string) ||
        !pair.items()[1].is(Json::Type::string))
      return malformed(which + "is not a pair of strings");
    const auto left = ids.find(pair.items()[0].string()), right = ids.find(pair.items()[1].string());
    if (left == ids.end() || right == ids.end())
      return malformed(which + "joins a token that is not in the vocabulary");
    const Result<TokenId> token = tokenizer.add({left->second, right->second});
    if (!token.ok()) return token.error();
  }
  return Unit{};
}

}  // namespace

std::string Tokenizer::to_json() const {
  Json out = whole(*this), model = model_settings();
  model.set("vocab", Json::object());
  model.set("merges", merges_entry(*this));
  out.set("model", std::move(model));
  // Json::set looks for the key first: sixty thousand of them are better written in place.
  std::string text = out.dump(), tokens;
  for (TokenId token = 0; token < static_cast<TokenId>(vocab()); ++token)
    tokens += (token ? "," : "") + Json::of(name(token)).dump() + ":" + std::to_string(token);
  const std::string empty = "\"vocab\":{";
  return text.insert(text.find(empty) + empty.size(), tokens);
}

Result<Tokenizer> Tokenizer::parse(std::string_view json) {
  const Result<Json> file = Json::parse(json);
  if (!file.ok()) return file.error();
  const Json* model = file->is(Json::Type::object) ? file->find("model") : nullptr;
  const Json* vocab = model && model->is(Json::Type::object) ? model->find("vocab") : nullptr;
  const Json* merges = vocab ? model->find("merges") : nullptr;
  if (!vocab || !vocab->is(Json::Type::object) || !merges || !merges->is(Json::Type::array))
    return malformed("no \"model\" with a \"vocab\" (an object) and \"merges\" (an array)");
  const Result<std::vector<std::string>> names = names_by_id(*vocab);
  if (!names.ok()) return names.error();
  Result<Tokenizer> tokenizer = create(alphabet_of(*names));
  if (!tokenizer.ok()) return tokenizer;
  std::unordered_map<std::string, TokenId> ids;
  for (std::size_t i = 0; i < names->size(); ++i) ids[(*names)[i]] = static_cast<TokenId>(i);
  const Status added = add_merges(*tokenizer, *merges, ids);
  if (!added.ok()) return added.error();
  if (tokenizer->tokens_.size() != names->size())
    return malformed("the vocabulary has " + std::to_string(names->size()) + " tokens, its merges make " +
                     std::to_string(tokenizer->tokens_.size()));
  for (std::size_t i = 0; i < names->size(); ++i)
    if (tokenizer->name(static_cast<TokenId>(i)) != (*names)[i])
      return malformed("token " + std::to_string(i) + " is \"" + (*names)[i] + "\"; it should be \"" +
                       tokenizer->name(static_cast<TokenId>(i)) + "\"");
  const Status settings = check_members(*model, model_settings(), "model.", {"vocab", "merges"});
  if (!settings.ok()) return settings.error();
  const Status members = check_members(*file, whole(*tokenizer), "", {"model"});
  if (!members.ok()) return members.error();
  return tokenizer;
}

}  // namespace attn::text
