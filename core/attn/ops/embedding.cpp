#include "attn/ops/embedding.hpp"

#include <cmath>

#include "attn/math/vector.hpp"
#include "attn/ops/elementwise.hpp"

namespace attn {

namespace {

[[noreturn, gnu::noinline]] void outside(TokenId token, Index place, Index rows) {
  throw ShapeError("token " + std::to_string(token) + " at place " + std::to_string(place) +
                   " is outside the table of " + std::to_string(rows));
}

// Calls f(row of the table, row of the result) for each token.
template <class F>
void for_rows(const Shape& table, const TokenId* tokens, Index n, F f) {
  for (Index i = 0; i < n; ++i) {
    if (tokens[i] < 0 || tokens[i] >= table[0]) outside(tokens[i], i, table[0]);
    f(tokens[i], i);
  }
}

}  // namespace

void embedding_forward(View out, ConstView table, const TokenId* tokens) {
  const Index width = table.shape[1];
  for_rows(table.shape, tokens, out.size() / width,
           [=](Index from, Index to) { vec::copy(table.data + from * width, out.data + to * width, width); });
}

void embedding_forward(View out, const StoredView& table, const TokenId* tokens) {
  const Index width = table.shape[1];
  for_rows(table.shape, tokens, out.size() / width, [=](Index from, Index to) {
    widen(table.data + from * width, table.storage, out.data + to * width, width);
  });
}

void embedding_backward(View dtable, ConstView dout, const TokenId* tokens) {
  const Index width = dtable.shape[1], n = dout.size() / width;
  for (Index i = 0; i < n; ++i)
    vec::accumulate(dout.data + i * width, dtable.data + tokens[i] * width, width);
}

Var embedding(Tape& tape, Var table, const TokenId* tokens, Index batch, Index length) {
  const Var out = tape.result({batch, length, tape.shape(table)[1]}, tape.needs_grad(table));
  if (tape.is_stored(table)) {
    embedding_forward(tape.mutable_value(out), tape.stored(table), tokens);
    return out;
  }
  embedding_forward(tape.mutable_value(out), tape.value(table), tokens);
  tape.on_backward(out, [=](Tape& t) { embedding_backward(t.grad(table), t.grad(out), tokens); });
  return out;
}

void add_rows_forward(View out, ConstView x, ConstView rows) {
  const Index n = rows.size();
  for (Index start = 0; start < out.size(); start += n)
    vec::add(x.data + start, rows.data, out.data + start, n);
}

void add_rows_backward(View drows, ConstView dout) {
  const Index n = drows.size();
  for (Index start = 0; start < dout.size(); start += n) vec::accumulate(dout.data + start, drows.data, n);
}

Var add_rows(Tape& tape, Var x, Var rows) {
  const Shape shape = tape.value(x).shape;
  expect_shape("add_rows", tape.value(rows).shape, Shape{shape[1], shape[2]});
  const Var out = tape.result(shape, tape.needs_grad(x) || tape.needs_grad(rows));
  add_rows_forward(tape.mutable_value(out), tape.value(x), tape.value(rows));
  tape.on_backward(out, [x, rows, out](Tape& t) {
    // forward: out = x + rows
    const View dout = t.grad(out);
    if (t.needs_grad(rows)) add_rows_backward(t.grad(rows), dout);
    pass_gradient(t, x, dout);
  });
  return out;
}

Var repeat_rows(Tape& tape, Var rows, Index batch) {
  const Shape s = tape.value(rows).shape;
  const Var out = tape.result({batch, s[0], s[1]}, tape.needs_grad(rows));
  for (Index b = 0; b < batch; ++b)
    vec::copy(tape.value(rows).data, tape.mutable_value(out).data + b * s.size(), s.size());
  tape.on_backward(out, [rows, out](Tape& t) { add_rows_backward(t.grad(rows), t.grad(out)); });
  return out;
}

void sinusoidal_table(View out, Index first) {
  const Index width = out.shape[1];
  for (Index t = 0; t < out.shape[0]; ++t)
    for (Index i = 0; i < width; ++i) {
      const double exponent = static_cast<double>(i / 2 * 2) / static_cast<double>(width);
      const double angle = static_cast<double>(first + t) / std::pow(10000.0, exponent);
      out[t * width + i] = static_cast<Real>(i % 2 ? std::cos(angle) : std::sin(angle));
    }
}

Var slice_rows(Tape& tape, Var table, Index first, Index count) {
  const ConstView whole = tape.value(table);
  const Index width = whole.shape[1];
  if (first < 0 || count < 0 || first + count > whole.shape[0])
    throw ShapeError("rows " + std::to_string(first) + ".." + std::to_string(first + count) + " of " +
                     to_string(whole.shape));
  const Shape shape{count, width};
  const View grad = tape.grad(table);  // a parameter's own; empty for a constant
  return tape.parameter({whole.data + first * width, shape},
                        grad.data ? View{grad.data + first * width, shape} : View{});
}

}  // namespace attn
