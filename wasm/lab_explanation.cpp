// Chapter 19: what other rows would have carried the same, and a classifier whose row may or may not explain
// it.
#include <algorithm>
#include <cmath>

#include "attn/analysis/correlation.hpp"
#include "attn/analysis/row_freedom.hpp"
#include "attn/math/random.hpp"
#include "attn/train/pooling_model.hpp"
#include "lab.hpp"

namespace attn::wasm {

namespace {

using io::Json;

constexpr Index most_keys = 256, most_width = 64, most_steps = 200, exam_sentences = 256;

Tensor tensor_of(const std::vector<double>& x, const Shape& shape) {
  return Tensor(shape, std::vector<Real>(x.begin(), x.end()));
}

struct Row {
  std::vector<double> alpha, values;  // N; [N, width]
  Index width = 0;
};

// Weights and values from the page, of which the leading directions are to be matched.
Row given_row(const Fields& fields, const std::vector<Real>& numbers) {
  Row row;
  const Index d = fields.index("width", 1, most_width), given = static_cast<Index>(numbers.size()),
              N = given / (d + 1);
  if (N < 1 || N > most_keys || N * (d + 1) != given)
    throw Refusal(ErrorCode::mismatch, std::to_string(given) +
                                           " numbers are no weights and values of width " +
                                           std::to_string(d) + " for 1 to 256 keys");
  double sum = 0;
  for (Index j = 0; j < N; ++j) {
    const double a = static_cast<double>(numbers[static_cast<std::size_t>(j)]);
    if (!(a >= 0)) throw Refusal(ErrorCode::out_of_range, "a weight is below zero or no number");
    row.alpha.push_back(a), sum += a;
  }
  for (const Real v : numbers)
    if (!std::isfinite(v)) throw Refusal(ErrorCode::out_of_range, "a value is not finite");
  if (!(sum > 0)) throw Refusal(ErrorCode::out_of_range, "the weights are all zero");
  for (double& a : row.alpha) a /= sum;
  row.width = fields.index_or("directions", 0, d, d);
  row.values = leading_directions(ConstMatrix(numbers.data() + N, N, d, d), row.width);
  return row;
}

// Values are normal; scores normal times `spread`.
Row drawn_row(const Fields& fields) {
  Row row;
  const Index N = fields.index("keys", 1, most_keys);
  row.width = fields.index("width", 1, most_width);
  const double spread = static_cast<double>(fields.number_in("spread", 0, 20, 1));
  Rng rng(fields.seed("seed"));
  double sum = 0;
  for (Index j = 0; j < N; ++j) row.alpha.push_back(std::exp(spread * rng.normal())), sum += row.alpha.back();
  for (double& a : row.alpha) a /= sum;
  for (Index i = 0; i < N * row.width; ++i) row.values.push_back(rng.normal());
  return row;
}

PoolingConfig pooling_config(const Fields& fields) {
  PoolingConfig c;
  c.encoder = static_cast<Encoder>(fields.choice("encoder", {"single", "attention", "recurrent"}));
  c.penalty = fields.number_in("penalty", 0, 100, 0);
  c.seed = fields.seed("seed");
  if (const Status status = validate(c); !status.ok()) throw Refusal(status.error());
  return c;
}

double median(std::vector<double> x) {
  const auto half = x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2);
  std::nth_element(x.begin(), half, x.end());
  return *half;
}

// Jain & Wallace 2019, section 4.2.1: the weights change places, everything else stays; how far does the
// answer go? The logits differ by Σ α pull + const, so no pass is needed. -> the median of |Δp|.
double shuffled(const double* weight, const double* pull, double logit, Index words, Index draws, Rng& rng) {
  double was = 0;
  for (Index t = 0; t < words; ++t) was += weight[t] * pull[t];
  std::vector<double> moved;
  for (Index i = 0; i < draws; ++i) {
    const std::vector<Index> places = permutation(words, rng);
    double now = 0;
    for (Index t = 0; t < words; ++t) now += weight[places[static_cast<std::size_t>(t)]] * pull[t];
    moved.push_back(change_of_answer(logit + now - was, logit));
  }
  return median(std::move(moved));
}

}  // namespace

