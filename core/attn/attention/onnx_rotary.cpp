// The ONNX RotaryEmbedding operator, opset 23 (onnx/docs/Operators.md#RotaryEmbedding).
#include "attn/attention/heads.hpp"
#include "attn/attention/onnx_attention.hpp"
#include "attn/attention/rotary.hpp"

namespace attn {

namespace {

Error misfit(const std::string& what) { return {ErrorCode::mismatch, "rotary: " + what}; }

struct Extents {
  Index batch = 0, heads = 0, tokens = 0, width = 0;  // B, H, T, d
};

Result<Extents> input_extents(const OnnxRotary& in) {
  const Shape& s = in.input.shape;
  if (in.num_heads < 0) return misfit("num_heads is negative");
  if (s.rank() == 4) {
    if (in.num_heads != 0 && in.num_heads != s[1])
      return misfit("num_heads = " + std::to_string(in.num_heads) + ", but the input is " + to_string(s));
    return Extents{s[0], s[1], s[2], s[3]};
  }
  if (s.rank() != 3)
    return misfit("the input is " + to_string(s) + "; it must be [B, H, T, d] or [B, T, H*d]");
  if (in.num_heads == 0) return misfit("a 3-D input needs the attribute num_heads");
  if (s[2] % in.num_heads != 0)
    return misfit("the input is " + to_string(s) +
                  "; its last axis is not a multiple of num_heads = " + std::to_string(in.num_heads));
  return Extents{s[0], in.num_heads, s[1], s[2] / in.num_heads};
}

Result<Index> rotated_width(const OnnxRotary& in, Index width) {
  const Index r = in.rotary_embedding_dim == 0 ? width : in.rotary_embedding_dim;
  if (r < 0 || r > width)
    return misfit("rotary_embedding_dim = " + std::to_string(r) + " for heads of width " +
                  std::to_string(width));
  if (r % 2 != 0) return misfit("coordinates turn in pairs; " + std::to_string(r) + " of them is odd");
  return r;
}

// The caches are a table by position [max, r/2], or the rows themselves [B, T, r/2].
Status check_caches(const OnnxRotary& in, const Extents& x, Index pairs) {
  const Shape &c = in.cos_cache.shape, &s = in.sin_cache.shape;
  if (c != s) return misfit("cos_cache is " + to_string(c) + ", sin_cache " + to_string(s));
  const int rank = in.position_ids ? 2 : 3;
  if (c.rank() != rank)
    return misfit("cos_cache is " + to_string(c) +
                  (in.position_ids ? "; with position_ids it must be [positions, r/2]"
                                   : "; without position_ids it must be [B, T, r/2]"));
  if (c[-1] != pairs)
    return misfit("cos_cache is " + to_string(c) + "; its last axis must be half of the " +
                  std::to_string(2 * pairs) + " rotated coordinates");
  if (!in.position_ids) {
    if ((c[0] != x.batch && c[0] != 1) || c[1] != x.tokens)
      return misfit("cos_cache is " + to_string(c) + " for an input " + to_string(in.input.shape));
    return Unit{};
  }
  const auto n = static_cast<Index>(in.position_ids->size());
  if (n != x.batch * x.tokens && n != x.tokens)
    return misfit("position_ids has " + std::to_string(n) + " entries for " + std::to_string(x.batch) +
                  " x " + std::to_string(x.tokens) + " tokens");
  for (const std::int64_t id : *in.position_ids)
    if (id < 0 || id >= c[0])
      return Error{ErrorCode::out_of_range, "rotary: position " + std::to_string(id) + " is outside the " +
                                                std::to_string(c[0]) + " rows of cos_cache"};
  return Unit{};
}

// The row of the caches that turns token t of sequence b.
Index cache_row(const OnnxRotary& in, const Extents& x, Index b, Index t) {
  if (!in.position_ids) return (in.cos_cache.shape[0] == 1 ? 0 : b) * x.tokens + t;
  const bool shared = static_cast<Index>(in.position_ids->size()) == x.tokens;  // [1, T]
  return static_cast<Index>((*in.position_ids)[static_cast<std::size_t>((shared ? 0 : b) * x.tokens + t)]);
}

}  // namespace

Result<Tensor> onnx_rotary(const OnnxRotary& in) {
  const auto found = input_extents(in);
  if (!found) return found.error();
  const Extents& x = *found;
  const auto r = rotated_width(in, x.width);
  if (!r) return r.error();
  const Index pairs = *r / 2;
  const Status fits = check_caches(in, x, pairs);
  if (!fits) return fits.error();

  Tensor out = in.input;
  const Heads y = in.input.shape.rank() == 4
                      ? head_major(View(out))
                      : token_major(View(out).reshaped({x.batch, x.tokens, x.heads, x.width}));
  const RotaryPairs layout = in.interleaved ? RotaryPairs::interleaved : RotaryPairs::half;
  for (Index b = 0; b < x.batch; ++b)
    for (Index t = 0; t < x.tokens; ++t) {
      const Index row = cache_row(in, x, b, t) * pairs;
      for (Index h = 0; h < x.heads; ++h) {
        Real* vector = y.vector(b, t, h);
        rotate(vector, vector, in.cos_cache.data.data() + row, in.sin_cache.data.data() + row, pairs, x.width,
               layout);
      }
    }
  return out;
}

}  // namespace attn
