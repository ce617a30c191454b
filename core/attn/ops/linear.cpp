#include "attn/ops/linear.hpp"

#include "attn/math/vector.hpp"

namespace attn {
namespace {

// Columns [first, first + n) and rows [first, first + n) of a matrix.
template <class T>
BasicMatrix<T> columns(const BasicMatrix<T>& m, Index first, Index n) {
  return {m.data ? m.data + first * m.col_stride : nullptr, m.rows, n, m.row_stride, m.col_stride};
}
template <class T>
BasicMatrix<T> rows_of(const BasicMatrix<T>& m, Index first, Index n) {
  return {m.data ? m.data + first * m.row_stride : nullptr, n, m.cols, m.row_stride, m.col_stride};
}

// Everything a pass needs, by value: lives in the tape's arena.
struct LinearCall {
  Var x, w, b, y;
  Index rows, in, out;
  LinearOptions options;

  ConstMatrix input(Tape& t) const { return {t.value(x).data, rows, in}; }
  ConstMatrix weights(Tape& t) const {
    const Real* data = t.value(w).data;
    return options.transposed ? ConstMatrix(data, out, in).transposed() : ConstMatrix(data, in, out);
  }
};

void add_bias(Matrix y, const Real* b) {
  if (!b) return;
  for (Index i = 0; i < y.rows; ++i) vec::accumulate(b, y.data + i * y.row_stride, y.cols);
}

// One product per group of output columns, or a single one.
void forward(Tape& tape, const LinearCall& c) {
  const Index heads = c.options.output_heads, width = c.out / heads;
  const Matrix y(tape.mutable_value(c.y).data, c.rows, c.out);
  const Real* b = c.b.valid() ? tape.value(c.b).data : nullptr;
  if (tape.is_stored(c.w)) {
    matmul_stored(y, c.input(tape), tape.stored(c.w), c.options.transposed);
    return add_bias(y, b);
  }
  for (Index h = 0; h < heads; ++h)
    linear_forward(columns(y, h * width, width), c.input(tape), columns(c.weights(tape), h * width, width),
                   b ? b + h * width : nullptr);
}

void add_weight_gradient(Matrix dw, ConstMatrix x, ConstMatrix dy, const LinearOptions& options) {
  if (options.transposed) return matmul(dw, dy.transposed(), x, Store::add);  // d(Wᵀ) = dyᵀ x
  const Index inputs = options.input_heads, outputs = options.output_heads;
  const Index in = dw.rows / inputs, out = dw.cols / outputs;
  for (Index i = 0; i < inputs; ++i)
    for (Index o = 0; o < outputs; ++o)
      matmul(columns(rows_of(dw, i * in, in), o * out, out), columns(x, i * in, in).transposed(),
             columns(dy, o * out, out), Store::add);  // dW = xᵀ dy
}

void backward(Tape& tape, const LinearCall& c) {
  const View dy_view = tape.grad(c.y);
  const ConstMatrix dy(dy_view.data, c.rows, c.out);
  const Tape::GradTarget dx = tape.grad_target(c.x);
  if (dx.grad.data) {
    const Index heads = c.options.input_heads, width = c.in / heads;
    const Matrix target(dx.grad.data, c.rows, c.in);
    for (Index h = 0; h < heads; ++h)
      linear_backward(columns(target, h * width, width), dx.store, Matrix(), nullptr, dy, ConstMatrix(),
                      rows_of(c.weights(tape), h * width, width));
  }
  if (tape.needs_grad(c.w)) {
    const View dw = tape.grad(c.w);
    const Matrix target = c.options.transposed ? Matrix(dw.data, c.out, c.in) : Matrix(dw.data, c.in, c.out);
    add_weight_gradient(target, c.input(tape), dy, c.options);
  }
  if (tape.needs_grad(c.b))
    linear_backward(Matrix(), Store::add, Matrix(), tape.grad(c.b).data, dy, ConstMatrix(), ConstMatrix());
}

}  // namespace

void linear_forward(Matrix y, ConstMatrix x, ConstMatrix w, const Real* b) {
  matmul(y, x, w);
  add_bias(y, b);
}

void linear_backward(Matrix dx, Store dx_store, Matrix dw, Real* db, ConstMatrix dy, ConstMatrix x,
                     ConstMatrix w) {
  // forward: y = x W + b
  if (dx.data) matmul(dx, dy, w.transposed(), dx_store);    // dx = dy Wᵀ
  if (dw.data) matmul(dw, x.transposed(), dy, Store::add);  // dW = xᵀ dy
  if (!db) return;
  for (Index i = 0; i < dy.rows; ++i) vec::accumulate(dy.data + i * dy.row_stride, db, dy.cols);  // Σ dy
}

Var linear(Tape& tape, Var x, Var w, Var b, Index rows, const Shape& out, const LinearOptions& options) {
  const Index in = rows ? tape.value(x).size() / rows : 0, cols = rows ? out.size() / rows : 0;
  if (rows && (tape.value(x).size() != rows * in || tape.shape(w).size() != in * cols ||
               (b.valid() && tape.value(b).size() != cols)))
    throw ShapeError("linear: x " + to_string(tape.value(x).shape) + ", W " + to_string(tape.shape(w)) +
                     " do not give " + to_string(out) + " for " + std::to_string(rows) + " rows");
  LinearCall call{x, w, b, Var{}, rows, in, cols, options};
  call.y = tape.result(out, tape.needs_grad(x) || tape.needs_grad(w) || tape.needs_grad(b));
  forward(tape, call);
  tape.on_backward(call.y, [call](Tape& t) { backward(t, call); });
  return call.y;
}

}  // namespace attn
