// The edges of a circuit: path patching from every sender to every receiver.
#include <cmath>

#include "attn/analysis/path_patching.hpp"
#include "lab_asked.hpp"

namespace attn::wasm {

namespace {

constexpr Site inputs[] = {Site::q, Site::k, Site::v};

struct Sender {
  Slice slice;
  int layer;  // the first whose inputs it reaches
};

// The tokens, then the heads in the order of layers.
std::vector<Sender> senders(const ModelConfig& c) {
  std::vector<Sender> out{{{{Site::embed, -1}, -1, -1}, 0}};
  for (int l = 0; l < static_cast<int>(c.layers); ++l)
    for (int h = 0; h < static_cast<int>(c.heads); ++h) out.push_back({{{Site::z, l}, h, -1}, l + 1});
  return out;
}

// Keys and values of grouped heads belong to the group.
int key_head(const ModelConfig& c, int head, Site site) {
  return site == Site::q ? head : head / static_cast<int>(c.heads / c.resolved_kv_heads());
}

double runs_of(const ModelConfig& c) {
  const double L = static_cast<double>(c.layers), H = static_cast<double>(c.heads);
  return 4 * (1 + L * H) * (2 + 3 * L * (H + 1));  // at most: four runs a path
}

}  // namespace

Reply LabSession::patch_paths(const Request& request) {
  const Fields fields(request.json, "request");
  const Model& m = dense(model(fields));
  const ModelConfig& c = m.config;
  const TokenBatch clean = sequence(fields, "clean", c), corrupted = sequence(fields, "corrupted", c);
  check_same_length(clean, corrupted);
  const Metric metric = metric_of(fields.at("metric"), c, clean.length);
  check_runs(runs_of(c));
  const bool noise = fields.flag_or("noise", false);
  const TokenBatch& host = noise ? clean : corrupted;
  const TokenBatch& source = noise ? corrupted : clean;
  const double at_clean = static_cast<double>(attn::measure(metric, record(m, clean, {}).logits)),
               at_corrupted = static_cast<double>(attn::measure(metric, record(m, corrupted, {}).logits));
  const double from = noise ? at_clean : at_corrupted, to = noise ? at_corrupted : at_clean;
  const auto share = [&](Real value) {
    return static_cast<Real>(to != from ? (static_cast<double>(value) - from) / (to - from) : std::nan(""));
  };
  const auto along = [&](const Slice& sender, const std::vector<Slice>& receivers) {
    return share(path_patching(m, host, source, metric, {{sender}, receivers, false}));
  };

  const std::vector<Sender> all = senders(c);
  const Index S = static_cast<Index>(all.size()), L = c.layers, H = c.heads;
  const Real none = static_cast<Real>(std::nan(""));
  Tensor edges(Shape{S, L, H, 3}), layers(Shape{S, L, 3}), direct(Shape{S}), total(Shape{S});
  std::fill(edges.data.begin(), edges.data.end(), none);
  std::fill(layers.data.begin(), layers.data.end(), none);
  std::vector<HookPoint> points;
  for (const Sender& sender : all) points.push_back(sender.slice.point);
  const Activations given = record(m, source, points);
  for (Index s = 0; s < S; ++s) {
    const Slice& sender = all[static_cast<std::size_t>(s)].slice;
    for (int l = all[static_cast<std::size_t>(s)].layer; l < static_cast<int>(L); ++l)
      for (Index i = 0; i < 3; ++i) {
        const Site site = inputs[i];
        layers.view()[(s * L + l) * 3 + i] = along(sender, {{{site, l}, -1, -1}});
        for (int h = 0; h < static_cast<int>(H); ++h)
          edges.view()[((s * L + l) * H + h) * 3 + i] =
              along(sender, {{{site, l}, key_head(c, h, site), -1}});
      }
    direct.view()[s] = along(sender, {{{Site::resid_post, static_cast<int>(L) - 1}, -1, -1}});
    total.view()[s] = share(patched_metric(m, host, metric, given, {sender}));
  }
  Reply reply;
  reply.value.set("clean", json_of(static_cast<Real>(at_clean)));
  reply.value.set("corrupted", json_of(static_cast<Real>(at_corrupted)));
  reply.tensors.push_back({"edges", std::move(edges)});
  reply.tensors.push_back({"layers", std::move(layers)});
  reply.tensors.push_back({"direct", std::move(direct)});
  reply.tensors.push_back({"total", std::move(total)});
  return reply;
}

}  // namespace attn::wasm
