// Positions by hand (chapter 13): what RoPE makes of a query and its keys pair by pair, how it is stretched
// to longer texts, and the numbers that ALiBi and T5 add to scores.
#include <algorithm>
#include <cmath>

#include "attn/attention/bias.hpp"
#include "attn/attention/rotary.hpp"
#include "attn/math/random.hpp"
#include "lab.hpp"

namespace attn::wasm {

namespace {

using io::Json;

constexpr Index max_head_width = 256, max_distances = 4096, max_shift = 1000000;

// {width, base?, kept?, extension?, factor?, context?}
RotaryLadder ladder_of(const Fields& fields, Index width) {
  RotaryLadder trained;
  trained.base = fields.number_in("base", 1, Real(1e9), trained.base);
  trained.kept = fields.index_or("kept", 0, width / 2, 0);
  const RotaryExtension how =
      fields.has("extension")
          ? static_cast<RotaryExtension>(fields.choice("extension", {"none", "linear", "ntk", "yarn"}))
          : RotaryExtension::none;
  if (how == RotaryExtension::ntk && width < 4)
    throw Refusal(ErrorCode::out_of_range, "ntk needs two pairs: width must be at least 4");
  return extended(trained, how, fields.number_in("factor", 1, Real(1e9), 1),
                  fields.index_or("context", 1, 1000000000, 4096), width);
}

// The ladder as a model's config spells it: for createModel.
Json config_of(const RotaryLadder& ladder) {
  Json j = Json::object();
  j.set("rope_base", json_of(ladder.base));
  j.set("rope_scaling", json_of(ladder.scaling));
  j.set("rope_original_context", Json::of(static_cast<double>(ladder.bands.original)));
  j.set("rope_low_turns", json_of(ladder.bands.low));
  j.set("rope_high_turns", json_of(ladder.bands.high));
  j.set("rope_ramp", Json::of(std::string(ladder.bands.ramp == RotaryRamp::turns ? "turns" : "pairs")));
  j.set("rope_magnitude", json_of(ladder.magnitude));
  j.set("rope_kept_pairs", Json::of(static_cast<double>(ladder.kept)));
  return j;
}

// Query and key before they are turned: normal draws of a seed, or all ones, the query turned back by
// `offset` positions, so that every pair is best pleased with the key that far behind.
void draw_vectors(const Fields& fields, const RotaryLadder& ladder, Tensor& q, Tensor& k) {
  const Index d = q.size(), pairs = d / 2;
  if (fields.has("offset")) {
    const double offset = static_cast<double>(fields.index("offset", 0, max_distances));
    for (Index i = 0; i < pairs; ++i) {
      const double angle = -offset * rotary_frequency(ladder, i, pairs);
      k.data[i] = k.data[i + pairs] = 1;
      q.data[i] = static_cast<Real>(std::cos(angle) - std::sin(angle));
      q.data[i + pairs] = static_cast<Real>(std::sin(angle) + std::cos(angle));
    }
    return;
  }
  Rng rng(fields.seed("seed"));
  for (Index i = 0; i < d; ++i) q.data[i] = rng.normal();
  for (Index i = 0; i < d; ++i) k.data[i] = rng.normal();
}

}  // namespace

// One query at position n - 1 + shift and a key at each of n distances before it: what every pair adds.
Reply LabSession::rotary_scores(const Request& request) {
  const Fields fields(request.json, "request");
  const Index d = fields.index("width", 2, max_head_width), n = fields.index("distances", 1, max_distances),
              shift = fields.index_or("shift", 0, max_shift, 0), pairs = d / 2;
  if (d % 2) throw Refusal(ErrorCode::mismatch, "width must be even: coordinates turn in pairs");
  const RotaryLadder ladder = ladder_of(fields, d);
  Tensor q(Shape{d}), k(Shape{d}), cosine(Shape{n, pairs}), sine(Shape{n, pairs}), parts(Shape{n, pairs}),
      frequency(Shape{pairs});
  draw_vectors(fields, ladder, q, k);
  rotary_table(cosine, sine, shift, ladder);
  const auto turned = [&](const Tensor& x, Index row) {
    std::vector<Real> y(static_cast<std::size_t>(d));
    rotate(y.data(), x.data.data(), cosine.data.data() + row * pairs, sine.data.data() + row * pairs, pairs,
           d, RotaryPairs::half);
    return y;
  };
  const std::vector<Real> query = turned(q, n - 1);
  const Real scale = 1 / std::sqrt(static_cast<Real>(d));
  for (Index distance = 0; distance < n; ++distance) {
    const std::vector<Real> key = turned(k, n - 1 - distance);
    for (Index i = 0; i < pairs; ++i) {
      const auto a = static_cast<std::size_t>(i), b = static_cast<std::size_t>(i + pairs);
      parts.data[distance * pairs + i] = scale * (query[a] * key[a] + query[b] * key[b]);
    }
  }
  for (Index i = 0; i < pairs; ++i) frequency.data[i] = static_cast<Real>(rotary_frequency(ladder, i, pairs));
  Reply reply;
  reply.value.set("config", config_of(ladder));
  for (auto& [name, tensor] :
       {std::pair<const char*, Tensor*>{"parts", &parts}, {"frequency", &frequency}, {"q", &q}, {"k", &k}})
    reply.tensors.push_back({name, std::move(*tensor)});
  return reply;
}

// What is added to a score at distances 0 … n - 1: ALiBi's slopes, and the bucket that T5 would look up.
Reply LabSession::position_bias(const Request& request) {
  const Fields fields(request.json, "request");
  const Index heads = fields.index("heads", 1, 1024), n = fields.index("distances", 1, max_distances),
              buckets = fields.index_or("buckets", 4, 1024, 32),
              farthest = fields.index_or("max_distance", buckets, 1000000, std::max<Index>(128, buckets));
  const bool both = fields.flag_or("bidirectional", false);
  Tensor slopes(Shape{heads}), bucket(Shape{n});
  alibi_slopes(slopes);
  for (Index distance = 0; distance < n; ++distance)
    bucket.data[distance] = static_cast<Real>(t5_bucket(-distance, both, buckets, farthest));
  Reply reply;
  reply.tensors.push_back({"slopes", std::move(slopes)});
  reply.tensors.push_back({"bucket", std::move(bucket)});
  return reply;
}

}  // namespace attn::wasm
