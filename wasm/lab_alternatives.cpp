// Chapter 17: tiles, memories of a fixed size, random features, and a race of memories that are trained.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "attn/analysis/memory_capacity.hpp"
#include "attn/attention/online_softmax.hpp"
#include "attn/attention/random_features.hpp"
#include "attn/math/vector.hpp"
#include "attn/train/recall_model.hpp"
#include "lab.hpp"

namespace attn::wasm {

namespace {

using io::Json;

constexpr Index max_recall_steps = 200, recall_exam = 128;

// The definition, row by row in double: what tiles are compared with.
double largest_error(ConstMatrix q, ConstMatrix k, ConstMatrix v, Real scale, const Tensor& got) {
  double worst = 0;
  std::vector<double> weights(static_cast<std::size_t>(k.rows));
  for (Index i = 0; i < q.rows; ++i) {
    double most = -1e300, total = 0;
    for (Index j = 0; j < k.rows; ++j) {
      double dot = 0;
      for (Index c = 0; c < q.cols; ++c) dot += static_cast<double>(q(i, c)) * static_cast<double>(k(j, c));
      most = std::max(most, weights[static_cast<std::size_t>(j)] = static_cast<double>(scale) * dot);
    }
    for (double& w : weights) total += w = std::exp(w - most);
    for (Index c = 0; c < v.cols; ++c) {
      double y = 0;
      for (Index j = 0; j < k.rows; ++j)
        y += weights[static_cast<std::size_t>(j)] * static_cast<double>(v(j, c));
      worst = std::max(
          worst,
          std::fabs(y / total - static_cast<double>(got.data[static_cast<std::size_t>(i * v.cols + c)])));
    }
  }
  return worst;
}

Tensor normal(const Shape& shape, Rng& rng) {
  Tensor t(shape);
  fill_normal(t, rng, 1);
  return t;
}

// Keys in the order in which the first query's scores rise or fall: the worst and the best for the maximum.
Tensor ordered(const Tensor& keys, const Real* query, bool rising) {
  const Index n = keys.shape[0], d = keys.shape[1];
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index(0));
  const auto score = [&](Index j) { return vec::dot(query, keys.data.data() + j * d, d); };
  std::stable_sort(order.begin(), order.end(),
                   [&](Index a, Index b) { return rising ? score(a) < score(b) : score(a) > score(b); });
  Tensor out(keys.shape);
  for (Index j = 0; j < n; ++j)
    vec::copy(keys.data.data() + order[static_cast<std::size_t>(j)] * d, out.data.data() + j * d, d);
  return out;
}

// The first query's state after each of its tiles.
void put_trace(Reply& reply, ConstMatrix q, ConstMatrix k, ConstMatrix v, Real scale, Index tile) {
  OnlineRow row(v.cols);
  const Index tiles = (k.rows + tile - 1) / tile;
  Tensor maximum(Shape{tiles}), denominator(Shape{tiles}), changed(Shape{tiles});
  std::vector<Real> scores;
  for (Index t = 0; t < tiles; ++t) {
    const Index from = t * tile, n = std::min(tile, k.rows - from), before = row.rescales;
    scores.clear();
    for (Index j = 0; j < n; ++j) scores.push_back(scale * vec::dot(&q(0, 0), &k(from + j, 0), q.cols));
    row.absorb(scores.data(), ConstMatrix(&v(from, 0), n, v.cols, v.row_stride));
    const auto at = static_cast<std::size_t>(t);
    maximum.data[at] = row.maximum, denominator.data[at] = row.denominator;
    changed.data[at] = static_cast<Real>(row.rescales - before);
  }
  reply.value.set("rescales", json_of_count(row.rescales));
  reply.tensors.push_back({"maximum", std::move(maximum)});
  reply.tensors.push_back({"denominator", std::move(denominator)});
  reply.tensors.push_back({"rescaled", std::move(changed)});
}

RecallConfig recall_config(const Fields& fields) {
  RecallConfig c;
  c.memory = static_cast<Memory>(
      fields.choice("memory", {"softmax", "additive", "positive", "decayed", "delta", "gated"}));
  c.task.kind = TaskKind::recall;
  c.task.pairs = fields.index_or("pairs", 1, 32, 16);
  c.task.vocab = fields.index_or("vocab", 2, 128, 64);
  c.task.length = fields.index_or("length", 1, 128, 4 * c.task.pairs);
  c.width = fields.index_or("width", 1, 64, c.width);
  c.key_width = fields.index_or("key_width", 1, 64, c.key_width);
  c.batch = fields.index_or("batch", 1, 64, c.batch);
  c.learning_rate = fields.number_or("learning_rate", c.learning_rate);
  c.seed = fields.seed("seed");
  if (const Status status = validate(c); !status.ok()) throw Refusal(status.error());
  return c;
}

}  // namespace

