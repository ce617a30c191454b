#include "attn/model/snapshots.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "attn/io/json.hpp"
#include "attn/io/range_coder.hpp"
#include "attn/model/checkpoint.hpp"

namespace attn {

namespace {

using io::Json;

constexpr int largest = 127;     // of |q|
constexpr Real rounding = 0.4f;  // below 1/2: more zeros, which are cheap, for a little more error
constexpr std::size_t max_snapshots = 64;

Error fault(ErrorCode code, const std::string& what) { return {code, "snapshots: " + what}; }

Rng initialisation(std::uint64_t seed) { return Rng(seed, 0); }  // Stream::init of train/trainer.hpp

// What is predicted and coded; the rest are vectors.
bool is_matrix(const ParameterInfo& p) { return p.shape.rank() >= 2; }

struct Fit {
  Real previous, last, step;
};

Real predict(const Fit& fit, Real previous, Real last) { return fit.previous * previous + fit.last * last; }

// The contexts of one matrix: by how large its neighbours are, to the left and above.
struct Codes {
  io::BitContext zero[9], sign, more[9][8];

  static int context(const std::vector<std::int8_t>& q, std::size_t i, std::size_t columns) {
    const auto size = [&](std::size_t back) { return i >= back ? std::abs(q[i - back]) : 0; };
    return std::min(2, size(1) + size(2)) * 3 + std::min(2, size(columns));
  }

