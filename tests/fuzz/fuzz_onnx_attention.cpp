// Any combination of shapes and attributes is either refused or computed: outputs of the promised
// shapes, masked rows exactly zero, weights of finite inputs between 0 and 1.
#include <fuzzer/FuzzedDataProvider.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "attn/attention/onnx_attention.hpp"

using namespace attn;

namespace {

Shape shape(FuzzedDataProvider& in, int low, int high) {
  Shape s;
  const int rank = in.ConsumeIntegralInRange(low, high);
  for (int a = 0; a < rank; ++a) s.push_back(in.ConsumeIntegralInRange<Index>(0, 4));
  return s;
}

// Mostly small numbers, now and then any bits at all.
Tensor tensor(FuzzedDataProvider& in, const Shape& s, bool& finite) {
  Tensor t(s);
  for (Real& x : t.data) {
    x = static_cast<Real>(in.ConsumeIntegral<std::int8_t>()) / 16;
    if (in.ConsumeProbability<float>() < 0.03f) x = static_cast<Real>(in.ConsumeFloatingPoint<float>());
    if (!std::isfinite(x) || std::fabs(x) > 1e3f) finite = false;
  }
  return t;
}

void check(const OnnxAttention& a, const OnnxAttentionResult& r, bool finite) {
  if (r.y.shape.rank() != a.q.shape.rank() || r.qk_matmul_output.shape.rank() != 4) std::abort();
  if (!finite) return;
  for (const Real y : r.y.data)
    if (!std::isfinite(y)) std::abort();
  if (a.qk_matmul_output_mode != 3) return;
  for (const Real p : r.qk_matmul_output.data)
    if (!(p >= 0 && p <= Real(1.00001))) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider in(data, size);
  OnnxAttention a;
  bool finite = true;
  const bool fits = in.ConsumeBool();  // half of the time, shapes that agree
  const Index b = in.ConsumeIntegralInRange<Index>(0, 3), h = in.ConsumeIntegralInRange<Index>(1, 3);
  const Index t = in.ConsumeIntegralInRange<Index>(0, 4), s = in.ConsumeIntegralInRange<Index>(0, 4);
  const Index d = in.ConsumeIntegralInRange<Index>(1, 3), past = in.ConsumeIntegralInRange<Index>(0, 3);
  a.q = tensor(in, fits ? Shape{b, h, t, d} : shape(in, 2, 5), finite);
  a.k = tensor(in, fits ? Shape{b, 1, s, d} : shape(in, 2, 5), finite);
  a.v = tensor(in, fits ? Shape{b, 1, s, 2} : shape(in, 2, 5), finite);
  if (in.ConsumeBool()) {
    a.past_key = tensor(in, fits ? Shape{b, 1, past, d} : shape(in, 2, 5), finite);
    a.past_value = tensor(in, fits ? Shape{b, 1, past, 2} : shape(in, 2, 5), finite);
  } else if (in.ConsumeBool()) {
    std::vector<std::int64_t> lengths;
    for (Index i = 0; i < b; ++i) lengths.push_back(in.ConsumeIntegralInRange<std::int64_t>(-1, 5));
    a.nonpad_kv_seqlen = lengths;
  }
  if (in.ConsumeBool()) {
    if (in.ConsumeBool()) {
      a.mask = tensor(in, shape(in, 0, 5), finite);
    } else {
      BoolTensor mask;
      Index n = 1;
      for (const Shape sh = shape(in, 0, 4); static_cast<int>(mask.shape.size()) < sh.rank();) {
        mask.shape.push_back(sh[static_cast<int>(mask.shape.size())]);
        n *= mask.shape.back();
      }
      for (Index i = 0; i < n; ++i) mask.values.push_back(in.ConsumeBool());
      a.mask = mask;
    }
  }
  a.is_causal = in.ConsumeBool();
  a.q_num_heads = in.ConsumeIntegralInRange<Index>(-1, 4);
  a.kv_num_heads = in.ConsumeIntegralInRange<Index>(-1, 4);
  a.qk_matmul_output_mode = in.ConsumeIntegralInRange(-1, 4);
  for (Index* window : {&a.left_window_size, &a.right_window_size})  // exporters write the widest for "none"
    *window = in.ConsumeProbability<float>() < 0.05f ? std::numeric_limits<Index>::max()
                                                     : in.ConsumeIntegralInRange<Index>(-2, 4);
  if (in.ConsumeBool()) a.softcap = static_cast<Real>(in.ConsumeIntegralInRange(0, 30));
  const auto r = onnx_attention(a);
  if (r.ok()) check(a, *r, finite);
  return 0;
}
