#include "attn/attention/onnx_attention.hpp"

#include <doctest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>

#include "attn/io/json.hpp"
#include "attn/io/safetensors.hpp"

using namespace attn;
using attn::io::Json;
using attn::io::SafeTensors;

namespace {

constexpr Real inf = std::numeric_limits<Real>::infinity();
constexpr Real not_a_number = std::numeric_limits<Real>::quiet_NaN();

// The cases that tests/golden/onnx_reference.py wrote.
struct Golden {
  std::vector<std::uint8_t> bytes;
  SafeTensors file;
};
const Golden& golden() {
  static const Golden g = [] {
    Golden out;
    std::ifstream in(std::string(ATTN_GOLDEN_DIR) + "/onnx_cases.safetensors", std::ios::binary);
    out.bytes.assign(std::istreambuf_iterator<char>(in), {});
    out.file = SafeTensors::parse(out.bytes.data(), out.bytes.size()).value();
    return out;
  }();
  return g;
}

struct Case {
  std::string id;
  Json attributes;
  bool has(const char* name) const { return golden().file.find(id + "." + name) != nullptr; }
  Tensor tensor(const char* name) const {
    return io::to_tensor(*golden().file.find(id + "." + name)).value();
  }
  std::vector<std::int64_t> integers(const char* name) const {
    return io::to_integers(*golden().file.find(id + "." + name)).value();
  }
  double attribute(const char* name, double absent) const {
    const Json* j = attributes.find(name);
    return j ? j->number() : absent;
  }
};

std::vector<Case> cases(const std::string& op) {
  std::vector<Case> out;
  for (const auto& pair : golden().file.metadata()) {
    if (pair.first == "generator") continue;
    Case c{pair.first, Json::parse(pair.second).value()};
    if (c.attributes.find("op")->string() == op) out.push_back(c);
  }
  return out;
}

OnnxAttention attention_inputs(const Case& c) {
  OnnxAttention in;
  in.q = c.tensor("Q");
  in.k = c.tensor("K");
  in.v = c.tensor("V");
  if (c.has("attn_mask")) {
    const io::TensorEntry& e = *golden().file.find(c.id + ".attn_mask");
    if (e.dtype == io::DType::BOOL) {
      BoolTensor mask{e.shape, {}};
      for (const std::int64_t v : c.integers("attn_mask"))
        mask.values.push_back(static_cast<std::uint8_t>(v));
      in.mask = mask;
    } else {
      in.mask = c.tensor("attn_mask");
    }
  }
  if (c.has("past_key")) in.past_key = c.tensor("past_key"), in.past_value = c.tensor("past_value");
  if (c.has("nonpad_kv_seqlen")) in.nonpad_kv_seqlen = c.integers("nonpad_kv_seqlen");
  in.is_causal = c.attribute("is_causal", 0) != 0;
  in.q_num_heads = static_cast<Index>(c.attribute("q_num_heads", 0));
  in.kv_num_heads = static_cast<Index>(c.attribute("kv_num_heads", 0));
  if (c.attributes.find("scale")) in.scale = static_cast<Real>(c.attribute("scale", 0));
  in.softcap = static_cast<Real>(c.attribute("softcap", 0));
  in.softmax_precision = static_cast<int>(c.attribute("softmax_precision", 0));
  in.qk_matmul_output_mode = static_cast<int>(c.attribute("qk_matmul_output_mode", 0));
  in.left_window_size = static_cast<Index>(c.attribute("left_window_size", -1));
  in.right_window_size = static_cast<Index>(c.attribute("right_window_size", -1));
  return in;
}

// Absolute error below 1, relative above; infinities must coincide.
double worst(const Tensor& got, const Tensor& expected) {
  if (got.shape != expected.shape) return inf;
  double worst = 0;
  for (std::size_t i = 0; i < got.data.size(); ++i) {
    if (got.data[i] == expected.data[i]) continue;
    const double error = std::fabs(double(got.data[i]) - double(expected.data[i]));
    worst =
        std::fmax(worst, std::isnan(error) ? inf : error / std::fmax(1, std::fabs(double(expected.data[i]))));
  }
  return worst;
}

Tensor filled(const Shape& shape, Real start = Real(0.1)) {
  Tensor t(shape);
  for (std::size_t i = 0; i < t.data.size(); ++i) t.data[i] = std::sin(start + Real(i));
  return t;
}
// One head, T queries, S keys.
OnnxAttention small(Index queries, Index keys, Index width = 2) {
  OnnxAttention in;
  in.q = filled({1, 1, queries, width});
  in.k = filled({1, 1, keys, width}, Real(0.7));
  in.v = filled({1, 1, keys, width}, Real(1.3));
  return in;
}
std::string message(const OnnxAttention& in) {
  const auto r = onnx_attention(in);
  return r.ok() ? "" : r.error().message;
}
bool says(const OnnxAttention& in, const char* what) {
  const std::string text = message(in);
  INFO(text);
  return text.find(what) != std::string::npos;
}
bool says(const OnnxRotary& in, const char* what) {
  const auto r = onnx_rotary(in);
  return !r.ok() && r.error().message.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("onnx attention: the reference's cases") {
  const auto all = cases("attention");
  REQUIRE(all.size() >= 150);
  for (const Case& c : all) {
    INFO("case ", c.id, " ", c.attributes.dump());
    const auto r = onnx_attention(attention_inputs(c));
    REQUIRE(r.ok());
    CHECK(worst(r->y, c.tensor("Y")) <= 1e-5);
    CHECK(worst(r->qk_matmul_output, c.tensor("qk_matmul_output")) <= 1e-5);
    if (!c.has("past_key")) continue;
    CHECK(worst(r->present_key, c.tensor("present_key")) == 0);
    CHECK(worst(r->present_value, c.tensor("present_value")) == 0);
  }
}

TEST_CASE("onnx rotary: the reference's cases") {
  const auto all = cases("rotary");
  REQUIRE(all.size() >= 30);
  for (const Case& c : all) {
    INFO("case ", c.id, " ", c.attributes.dump());
    OnnxRotary in;
    in.input = c.tensor("input");
    in.cos_cache = c.tensor("cos_cache");
    in.sin_cache = c.tensor("sin_cache");
    if (c.has("position_ids")) in.position_ids = c.integers("position_ids");
    in.interleaved = c.attribute("interleaved", 0) != 0;
    in.num_heads = static_cast<Index>(c.attribute("num_heads", 0));
    in.rotary_embedding_dim = static_cast<Index>(c.attribute("rotary_embedding_dim", 0));
    const auto r = onnx_rotary(in);
    REQUIRE(r.ok());
    CHECK(worst(*r, c.tensor("output")) <= 1e-5);
  }
}

TEST_CASE("onnx attention: masked weights are exactly 0 at every width") {
  for (Index n = 1; n <= 17; ++n) {
    OnnxAttention in = small(n, n);
    in.is_causal = true;
    in.qk_matmul_output_mode = 3;
    const Tensor p = onnx_attention(in)->qk_matmul_output;  // [1, 1, n, n]
    for (Index i = 0; i < n; ++i) {
      double sum = 0;
      for (Index j = 0; j < n; ++j) {
        const Real w = p.data[static_cast<std::size_t>(i * n + j)];
        if (j > i) CHECK(w == 0);
        sum += w;
      }
      CHECK(sum == doctest::Approx(1));
    }
  }
}

TEST_CASE("onnx attention: a row without keys is zeros, whatever the scores are") {
  for (const Real poison : {Real(0), inf, -inf, not_a_number}) {
    OnnxAttention in = small(2, 3);
    in.q.data[0] = poison;  // row 0 is masked, row 1 is not
    in.mask = BoolTensor{{2, 3}, {0, 0, 0, 1, 1, 0}};
    in.qk_matmul_output_mode = 3;
    const auto r = onnx_attention(in);
    REQUIRE(r.ok());
    for (std::size_t c = 0; c < 2; ++c) {
      CHECK(r->y.data[c] == 0);
      CHECK(std::isfinite(r->y.data[2 + c]));
    }
    for (std::size_t j = 0; j < 3; ++j) CHECK(r->qk_matmul_output.data[j] == 0);
  }
}

TEST_CASE("onnx attention: what a masked key holds does not matter") {
  OnnxAttention in = small(2, 3);
  in.mask = BoolTensor{{3}, {1, 1, 0}};
  const Tensor clean = onnx_attention(in)->y;
  for (const Real poison : {inf, -inf, not_a_number}) {
    OnnxAttention dirty = in;
    dirty.k.data[4] = poison;
    dirty.v.data[5] = poison;
    CHECK(worst(onnx_attention(dirty)->y, clean) <= 1e-6);
  }
}

TEST_CASE("onnx attention: NaN in what is seen comes out as NaN") {
  OnnxAttention in = small(2, 3);
  in.is_causal = true;
  in.k.data[2] = not_a_number;  // key 1: seen by query 1 only
  const Tensor y = onnx_attention(in)->y;
  CHECK(std::isfinite(y.data[0]));
  CHECK(std::isnan(y.data[2]));
}

TEST_CASE("onnx attention: empty inputs give empty or zero outputs") {
  CHECK(onnx_attention(small(0, 3))->y.shape == Shape{1, 1, 0, 2});
  const auto no_keys = onnx_attention(small(2, 0));
  REQUIRE(no_keys.ok());
  CHECK(no_keys->y.data == std::vector<Real>(4, 0));
  CHECK(no_keys->qk_matmul_output.shape == Shape{1, 1, 2, 0});
  OnnxAttention none;
  none.q = none.k = none.v = Tensor(Shape{0, 2, 3, 4});
  CHECK(onnx_attention(none)->y.shape == Shape{0, 2, 3, 4});
  OnnxAttention past = small(2, 0);
  past.past_key = past.past_value = filled({1, 1, 3, 2});
  CHECK(onnx_attention(past)->present_key.shape == Shape{1, 1, 3, 2});
  past.past_key = past.past_value = Tensor(Shape{1, 1, 0, 2});
  CHECK(onnx_attention(past)->present_key.shape == Shape{1, 1, 0, 2});
}

TEST_CASE("onnx attention: decoding with a cache equals one pass") {
  OnnxAttention all = small(5, 5, 3);
  all.is_causal = true;
  const Tensor whole = onnx_attention(all)->y;  // [1, 1, 5, 3]
  OnnxAttention step = all;
  for (Index t = 0; t < 5; ++t) {
    const auto row = [&](const Tensor& x) {
      return Tensor({1, 1, 1, 3}, {x.data.begin() + t * 3, x.data.begin() + t * 3 + 3});
    };
    step.q = row(all.q);
    step.k = row(all.k);
    step.v = row(all.v);
    const auto r = onnx_attention(step);
    CHECK(worst(r->y, row(whole)) <= 1e-6);
    step.past_key = r->present_key;
    step.past_value = r->present_value;
  }
}

TEST_CASE("onnx attention: what does not fit is said") {
  const auto with = [](auto change) {
    OnnxAttention x = small(2, 3);
    change(x);
    return x;
  };
  CHECK(says(with([](auto& x) {
               x.q = filled({2, 4});
               x.k = x.v = x.q;
             }),
             "must be [B, H, T, d] or [B, T, H*d]"));
  CHECK(says(with([](auto& x) { x.q = filled({1, 2, 2}); }), "all be 3-D or all 4-D"));
  CHECK(says(with([](auto& x) { x.q = x.k = x.v = filled({1, 2, 4}); }), "q_num_heads"));
  CHECK(says(with([](auto& x) {
               x.q = x.k = x.v = filled({1, 2, 4});
               x.q_num_heads = 3;
               x.kv_num_heads = 2;
             }),
             "not a multiple of q_num_heads = 3"));
  CHECK(says(with([](auto& x) { x.q_num_heads = 2; }), "with 1 heads"));
  CHECK(says(with([](auto& x) { x.q = filled({2, 1, 2, 2}); }), "batch sizes differ"));
  CHECK(says(with([](auto& x) { x.q = filled({1, 1, 2, 3}); }), "different head widths"));
  CHECK(says(with([](auto& x) { x.v = filled({1, 1, 4, 2}); }), "different lengths"));
  CHECK(says(with([](auto& x) { x.v = filled({1, 2, 3, 2}); }), "different numbers of heads"));
  CHECK(says(with([](auto& x) {
               x.q = filled({1, 3, 2, 2});
               x.k = x.v = filled({1, 2, 3, 2});
             }),
             "multiple of the key heads"));
  CHECK(says(with([](auto& x) { x.q = x.k = x.v = Tensor(Shape{1, 1, 2, 0}); }), "head width is 0"));
  CHECK(says(with([](auto& x) { x.past_key = filled({1, 1, 1, 2}); }), "go together"));
  CHECK(says(with([](auto& x) {
               x.past_key = x.past_value = filled({1, 2, 1, 2});
             }),
             "past_key is [1, 2, 1, 2]"));
  CHECK(says(with([](auto& x) {
               x.past_key = filled({1, 1, 1, 2});
               x.past_value = filled({1, 1, 2, 2});
             }),
             "past_value is"));
  CHECK(says(with([](auto& x) {
               x.nonpad_kv_seqlen = {{1}};
               x.past_key = x.past_value = filled({1, 1, 1, 2});
             }),
             "cannot stand beside"));
  CHECK(says(with([](auto& x) { x.nonpad_kv_seqlen = {{1, 2}}; }), "2 entries for a batch of 1"));
  CHECK(says(with([](auto& x) { x.nonpad_kv_seqlen = {{4}}; }), "there are 3 keys"));
  CHECK(says(with([](auto& x) { x.nonpad_kv_seqlen = {{-1}}; }), "holds -1"));
  CHECK(says(with([](auto& x) { x.mask = filled({3, 3}); }), "does not broadcast"));
  CHECK(says(with([](auto& x) { x.mask = filled({2, 4}); }), "longer than the 3 keys"));
  CHECK(says(with([](auto& x) { x.mask = filled({1, 1, 1, 2, 3}); }), "rank must be 1 to 4"));
  CHECK(says(with([](auto& x) { x.mask = Tensor(Shape{}); }), "rank must be 1 to 4"));
  CHECK(says(with([](auto& x) { x.scale = not_a_number; }), "scale is not finite"));
  CHECK(says(with([](auto& x) { x.softcap = inf; }), "softcap is not finite"));
  CHECK(says(with([](auto& x) { x.qk_matmul_output_mode = 4; }), "qk_matmul_output_mode"));
  CHECK(says(with([](auto& x) { x.left_window_size = -2; }), "left_window_size"));
  CHECK(says(with([](auto& x) { x.softmax_precision = 7; }), "softmax_precision"));
  // 2^15 x 2^14 scores: refused before they are allocated.
  CHECK(says(with([](auto& x) {
               x.q = Tensor(Shape{1, 1, 1 << 15, 2});
               x.k = x.v = Tensor(Shape{1, 1, 1 << 14, 2});
             }),
             "exceed the limit"));
  // No key and no value take memory, what would be put out takes all there is.
  CHECK(says(with([](auto& x) {
               x.k = Tensor(Shape{1, 1, 0, 2});
               x.v = Tensor(Shape{1, 1, 0, 1 << 30});
             }),
             "2 x 1073741824 outputs exceed the limit"));
}

TEST_CASE("onnx rotary: what does not fit is said") {
  const auto with = [](auto change) {
    OnnxRotary x;
    x.input = filled({1, 2, 3, 4});
    x.cos_cache = x.sin_cache = filled({1, 3, 2});
    change(x);
    return x;
  };
  CHECK(onnx_rotary(with([](auto&) {})).ok());
  CHECK(says(with([](auto& x) { x.input = filled({3, 4}); }), "must be [B, H, T, d]"));
  CHECK(says(with([](auto& x) { x.input = filled({1, 3, 8}); }), "num_heads"));
  CHECK(says(with([](auto& x) {
               x.input = filled({1, 3, 8});
               x.num_heads = 3;
             }),
             "not a multiple"));
  CHECK(says(with([](auto& x) { x.rotary_embedding_dim = 6; }), "width 4"));
  CHECK(says(with([](auto& x) { x.rotary_embedding_dim = 3; }), "odd"));
  CHECK(says(with([](auto& x) { x.sin_cache = filled({1, 3, 1}); }), "sin_cache"));
  CHECK(says(with([](auto& x) { x.cos_cache = x.sin_cache = filled({3, 2}); }), "without position_ids"));
  CHECK(says(with([](auto& x) { x.cos_cache = x.sin_cache = filled({1, 4, 2}); }), "for an input"));
  CHECK(says(with([](auto& x) { x.cos_cache = x.sin_cache = filled({1, 3, 1}); }), "must be half"));
  CHECK(says(with([](auto& x) { x.position_ids = {{0, 1, 2}}; }), "with position_ids"));
  const auto table = [](auto& x) { x.cos_cache = x.sin_cache = filled({5, 2}); };
  CHECK(says(with([&](auto& x) {
               table(x);
               x.position_ids = {{0, 1}};
             }),
             "2 entries"));
  CHECK(says(with([&](auto& x) {
               table(x);
               x.position_ids = {{0, 1, 5}};
             }),
             "position 5 is outside"));
  CHECK(says(with([&](auto& x) {
               table(x);
               x.position_ids = {{0, -1, 2}};
             }),
             "position -1"));
}
