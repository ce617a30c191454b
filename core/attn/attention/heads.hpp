// The heads of a tensor as matrices inside it, without a copy, whichever axis comes first.
#pragma once

#include "attn/math/matmul.hpp"

namespace attn {

// T tokens of H heads of width d in B sequences, by strides: the model's activations are
// [B, T, H, d] (so that all heads are one product), a cache and the ONNX operator use [B, H, T, d].
template <class T>
struct BasicHeads {
  T* data = nullptr;
  Index batch = 0, heads = 0, tokens = 0, width = 0;
  Index batch_stride = 0, head_stride = 0, token_stride = 0;

  // One head of one sequence: [T, d].
  BasicMatrix<T> matrix(Index b, Index h) const {
    return {data + b * batch_stride + h * head_stride, tokens, width, token_stride};
  }
  // The vector of one token: d numbers.
  T* vector(Index b, Index t, Index h) const {
    return data + b * batch_stride + t * token_stride + h * head_stride;
  }
  // The first n tokens only (a cache filled to n of its capacity).
  BasicHeads first(Index n) const {
    BasicHeads out = *this;
    out.tokens = n;
    return out;
  }
  operator BasicHeads<const T>() const {
    return {data, batch, heads, tokens, width, batch_stride, head_stride, token_stride};
  }
};

using Heads = BasicHeads<Real>;
using ConstHeads = BasicHeads<const Real>;

// x: [B, T, H, d].
template <class T>
BasicHeads<T> token_major(const BasicView<T>& x) {
  const Shape& s = x.shape;
  return {x.data, s[0], s[2], s[1], s[3], s[1] * s[2] * s[3], s[3], s[2] * s[3]};
}

// x: [B, H, T, d].
template <class T>
BasicHeads<T> head_major(const BasicView<T>& x) {
  const Shape& s = x.shape;
  return {x.data, s[0], s[1], s[2], s[3], s[1] * s[2] * s[3], s[2] * s[3], s[3]};
}

// The slice [T, S] of one head in a [B, H, T, S] tensor of scores or patterns.
template <class T>
BasicMatrix<T> map_of(const BasicView<T>& x, Index b, Index h) {
  const Shape& s = x.shape;
  return {x.data + (b * s[1] + h) * s[2] * s[3], s[2], s[3]};
}

}  // namespace attn
