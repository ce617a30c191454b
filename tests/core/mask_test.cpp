#include "attn/attention/mask.hpp"

#include <doctest.h>

#include <cmath>
#include <limits>

using namespace attn;

namespace {

// The keys a query sees, one by one, straight from the definition.
bool seen(const KeyMask& m, Index b, Index i, Index j) {
  const Index position = m.past + i;
  return (!m.causal || j <= position) && (m.left < 0 || j >= position - m.left) &&
         (m.right < 0 || j <= position + m.right) && (!m.lengths || j < m.lengths[b]);
}

}  // namespace

TEST_CASE("mask: the interval is exactly the keys that every condition allows") {
  const Index lengths[] = {0, 3, 9};
  for (bool causal : {false, true})
    for (Index past : {0, 2, 5})
      for (Index left : {-1, 0, 1, 4})
        for (Index right : {-1, 0, 2})
          for (const Index* padded :
               {static_cast<const Index*>(nullptr), static_cast<const Index*>(lengths)}) {
            const KeyMask mask{causal, past, left, right, padded};
            for (Index b = 0; b < 3; ++b)
              for (Index i = 0; i < 6; ++i) {
                const KeyRange range = mask.row(b, i, 9);
                CHECK((0 <= range.begin && range.begin <= range.end && range.end <= 9));
                for (Index j = 0; j < 9; ++j)
                  CHECK(seen(mask, b, i, j) == (range.begin <= j && j < range.end));
              }
          }
}

TEST_CASE("mask: a window as wide as the type is no window") {
  constexpr Index widest = std::numeric_limits<Index>::max();
  for (Index past : {-3, 0, 5})
    for (Index i = 0; i < 6; ++i) {
      const KeyRange range = KeyMask{false, past, widest, widest}.row(0, i, 9);
      CHECK(range.begin == 0);
      CHECK(range.end == 9);
    }
}

TEST_CASE("mask: causal with a past is aligned to the bottom right") {
  KeyMask mask;
  mask.causal = true;
  mask.past = 3;  // S = past + T
  CHECK(mask.row(0, 0, 5).end == 4);
  CHECK(mask.row(0, 1, 5).end == 5);
}

TEST_CASE("mask: unseen scores become -inf, the others stay; a bias adds") {
  Tensor s(Shape{3, 4}), bias(Shape{3, 4});
  for (Index e = 0; e < 12; ++e) s.view()[e] = static_cast<Real>(e), bias.view()[e] = Real(0.5);
  KeyMask mask;
  mask.causal = true;
  add_bias(as_matrix(s.view()), as_matrix(ConstView(bias)));
  mask_scores(as_matrix(s.view()), mask, 0);
  for (Index i = 0; i < 3; ++i)
    for (Index j = 0; j < 4; ++j) {
      const Real v = s.view()[i * 4 + j];
      if (j <= i)
        CHECK(v == static_cast<Real>(i * 4 + j) + Real(0.5));
      else
        CHECK((std::isinf(v) && v < 0));
    }
}