  void put(io::RangeEncoder& out, int q, int c) {
    out.put(zero[c], q != 0);
    if (q == 0) return;
    out.put(sign, q < 0);
    for (int m = 1; m < largest; ++m) {
      out.put(more[c][std::min(m - 1, 7)], std::abs(q) > m);
      if (std::abs(q) == m) return;
    }
  }
  int get(io::RangeDecoder& in, int c) {
    if (!in.get(zero[c])) return 0;
    const bool negative = in.get(sign);
    int m = 1;
    while (m < largest && in.get(more[c][std::min(m - 1, 7)])) ++m;
    return negative ? -m : m;
  }
};

// Least squares of w on the two predictors: a·<p,p> + b·<p,l> = <p,w>, a·<p,l> + b·<l,l> = <l,w>.
Fit fitted(ConstView w, ConstView previous, ConstView last, Real coarseness) {
  double pp = 0, pl = 0, ll = 0, pw = 0, lw = 0, ww = 0;
  for (Index i = 0; i < w.size(); ++i) {
    const double p = previous.data[i], l = last.data[i], x = w.data[i];
    pp += p * p, pl += p * l, ll += l * l, pw += p * x, lw += l * x, ww += x * x;
  }
  const double det = pp * ll - pl * pl;
  Fit fit{0, 0,
          static_cast<Real>(coarseness * std::sqrt(ww / static_cast<double>(std::max<Index>(1, w.size()))))};
  if (det > 1e-9 * pp * ll) {
    fit.previous = static_cast<Real>((pw * ll - lw * pl) / det);
    fit.last = static_cast<Real>((lw * pp - pw * pl) / det);
  } else if (pp > 0) {
    fit.previous = static_cast<Real>(pw / pp);
  }
  // As the file keeps them.
  fit.previous = static_cast<float>(fit.previous);
  fit.last = static_cast<float>(fit.last);
  fit.step = static_cast<float>(fit.step);
  return fit;
}

// Codes w and leaves its reconstruction in `state`.
void encode_matrix(io::RangeEncoder& out, const Fit& fit, ConstView w, ConstView last, View state) {
  const auto columns = static_cast<std::size_t>(w.shape[-1]);
  std::vector<std::int8_t> q(static_cast<std::size_t>(w.size()));
  Codes codes;
  for (std::size_t i = 0; i < q.size(); ++i) {
    const Real guess = predict(fit, state.data[i], last.data[i]), missing = w.data[i] - guess;
    const Real size = fit.step > 0 ? std::floor(std::fabs(missing) / fit.step + rounding) : 0;
    const int whole = static_cast<int>(std::min(size, static_cast<Real>(largest)));
    q[i] = static_cast<std::int8_t>(missing < 0 ? -whole : whole);
    codes.put(out, q[i], Codes::context(q, i, columns));
    state.data[i] = guess + fit.step * static_cast<Real>(q[i]);
  }
}

void decode_matrix(io::RangeDecoder& in, const Fit& fit, ConstView last, View state) {
  const auto columns = static_cast<std::size_t>(state.shape[-1]);
  std::vector<std::int8_t> q(static_cast<std::size_t>(state.size()));
  Codes codes;
  for (std::size_t i = 0; i < q.size() && !in.overrun(); ++i) {
    q[i] = static_cast<std::int8_t>(codes.get(in, Codes::context(q, i, columns)));
    state.data[i] = predict(fit, state.data[i], last.data[i]) + fit.step * static_cast<Real>(q[i]);
  }
}

std::string name(std::size_t k, const char* what) { return std::to_string(k) + "." + what; }

}  // namespace

Result<std::vector<std::uint8_t>> save_snapshots(const std::vector<Snapshot>& snapshots, std::uint64_t seed,
                                                 const Model& final_model, Real coarseness) {
  const std::string config = to_json(final_model.config);
  for (const Snapshot& s : snapshots)
    if (to_json(s.model.config) != config)
      return fault(ErrorCode::mismatch,
                   "step " + std::to_string(s.step) + " has another config than the final model");
  Parameters state(final_model.config);
  Rng rng = initialisation(seed);
  initialise(state, final_model.config, rng);
  if (snapshots.empty() ||
      !std::equal(state.flat().begin(), state.flat().end(), snapshots[0].model.parameters.flat().begin()))
    return fault(ErrorCode::mismatch,
                 "the first must be the initialisation from seed " + std::to_string(seed));

  io::Writer writer;
  Json about = Json::object(), steps = Json::array();
  for (std::size_t k = 0; k < snapshots.size(); ++k) {
    steps.push(Json::of(static_cast<double>(snapshots[k].step)));
    if (k == 0) continue;
    io::RangeEncoder codes;
    std::vector<Real> fits, vectors;
    for (const ParameterInfo& p : state.table()) {
      const ConstView w = snapshots[k].model.parameters[p.name], last = final_model.parameters[p.name];
      const View now = state[p.name];
      if (!is_matrix(p)) {
        vectors.insert(vectors.end(), w.begin(), w.end());
        std::copy(w.begin(), w.end(), now.begin());
        continue;
      }
      const Fit fit = fitted(w, now, last, coarseness);
      encode_matrix(codes, fit, w, last, now);
      fits.insert(fits.end(), {fit.previous, fit.last, fit.step});
    }
    const std::vector<std::uint8_t> bytes = codes.finish();
    writer.add_uint8(name(k, "codes"), {static_cast<Index>(bytes.size())}, bytes);
    writer.add(name(k, "fit"), ConstView(fits.data(), Shape{static_cast<Index>(fits.size() / 3), 3}));
    writer.add(name(k, "vectors"), ConstView(vectors.data(), Shape{static_cast<Index>(vectors.size())}));
  }
  about.set("seed", Json::of(static_cast<double>(seed)));
  about.set("steps", std::move(steps));
  writer.set_metadata("attn.snapshots", about.dump());
  writer.set_metadata("attn.config", config);
  return writer.finish();
}

Result<SnapshotFile> SnapshotFile::parse(const std::uint8_t* bytes, std::size_t size) {
  Result<io::SafeTensors> file = io::SafeTensors::parse(bytes, size);
  if (!file) return file.error();
  const auto config_text = file->metadata().find("attn.config"),
             about_text = file->metadata().find("attn.snapshots");
  if (config_text == file->metadata().end() || about_text == file->metadata().end())
    return fault(ErrorCode::malformed, "its metadata has no \"attn.config\" and \"attn.snapshots\"");
  const Result<ModelConfig> config = model_config_from_json(config_text->second);
  if (!config) return fault(config.error().code, config.error().message);
  const Result<Json> about = Json::parse(about_text->second);
  const Json* seed = about.ok() && about->is(Json::Type::object) ? about->find("seed") : nullptr;
  const Json* steps = seed ? about->find("steps") : nullptr;
  if (!steps || !seed->is_integer() || seed->number() < 0 || !steps->is(Json::Type::array) ||
      steps->items().empty())
    return fault(ErrorCode::malformed, "\"attn.snapshots\" must have a seed and steps");
  SnapshotFile out;
  out.config_ = *config;
  out.seed_ = static_cast<std::uint64_t>(seed->number());
  if (steps->items().size() > max_snapshots) return fault(ErrorCode::too_large, "more than 64");
  for (const Json& step : steps->items()) {
    if (!step.is_integer() || step.number() < 0)
      return fault(ErrorCode::malformed, "a step is no whole number");
    out.steps_.push_back(static_cast<std::uint64_t>(step.number()));
  }
  out.file_ = std::move(file).value();
  return out;
}

Status SnapshotFile::check(std::size_t k, const Model& final_model) const {
  if (k >= steps_.size())
    return fault(ErrorCode::out_of_range, "there are " + std::to_string(steps_.size()) + ", numbered from 0");
  if (to_json(config_) != to_json(final_model.config))
    return fault(ErrorCode::mismatch, "they are of a model with another config");
  return Unit{};
}

Result<Model> SnapshotFile::load_after(const Model& previous, std::size_t k, const Model& final_model) const {
  if (const Status ok = check(k, final_model); !ok) return ok.error();
  if (k == 0 || to_json(config_) != to_json(previous.config))
    return fault(ErrorCode::mismatch, "number " + std::to_string(k) + " does not follow the model given");
  Model model = previous;
  if (const Status done = advance(model.parameters, k, final_model); !done) return done.error();
  return model;
}

Result<Model> SnapshotFile::load(std::size_t k, const Model& final_model) const {
  if (const Status ok = check(k, final_model); !ok) return ok.error();
  Model model{config_, Parameters(config_)};
  Rng rng = initialisation(seed_);
  initialise(model.parameters, config_, rng);
  for (std::size_t i = 1; i <= k; ++i) {
    const Status done = advance(model.parameters, i, final_model);
    if (!done) return done.error();
  }
  return model;
}

Status SnapshotFile::advance(Parameters& state, std::size_t k, const Model& final_model) const {
  const io::TensorEntry *codes = file_.find(name(k, "codes")), *fit_entry = file_.find(name(k, "fit")),
                        *vector_entry = file_.find(name(k, "vectors"));
  if (!codes || !fit_entry || !vector_entry || codes->dtype != io::DType::U8)
    return fault(ErrorCode::malformed, "number " + std::to_string(k) + " lacks codes, fit or vectors");
  const Result<Tensor> fits = io::to_tensor(*fit_entry, true), vectors = io::to_tensor(*vector_entry, true);
  if (!fits) return fits.error();
  if (!vectors) return vectors.error();
  std::size_t matrices = 0, in_vectors = 0;
  for (const ParameterInfo& p : state.table())
    is_matrix(p) ? ++matrices : in_vectors += static_cast<std::size_t>(p.shape.size());
  if (fits->data.size() != 3 * matrices || vectors->data.size() != in_vectors)
    return fault(ErrorCode::mismatch, "number " + std::to_string(k) + " is of another model");

  io::RangeDecoder in(codes->data, codes->size);
  const Real *fit = fits->data.data(), *vector = vectors->data.data();
  for (const ParameterInfo& p : state.table()) {
    const View now = state[p.name];
    if (!is_matrix(p)) {
      std::copy(vector, vector + now.size(), now.begin());
      vector += now.size();
      continue;
    }
    decode_matrix(in, {fit[0], fit[1], fit[2]}, final_model.parameters[p.name], now);
    fit += 3;
  }
  if (!in.at_end())
    return fault(ErrorCode::malformed, "the codes of number " + std::to_string(k) + " are not whole");
  for (const Real w : state.flat())
    if (!std::isfinite(w))
      return fault(ErrorCode::non_finite, "number " + std::to_string(k) + " has a weight that is not finite");
  return Unit{};
}

}  // namespace attn
