// Whether a tuned lens earns its place on ru-small: an affine translator per depth, fitted to the model's own
// answer (Belrose et al. 2023, "Eliciting Latent Predictions from Transformers with the Tuned Lens"), against
// the logit lens.
//   tuned_lens MODEL.safetensors HELD_OUT.tokens OUT.json COMMIT [STEPS]
// The first four fifths of the text fit the translators, the last fifth judges.
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "attn/analysis/activations.hpp"
#include "attn/io/json.hpp"
#include "attn/math/matmul.hpp"
#include "attn/math/softmax.hpp"
#include "attn/model/checkpoint.hpp"
#include "attn/train/adamw.hpp"
#include "attn/train/text_windows.hpp"

namespace {

using namespace attn;
using io::Json;

constexpr Index length = 256, batch = 4, judged = 32;

double d(Real x) { return static_cast<double>(x); }

std::vector<std::uint8_t> read(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// x + x A + b, then the last norm and the table: how the official code writes it, so that zero is the logit
// lens.
struct Translator {
  Tensor a, b;  // [D, D], [1, D]
  Tensor ga, gb, ma, va, mb, vb;
  explicit Translator(Index D) : a(Shape{D, D}), b(Shape{1, D}), ga(a), gb(b), ma(a), va(a), mb(b), vb(b) {}
};

struct Lens {
  Tensor moved, normed, logits;  // [N, D], [N, D], [N, V]
  std::vector<double> scale;     // 1 / rms of a row of moved
};

void look(const Model& m, const Translator& t, const Tensor& x, Lens& out) {
  const Index N = x.shape[0], D = x.shape[1];
  out.moved = x;
  matmul(as_matrix(out.moved.view()), as_matrix(x.view()), as_matrix(t.a.view()), Store::add);
  out.normed = Tensor(x.shape);
  out.scale.resize(static_cast<std::size_t>(N));
  const ConstView gain = m.parameters["ln_final.w"], table = m.parameters["embed.W_E"];
  for (Index n = 0; n < N; ++n) {
    Real* row = out.moved.data.data() + n * D;
    double squares = 0;
    for (Index i = 0; i < D; ++i)
      row[i] += t.b.data[static_cast<std::size_t>(i)], squares += d(row[i]) * d(row[i]);
    const double r = 1 / std::sqrt(squares / static_cast<double>(D) + d(m.config.norm_epsilon));
    out.scale[static_cast<std::size_t>(n)] = r;
    for (Index i = 0; i < D; ++i) out.normed.view()[n * D + i] = static_cast<Real>(r) * row[i] * gain[i];
  }
  out.logits = Tensor(Shape{N, m.config.vocab});
  matmul(as_matrix(out.logits.view()), as_matrix(out.normed.view()), as_matrix(table).transposed());
}

// ∂ KL(final ‖ lens) / ∂(A, b), from p_lens − p_final; `lens.logits` is used up.
void gradients(const Model& m, Translator& t, const Tensor& x, const Tensor& final_p, Lens& lens) {
  const Index N = x.shape[0], D = x.shape[1], V = m.config.vocab;
  for (Index n = 0; n < N; ++n) softmax_row(lens.logits.data.data() + n * V, V);
  for (std::size_t i = 0; i < lens.logits.data.size(); ++i)
    lens.logits.data[i] = (lens.logits.data[i] - final_p.data[i]) / static_cast<Real>(N);
  Tensor dy(Shape{N, D});
  matmul(as_matrix(dy.view()), as_matrix(lens.logits.view()), as_matrix(m.parameters["embed.W_E"]));
  const ConstView gain = m.parameters["ln_final.w"];
  for (Index n = 0; n < N; ++n) {
    const Real* h = lens.moved.data.data() + n * D;
    Real* g = dy.data.data() + n * D;
    const double r = lens.scale[static_cast<std::size_t>(n)];
    double along = 0;
    for (Index i = 0; i < D; ++i) g[i] *= gain[i], along += d(g[i]) * d(h[i]);
    for (Index i = 0; i < D; ++i)
      g[i] = static_cast<Real>(r * d(g[i]) - d(h[i]) * r * r * r * along / static_cast<double>(D));
  }
  matmul(as_matrix(t.ga.view()), as_matrix(x.view()).transposed(), as_matrix(dy.view()));
  std::fill(t.gb.data.begin(), t.gb.data.end(), Real(0));
  for (Index n = 0; n < N; ++n)
    for (Index i = 0; i < D; ++i) t.gb.view()[i] += dy.view()[n * D + i];
}

void step(Translator& t, Index k, double rate) {
  const AdamWConfig adam{Real(0.9), Real(0.999), Real(1e-8), 0};
  adamw_update(t.a.data.data(), t.ga.data.data(), t.ma.data.data(), t.va.data.data(), t.a.size(), k, adam,
               static_cast<Real>(rate), 1);
  adamw_update(t.b.data.data(), t.gb.data.data(), t.mb.data.data(), t.vb.data.data(), t.b.size(), k, adam,
               static_cast<Real>(rate), 1);
}

// Streams of every depth but the last, [B·T, D], and the model's own logits.
struct Seen {
  std::vector<Tensor> streams;
  Tensor logits;
};
Seen see(const Model& m, const TokenBatch& tokens) {
  std::vector<HookPoint> points = in_every_layer(m, Site::resid_pre);
  Activations run = record(m, tokens, points);
  Seen out;
  const Index N = tokens.batch * tokens.length;
  for (HookPoint point : points) out.streams.emplace_back(Shape{N, m.config.width}, run.at(point).data);
  out.logits = Tensor(Shape{N, m.config.vocab}, run.logits.data);
  return out;
}

struct Score {
  double divergence = 0, nats = 0, count = 0;  // KL(final ‖ lens); −log p of the next token
};
void judge(const Tensor& lens, const Tensor& final_logits, const TextBatch& text, Score& score) {
  const Index V = lens.shape[1];
  for (Index n = 0; n < lens.shape[0]; ++n) {
    if (text.weights[static_cast<std::size_t>(n)] == 0) continue;
    const Real *l = lens.data.data() + n * V, *f = final_logits.data.data() + n * V;
    const double zl = d(log_sum_exp(l, V)), zf = d(log_sum_exp(f, V));
    for (Index v = 0; v < V; ++v)
      score.divergence += std::exp(d(f[v]) - zf) * ((d(f[v]) - zf) - (d(l[v]) - zl));
    score.nats += zl - d(l[text.targets[static_cast<std::size_t>(n)]]);
    score.count += 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return std::fprintf(stderr, "usage: tuned_lens MODEL TOKENS OUT COMMIT [STEPS]\n"), 2;
  const std::vector<std::uint8_t> file = read(argv[1]), raw = read(argv[2]);
  auto loaded = load_model(file.data(), file.size());
  if (!loaded) return std::fprintf(stderr, "%s\n", loaded.error().message.c_str()), 1;
  const Model model = std::move(loaded).value();
  const TokenText all{reinterpret_cast<const std::uint16_t*>(raw.data()), static_cast<Index>(raw.size() / 2)};
  const TokenText fit{all.tokens, all.count * 4 / 5}, rest{all.tokens + fit.count, all.count - fit.count};
  const Index steps = argc > 5 ? std::atoi(argv[5]) : 300, L = model.config.layers;

  std::vector<Translator> translators(static_cast<std::size_t>(L), Translator(model.config.width));
  TextWindows windows(fit.count, length, length + 1, 1);
  TextBatch text;
  Lens lens;
  for (Index k = 1; k <= steps; ++k) {
    Index starts[batch];
    for (Index b = 0; b < batch; ++b) starts[b] = windows.start((k - 1) * batch + b);
    read_windows(fit, starts, batch, length, text);
    Seen seen = see(model, text.inputs);
    for (Index n = 0; n < seen.logits.shape[0]; ++n)
      softmax_row(seen.logits.data.data() + n * model.config.vocab, model.config.vocab);
    for (std::size_t l = 0; l < translators.size(); ++l) {
      look(model, translators[l], seen.streams[l], lens);
      gradients(model, translators[l], seen.streams[l], seen.logits, lens);
      step(translators[l], k, 1e-3 * static_cast<double>(steps - k + 1) / static_cast<double>(steps));
    }
    if (k % 20 == 0) std::fprintf(stderr, "step %d of %d\n", static_cast<int>(k), static_cast<int>(steps));
  }

  std::vector<Score> plain(translators.size()), tuned(translators.size());
  Score model_score;
  const Translator nothing(model.config.width);
  for (Index w = 0; w < judged; w += batch) {
    Index starts[batch];
    for (Index b = 0; b < batch; ++b) starts[b] = (w + b) * ((rest.count - length - 1) / judged);
    read_windows(rest, starts, batch, length, text);
    const Seen seen = see(model, text.inputs);
    judge(seen.logits, seen.logits, text, model_score);
    for (std::size_t l = 0; l < translators.size(); ++l) {
      look(model, nothing, seen.streams[l], lens);
      judge(lens.logits, seen.logits, text, plain[l]);
      look(model, translators[l], seen.streams[l], lens);
      judge(lens.logits, seen.logits, text, tuned[l]);
    }
  }
  Json depths = Json::array();
  const auto row = [](const Score& s) {
    Json j = Json::object();
    j.set("divergence", Json::of(s.divergence / s.count));
    j.set("bits", Json::of(s.nats / s.count / std::log(2.0)));
    return j;
  };
  for (std::size_t l = 0; l < translators.size(); ++l) {
    Json j = Json::object();
    j.set("depth", Json::of(static_cast<double>(l)));
    j.set("logitLens", row(plain[l]));
    j.set("tunedLens", row(tuned[l]));
    depths.push(std::move(j));
  }
  Json out = Json::object();
  out.set("commit", Json::of(std::string(argv[4])));
  out.set("steps", Json::of(static_cast<double>(steps)));
  out.set("tokensFitted", Json::of(static_cast<double>(steps * batch * length)));
  out.set("tokensJudged", Json::of(model_score.count));
  out.set("modelBits", Json::of(model_score.nats / model_score.count / std::log(2.0)));
  out.set("depths", std::move(depths));
  std::ofstream(argv[3]) << out.dump() << "\n";
  std::printf("%s\n", out.dump().c_str());
}