Reply LabSession::row_freedom(const Request& request) {
  const Fields fields(request.json, "request");
  const Row row = fields.has("keys") ? drawn_row(fields) : given_row(fields, request.numbers);
  const RowFreedom f = attn::row_freedom(row.alpha, row.values, row.width);
  const Index N = static_cast<Index>(row.alpha.size());
  double gap = 0, size = 0;  // of the output, in the directions that were to be matched
  for (Index c = 0; c < row.width; ++c) {
    double change = 0, whole = 0;
    for (Index j = 0; j < N; ++j) {
      const auto at = static_cast<std::size_t>(j);
      const double v = row.values[static_cast<std::size_t>(j * row.width + c)];
      change += (f.farthest[at] - row.alpha[at]) * v, whole += row.alpha[at] * v;
    }
    gap += change * change, size += whole * whole;
  }
  Reply reply;
  reply.value.set("rank", json_of_count(f.rank));
  reply.value.set("distance", json_of_double(f.distance));
  reply.value.set("bound", json_of_double(f.bound));
  reply.value.set("gap", json_of_double(size > 0 ? std::sqrt(gap / size) : std::sqrt(gap)));
  for (const auto& [name, x] : {std::pair<const char*, const std::vector<double>*>{"alpha", &row.alpha},
                                {"farthest", &f.farthest},
                                {"low", &f.low},
                                {"high", &f.high}})
    reply.tensors.push_back({name, tensor_of(*x, Shape{N})});
  return reply;
}

// State in, state out, as recall_steps.
Reply LabSession::pooling_steps(const Request& request) {
  const Fields fields(request.json, "request");
  PoolingModel model(pooling_config(fields));
  go_on(model, request, fields, most_steps);
  const PoolingExam exam = model.evaluate(exam_sentences);
  Reply reply;
  reply.value.set("step", json_of_count(model.steps_done()));
  reply.value.set("loss", json_of(exam.loss));
  reply.value.set("accuracy", json_of(exam.accuracy));
  reply.value.set("mass", json_of(exam.mass));
  reply.tensors.push_back({"state", row_of(model.state())});
  return reply;
}

Reply LabSession::pooling_accounts(const Request& request) {
  const Fields fields(request.json, "request");
  PoolingModel model(pooling_config(fields));
  if (!request.numbers.empty()) take(model.restore(request.numbers));
  const Index M = fields.index_or("sentences", 1, 512, exam_sentences),
              draws = fields.index_or("shuffles", 1, 200, 100);
  const PoolingAccounts a = model.accounts(M);
  const Index T = static_cast<Index>(a.weight.size()) / M;
  std::vector<double> carried(a.weight.size()), moved;
  for (std::size_t i = 0; i < carried.size(); ++i) carried[i] = std::fabs(a.weight[i] * a.pull[i]);
  Rng rng(fields.seed("seed"), 77);
  Tensor agreement(Shape{4, M});
  for (Index b = 0; b < M; ++b) {
    const double *w = a.weight.data() + b * T, *g = a.gradient.data() + b * T, *l = a.left_out.data() + b * T,
                 *c = carried.data() + b * T;
    const auto put = [&](Index row, const double* x, const double* y) {
      agreement.data[static_cast<std::size_t>(row * M + b)] =
          static_cast<Real>(kendall(x, y, static_cast<std::size_t>(T)));
    };
    put(0, w, g), put(1, w, l), put(2, g, l), put(3, c, l);
    moved.push_back(shuffled(w, a.pull.data() + b * T, a.logit[static_cast<std::size_t>(b)], T, draws, rng));
  }
  Reply reply;
  const Shape all{M, T};
  reply.tensors.push_back({"tokens", tensor_of({a.tokens.begin(), a.tokens.end()}, all)});
  reply.tensors.push_back({"logit", tensor_of(a.logit, Shape{M})});
  reply.tensors.push_back({"weight", tensor_of(a.weight, all)});
  reply.tensors.push_back({"carried", tensor_of(carried, all)});
  reply.tensors.push_back({"gradient", tensor_of(a.gradient, all)});
  reply.tensors.push_back({"left_out", tensor_of(a.left_out, all)});
  reply.tensors.push_back({"agreement", std::move(agreement)});
  reply.tensors.push_back({"shuffled", tensor_of(moved, Shape{M})});
  return reply;
}

}  // namespace attn::wasm
