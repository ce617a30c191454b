#include "attn/attention/fast_weights.hpp"

#include <cmath>

#include "attn/math/vector.hpp"

namespace attn {

// #region write-rule
void write_state(Matrix s, const Real* k, const Real* v, const WriteRule& rule) {
  for (Index i = 0; i < s.rows; ++i) {
    Real* row = &s(i, 0);
    const Real recalled = rule.erase ? rule.alpha * vec::dot(row, k, s.cols) : Real(0);  // α (S k)_i
    if (rule.alpha != 1) vec::scale(rule.alpha, row, row, s.cols);
    vec::axpy(rule.beta * (v[i] - recalled), k, row, s.cols);
  }
}

void read_state(const Real* q, ConstMatrix s, Real* y) {
  for (Index i = 0; i < s.rows; ++i) y[i] = vec::dot(&s(i, 0), q, s.cols);
}
// #endregion

namespace {

struct Scan {
  ConstHeads q, k, v;
  ConstView alpha, beta;  // [B, T, H] or empty
  bool erase;

  Real of(ConstView x, Index b, Index t, Index h) const {
    return x.data ? x[(b * k.tokens + t) * k.heads + h] : Real(1);
  }
  WriteRule rule(Index b, Index t, Index h) const { return {of(alpha, b, t, h), of(beta, b, t, h), erase}; }
};

// states: [B, H, T + 1, d_v, d_k] when the backward pass will want them, else [d_v, d_k], reused.
void forward(Heads y, const Scan& scan, View states, bool keep) {
  const Index n = scan.v.width * scan.k.width, T = scan.k.tokens;
  for (Index b = 0; b < y.batch; ++b)
    for (Index h = 0; h < y.heads; ++h) {
      Real* s = states.data + (keep ? (b * y.heads + h) * (T + 1) * n : 0);
      vec::fill(0, s, n);
      for (Index t = 0; t < T; ++t) {
        if (keep) vec::copy(s, s + n, n), s += n;
        const Matrix state(s, scan.v.width, scan.k.width);
        write_state(state, scan.k.vector(b, t, h), scan.v.vector(b, t, h), scan.rule(b, t, h));
        read_state(scan.q.vector(b, t, h), state, y.vector(b, t, h));
      }
    }
}

struct ScanGrads {
  Heads q, k, v;
  View alpha, beta;  // empty: not wanted
};

// One step backward. On entry ds = dL/dS_t without the read at t, on return dL/dS_{t-1}.
//   forward: r = S k (of S_{t-1}), e = v - [erase] α r, S' = α S + β e kᵀ, y = S' q
void step_backward(const Scan& scan, const ScanGrads& out, Matrix ds, ConstMatrix before, ConstMatrix after,
                   const Real* dy, Index b, Index t, Index h) {
  const Index n = scan.k.width;
  const Real *q = scan.q.vector(b, t, h), *k = scan.k.vector(b, t, h), *v = scan.v.vector(b, t, h);
  const WriteRule rule = scan.rule(b, t, h);
  Real dalpha = 0, dbeta = 0;
  for (Index i = 0; i < ds.rows; ++i) {
    Real* g = &ds(i, 0);
    const Real* s = &before(i, 0);
    if (out.q.data) vec::axpy(dy[i], &after(i, 0), out.q.vector(b, t, h), n);  // y = S' q
    vec::axpy(dy[i], q, g, n);
    const Real r = scan.erase ? vec::dot(s, k, n) : Real(0);
    const Real e = v[i] - rule.alpha * r;
    const Real gk = vec::dot(g, k, n);  // S' = α S + β e kᵀ
    const Real de = rule.beta * gk;
    dbeta += e * gk;
    dalpha += vec::dot(g, s, n);
    if (out.v.data) out.v.vector(b, t, h)[i] += de;
    if (out.k.data) vec::axpy(rule.beta * e, g, out.k.vector(b, t, h), n);
    vec::scale(rule.alpha, g, g, n);
    if (scan.erase) {  // e = v - α S k
      dalpha -= de * r;
      if (out.k.data) vec::axpy(-rule.alpha * de, s, out.k.vector(b, t, h), n);
      vec::axpy(-rule.alpha * de, k, g, n);
    }
  }
  const Index at = (b * scan.k.tokens + t) * scan.k.heads + h;
  if (out.alpha.data) out.alpha[at] += dalpha;
  if (out.beta.data) out.beta[at] += dbeta;
}

void backward(const ScanGrads& out, ConstHeads dy, const Scan& scan, ConstView states, Real* scratch) {
  const Index d = scan.k.width, e = scan.v.width, n = d * e, T = scan.k.tokens;
  for (Index b = 0; b < dy.batch; ++b)
    for (Index h = 0; h < dy.heads; ++h) {
      vec::fill(0, scratch, n);
      const Real* all = states.data + (b * dy.heads + h) * (T + 1) * n;
      for (Index t = T - 1; t >= 0; --t)
        step_backward(scan, out, Matrix(scratch, e, d), ConstMatrix(all + t * n, e, d),
                      ConstMatrix(all + (t + 1) * n, e, d), dy.vector(b, t, h), b, t, h);
    }
}

Heads heads_or_none(View grad) { return grad.data ? token_major(grad) : Heads{}; }

}  // namespace

Var fast_weights(Tape& tape, Var q, Var k, Var v, Var alpha, Var beta, bool erase) {
  const Shape shape = tape.value(k).shape, values = tape.value(v).shape;
  if (shape.rank() != 4 || values.rank() != 4)
    throw ShapeError("fast_weights: k is " + to_string(shape) + ", v is " + to_string(values) +
                     ", not [B, T, H, d]");
  const Shape gate{shape[0], shape[1], shape[2]};
  expect_shape("fast_weights: q", tape.value(q).shape, shape);
  expect_shape("fast_weights: v", values, Shape{shape[0], shape[1], shape[2], values[3]});
  bool grads = tape.needs_grad(q) || tape.needs_grad(k) || tape.needs_grad(v);
  for (const Var factor : {alpha, beta})
    if (factor.valid()) {
      expect_shape("fast_weights: alpha, beta", tape.value(factor).shape, gate);
      grads = grads || tape.needs_grad(factor);
    }
  const bool keep = tape.training() && grads;
  const Var out = tape.result(values, grads);
  const View states = keep ? tape.scratch({shape[0], shape[2], shape[1] + 1, values[3], shape[3]})
                           : tape.scratch({values[3], shape[3]});
  const auto scan = [=](const Tape& t) {
    const auto of = [&t](Var x) { return x.valid() ? t.value(x) : ConstView{}; };
    return Scan{token_major(t.value(q)),
                token_major(t.value(k)),
                token_major(t.value(v)),
                of(alpha),
                of(beta),
                erase};
  };
  forward(token_major(tape.mutable_value(out)), scan(tape), states, keep);
  tape.on_backward(out, [=](Tape& t) {
    const auto grad = [&t](Var x) { return x.valid() && t.needs_grad(x) ? t.grad(x) : View{}; };
    const ScanGrads to{heads_or_none(grad(q)), heads_or_none(grad(k)), heads_or_none(grad(v)), grad(alpha),
                       grad(beta)};
    backward(to, token_major(ConstView(t.grad(out))), scan(t), states, t.scratch({values[3], shape[3]}).data);
  });
  return out;
}

Var elu_plus_one(Tape& tape, Var x) {
  const ConstView in = tape.value(x);
  const Var out = tape.result(in.shape, tape.needs_grad(x));
  const View y = tape.mutable_value(out);
  for (Index i = 0; i < in.size(); ++i) y[i] = in[i] > 0 ? in[i] + 1 : std::exp(in[i]);
  tape.on_backward(out, [=](Tape& t) {
    const ConstView value = t.value(x), result = t.value(out), dy = t.grad(out);
    const View dx = t.grad(x);
    for (Index i = 0; i < value.size(); ++i) dx[i] += dy[i] * (value[i] > 0 ? Real(1) : result[i]);
  });
  return out;
}

Var unit_length(Tape& tape, Var x) {
  const ConstView in = tape.value(x);
  const Index n = in.shape[-1], rows = n ? in.size() / n : 0;
  const Var out = tape.result(in.shape, tape.needs_grad(x));
  const View y = tape.mutable_value(out), lengths = tape.scratch({rows});
  for (Index r = 0; r < rows; ++r) {
    const Real length = std::sqrt(vec::sum_squares(in.data + r * n, n));
    lengths[r] = length > Real(1e-6) ? length : Real(0);
    vec::scale(lengths[r] > 0 ? 1 / length : Real(0), in.data + r * n, y.data + r * n, n);
  }
  tape.on_backward(out, [=](Tape& t) {
    const ConstView unit = t.value(out), dy = t.grad(out);
    const View dx = t.grad(x);
    for (Index r = 0; r < rows; ++r) {
      if (lengths[r] == 0) continue;
      const Real *u = unit.data + r * n, *g = dy.data + r * n;
      const Real along = vec::dot(u, g, n);  // dx = (g - u (u·g)) / ‖x‖
      for (Index i = 0; i < n; ++i) dx[r * n + i] += (g[i] - u[i] * along) / lengths[r];
    }
  });
  return out;
}

Var divide_by_last(Tape& tape, Var y) {
  const ConstView in = tape.value(y);
  const Index n = in.shape[-1] - 1;
  if (n < 1) throw ShapeError("divide_by_last: nothing before the last column of " + to_string(in.shape));
  const Index rows = in.size() / (n + 1);
  Shape shape = in.shape;
  shape.set(-1, n);
  const Var out = tape.result(shape, tape.needs_grad(y));
  const View z = tape.mutable_value(out);
  for (Index r = 0; r < rows; ++r)
    vec::scale(1 / in[r * (n + 1) + n], in.data + r * (n + 1), z.data + r * n, n);
  tape.on_backward(out, [=](Tape& t) {
    const ConstView from = t.value(y), value = t.value(out), g = t.grad(out);
    const View dy = t.grad(y);
    for (Index r = 0; r < rows; ++r) {
      const Real inverse = 1 / from[r * (n + 1) + n];
      vec::axpy(inverse, g.data + r * n, dy.data + r * (n + 1), n);
      dy[r * (n + 1) + n] -= inverse * vec::dot(g.data + r * n, value.data + r * n, n);
    }
  });
  return out;
}

Var append_one(Tape& tape, Var v) {
  const ConstView in = tape.value(v);
  const Index n = in.shape[-1], rows = in.size() / n;
  Shape shape = in.shape;
  shape.set(-1, n + 1);
  const Var out = tape.result(shape, tape.needs_grad(v));
  const View y = tape.mutable_value(out);
  for (Index r = 0; r < rows; ++r) {
    vec::copy(in.data + r * n, y.data + r * (n + 1), n);
    y[r * (n + 1) + n] = 1;
  }
  tape.on_backward(out, [=](Tape& t) {
    const ConstView g = t.grad(out);
    const View dv = t.grad(v);
    for (Index r = 0; r < rows; ++r) vec::accumulate(g.data + r * (n + 1), dv.data + r * n, n);
  });
  return out;
}

}  // namespace attn