Reply LabSession::tiled_attention(const Request& request) {
  const Fields fields(request.json, "request");
  const Index tokens = fields.index_or("tokens", 1, 1024, 256), width = fields.index_or("width", 1, 128, 32);
  const TileSizes tiles{fields.index_or("queries", 1, 1024, 16), fields.index_or("keys", 1, 1024, 16)};
  const Index order = fields.has("order") ? fields.choice("order", {"random", "rising", "falling"}) : 0;
  Rng rng(fields.seed("seed"));
  const Shape shape{tokens, width};
  const Tensor q = normal(shape, rng), v = normal(shape, rng);
  Tensor k = normal(shape, rng);
  if (order > 0) k = ordered(k, q.data.data(), order == 1);
  const ConstMatrix queries = as_matrix(q.view()), keys = as_matrix(std::as_const(k).view()),
                    values = as_matrix(v.view());
  const Real scale = 1 / std::sqrt(static_cast<Real>(width));
  const TiledAttention tiled = attn::tiled_attention(queries, keys, values, scale, tiles);
  const Traffic whole = untiled_traffic(tokens, tokens, width, width);
  Reply reply;
  reply.value.set("error", json_of_double(largest_error(queries, keys, values, scale, tiled.output)));
  reply.value.set("traffic", json_of_count(tiled.traffic.total()));
  reply.value.set("untiled", json_of_count(whole.total()));
  reply.value.set("mean_rescales",
                  json_of_double(static_cast<double>(tiled.rescales) / static_cast<double>(tokens)));
  put_trace(reply, queries, keys, values, scale, tiles.keys);
  return reply;
}

Reply LabSession::memory_capacity(const Request& request) {
  const Fields fields(request.json, "request");
  const std::vector<Index> counts = fields.indices("keys", 1, 512);
  CapacityConfig c;
  c.width = fields.index_or("width", 1, 64, c.width);
  c.versions = fields.index_or("versions", 1, 8, c.versions);
  c.trials = fields.index_or("trials", 1, 50, c.trials);
  c.similarity = fields.number_in("similarity", 0, Real(0.95), 0);
  c.alpha = fields.number_in("alpha", 0, 1, c.alpha);
  c.beta = fields.number_in("beta", 0, 2, c.beta);
  c.sharpness = fields.number_in("sharpness", 0, 100, c.sharpness);
  c.slope = fields.number_in("slope", 0, 10, c.slope);
  c.seed = fields.seed("seed");
  if (counts.empty() || counts.size() > 12)
    throw Refusal(ErrorCode::out_of_range, "keys: one to twelve counts");
  Tensor share(Shape{static_cast<Index>(counts.size()), memory_kinds});
  for (std::size_t i = 0; i < counts.size(); ++i) {
    c.keys = counts[i];
    const Tensor row = attn::memory_capacity(c);
    std::copy(row.data.begin(), row.data.end(),
              share.data.begin() + static_cast<std::ptrdiff_t>(i) * memory_kinds);
  }
  Reply reply;
  reply.tensors.push_back({"share", std::move(share)});
  return reply;
}

Reply LabSession::feature_error(const Request& request) {
  const Fields fields(request.json, "request");
  const auto kind =
      static_cast<FeatureKind>(fields.choice("kind", {"trigonometric", "positive", "hyperbolic"}));
  const Index d = fields.index_or("width", 2, 64, 16), m = fields.index_or("features", 1, 512, 64);
  const Index draws = fields.index_or("draws", 1, 2000, 400);
  const Real radius = fields.number_in("radius", 0, 3, 1), cosine = fields.number_in("cosine", -1, 1, 0);
  const bool orthogonal = fields.flag_or("orthogonal", false);
  const std::uint64_t seed = fields.seed("seed");
  Tensor x(Shape{d}), y(Shape{d});
  x.data[0] = radius;
  y.data[0] = radius * cosine, y.data[1] = radius * std::sqrt(std::max(Real(0), 1 - cosine * cosine));
  const double dot = static_cast<double>(radius * radius * cosine), truth = std::exp(dot),
               r2 = static_cast<double>(radius * radius);
  std::vector<Real> a(static_cast<std::size_t>(feature_count(kind, m))), b = a;
  Tensor ratios(Shape{draws});
  for (Index i = 0; i < draws; ++i) {
    Rng rng(seed, static_cast<std::uint64_t>(i));
    const Tensor omega = draw_features(m, d, orthogonal, rng);
    feature_map(kind, as_matrix(omega.view()), x.data.data(), a.data());
    feature_map(kind, as_matrix(omega.view()), y.data.data(), b.data());
    ratios.data[static_cast<std::size_t>(i)] = static_cast<Real>(
        static_cast<double>(vec::dot(a.data(), b.data(), static_cast<Index>(a.size()))) / truth);
  }
  Reply reply;
  reply.value.set("truth", json_of_double(truth));
  reply.value.set(
      "theory",
      json_of_double(std::sqrt(attn::feature_error(kind, m, 2 * r2 + 2 * dot, 2 * r2 - 2 * dot, dot)) /
                     truth));
  reply.tensors.push_back({"ratios", std::move(ratios)});
  return reply;
}

// State in, state out, as gate_steps.
Reply LabSession::recall_steps(const Request& request) {
  const Fields fields(request.json, "request");
  RecallModel model(recall_config(fields));
  go_on(model, request, fields, max_recall_steps);
  Reply reply;
  reply.value.set("step", json_of_count(model.steps_done()));
  if (fields.flag_or("measure", true)) {
    const StepMetrics m = model.evaluate(recall_exam);
    reply.value.set("loss", json_of(m.loss));
    reply.value.set("accuracy", json_of(m.accuracy));
  }
  reply.value.set("parameters", json_of_count(model.parameters()));
  reply.value.set("memory", json_of_count(model.memory_numbers(2 * fields.index_or("pairs", 1, 32, 16))));
  reply.tensors.push_back({"state", row_of(model.state())});
  return reply;
}

}  // namespace attn::wasm
