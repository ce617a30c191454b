// Chapter 16: a text read with some of its keys out of sight.
#include <algorithm>

#include "attn/analysis/blinding.hpp"
#include "lab.hpp"

namespace attn::wasm {

namespace {

Blinding blinding(const std::string& how) {
  if (how == "evict") return Blinding::evict;
  if (how == "silence") return Blinding::silence;
  throw Refusal(ErrorCode::malformed, "how must be evict or silence");
}

}  // namespace

Reply LabSession::blind(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& m = model(fields);
  TokenBatch text;
  text.tokens = token_list(fields.list("tokens"), m.config);
  text.batch = 1;
  const Index T = text.length = static_cast<Index>(text.tokens.size());
  check_run_size(m.config, 1, T);
  const Index given = static_cast<Index>(request.numbers.size()), K = given / (T * T);
  if (T < 2 || K < 1 || K * T * T != given)
    throw Refusal(ErrorCode::mismatch, std::to_string(given) + " marks of what is seen are no number of " +
                                           "readings of a text of " + std::to_string(T) + " tokens");
  if (!m.config.unembed || m.config.kind != Kind::decoder)
    throw Refusal(ErrorCode::unsupported, "this model predicts no next token");
  const Blinding how = blinding(fields.text("how"));
  Tensor losses(Shape{K, T - 1});
  for (Index k = 0; k < K; ++k) {
    const ConstView seen(request.numbers.data() + k * T * T, Shape{T, T});
    const Tensor own = next_token_losses(blinded_logits(m, text, seen, how).view(), text);
    std::copy(own.data.begin(), own.data.end(), losses.data.begin() + k * (T - 1));
  }
  Reply reply;
  reply.tensors.push_back({"losses", std::move(losses)});
  return reply;
}

}  // namespace attn::wasm
