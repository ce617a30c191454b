// Models whose weights are written by hand, so that what their heads do is known exactly.
#pragma once

#include "attn/model/transformer.hpp"

namespace handmade {

using namespace attn;

inline constexpr Index V = 8, T = 16;

// Where things live in the residual stream: the token, its position, the previous token, the answer.
inline constexpr Index token_at = 0, position_at = V, previous_at = V + T, answer_at = 2 * V + T;
inline constexpr Index D = 3 * V + T;

inline ModelConfig config(Index layers) {
  ModelConfig c;
  c.vocab = V;
  c.context = T;
  c.layers = layers;
  c.width = D;
  c.heads = 1;
  c.head_width = T;
  c.norm = NormPlacement::none;
  c.position = PositionKind::learned;
  c.scale = 1;
  return c;
}

// Head 0 of layer 0 reads position t - 1 and notes its token as "the previous token". The first
// position can only read itself.
inline Model previous_token_model(Index layers = 1, Real sharpness = 200) {
  Model m{config(layers), Parameters(config(layers))};
  Parameters& p = m.parameters;
  const auto set = [&p](const char* name, Index row, Index col, Real value) {
    const View w = p[name];
    const Index cols = w.size() / w.shape[0];  // [D, H=1, d], [V, D] … : as a matrix of shape[0] rows
    w[row * cols + col] = value;
  };
  for (Index v = 0; v < V; ++v) set("embed.W_E", v, token_at + v, 1);
  for (Index t = 0; t < T; ++t) set("pos_embed.W_pos", t, position_at + t, 1);
  for (Index t = 0; t < T; ++t) set("blocks.0.attn.W_Q", position_at + t, t, sharpness);
  for (Index s = 0; s + 1 < T; ++s) set("blocks.0.attn.W_K", position_at + s, s + 1, 1);
  for (Index v = 0; v < V; ++v) set("blocks.0.attn.W_V", token_at + v, v, 1);
  for (Index v = 0; v < V; ++v) p["blocks.0.attn.W_O"][v * D + previous_at + v] = 1;  // [H=1, d, D]
  for (Index v = 0; v < V; ++v) set("unembed.W_U", answer_at + v, v, 10);
  return m;
}

// Head 0 of layer 1 looks for the token whose previous token is the present one, and copies it:
// with layer 0 above, an induction head (Elhage et al. 2021).
inline Model induction_model(Real sharpness = 200) {
  Model m = previous_token_model(2, sharpness);
  Parameters& p = m.parameters;
  const View q = p["blocks.1.attn.W_Q"], k = p["blocks.1.attn.W_K"], v = p["blocks.1.attn.W_V"],
             o = p["blocks.1.attn.W_O"];  // [D, 1, T] ×3, [1, T, D]
  for (Index i = 0; i < V; ++i) {
    q[(token_at + i) * T + i] = sharpness;
    k[(previous_at + i) * T + i] = 1;
    k[position_at * T + i] = -1;  // position 0 has noted itself as its own previous token: not a match
    v[(token_at + i) * T + i] = 1;
    o[i * D + answer_at + i] = 1;
  }
  return m;
}

// 0 1 … half-1 in a rotated order, twice: every token occurs once in each half.
inline TokenBatch distinct_repeat(Index batch, Index half = V) {
  TokenBatch b;
  b.batch = batch;
  b.length = 2 * half;
  for (Index s = 0; s < batch; ++s)
    for (Index t = 0; t < 2 * half; ++t) b.tokens.push_back(static_cast<TokenId>((t % half * 3 + s) % half));
  return b;
}

}  // namespace handmade
