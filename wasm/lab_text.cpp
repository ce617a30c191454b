// Tokenizers: from the reader's text to numbers and back.
#include "attn/text/stream_decoder.hpp"
#include "lab.hpp"

namespace attn::wasm {

namespace {

using io::Json;

constexpr std::size_t max_tokenizer = std::size_t(16) << 20, max_text = std::size_t(1) << 20;

Json pair(Index first, Index last) {
  Json j = Json::array();
  j.push(Json::of(static_cast<double>(first)));
  j.push(Json::of(static_cast<double>(last)));
  return j;
}

}  // namespace

bool LabSession::in_use(int id) const {
  return tokenizers_.count(id) || plans_.count(id) || Session::in_use(id);
}

std::size_t LabSession::held_count() const {
  return tokenizers_.size() + plans_.size() + Session::held_count();
}

const text::Tokenizer& LabSession::tokenizer(const Fields& fields) const {
  const int id = static_cast<int>(fields.index("tokenizer", 1, max_id));
  const auto found = tokenizers_.find(id);
  if (found == tokenizers_.end())
    throw Refusal(ErrorCode::out_of_range, "there is no tokenizer " + std::to_string(id) + " (disposed?)");
  return found->second;
}

Reply LabSession::load_tokenizer(const Request& request) {
  const int id = free_id(Fields(request.json, "request"), "id");
  if (request.bytes.size() > max_tokenizer)
    throw Refusal(ErrorCode::too_large, "a tokenizer of more than 16 MB");
  const std::string json(request.bytes.begin(), request.bytes.end());
  const text::Tokenizer& kept = tokenizers_.emplace(id, take(text::Tokenizer::parse(json))).first->second;
  Json names = Json::array();
  for (TokenId token = 0; token < static_cast<TokenId>(kept.vocab()); ++token)
    names.push(Json::of(kept.name(token)));
  Reply reply;
  reply.value.set("id", Json::of(static_cast<double>(id)));
  reply.value.set("names", std::move(names));
  return reply;
}

Reply LabSession::encode(const Request& request) {
  const Fields fields(request.json, "request");
  const text::Tokenizer& t = tokenizer(fields);
  const std::string text = fields.text("text");
  if (text.size() > max_text) throw Refusal(ErrorCode::too_large, "a text of more than 1 MB");
  const std::vector<TokenId> encoded = t.encode(text);
  Json tokens = Json::array(), spans = Json::array();
  for (const TokenId token : encoded) tokens.push(Json::of(static_cast<double>(token)));
  for (const text::Span& s : text::spans(t, encoded, text))
    spans.push(pair(s.first_character, s.last_character));
  Reply reply;
  reply.value.set("tokens", std::move(tokens));
  reply.value.set("spans", std::move(spans));
  return reply;
}

Reply LabSession::decode(const Request& request) {
  const Fields fields(request.json, "request");
  const text::Tokenizer& t = tokenizer(fields);
  text::StreamDecoder decoder(t);
  std::string text;
  for (const Index token : fields.indices("tokens", 0, t.vocab() - 1))
    text += decoder.push(static_cast<TokenId>(token));
  Reply reply;
  reply.value.set("text", Json::of(text + decoder.finish()));
  return reply;
}

Reply LabSession::dispose_tokenizer(const Request& request) {
  const Fields fields(request.json, "request");
  tokenizer(fields);  // refuses when there is none
  tokenizers_.erase(static_cast<int>(fields.index("tokenizer", 1, max_id)));
  return {};
}

}  // namespace attn::wasm
