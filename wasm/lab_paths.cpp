// The edges of a circuit: path patching from every sender to every receiver.
#include <algorithm>
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

// What goes from each sender to the inputs of each head, to those of a whole layer, straight to the logits,
// and by all ways together. NaN where nothing leads.
struct Edges {
  Tensor heads, layers, direct, total;  // [S, L, H, 3], [S, L, 3], [S], [S]

  Edges(Index senders, const ModelConfig& c)
      : heads(Shape{senders, c.layers, c.heads, 3}),
        layers(Shape{senders, c.layers, 3}),
        direct(Shape{senders}),
        total(Shape{senders}) {
    for (Tensor* t : {&heads, &layers})
      std::fill(t->data.begin(), t->data.end(), static_cast<Real>(std::nan("")));
  }

  // along(sender, receivers): the share of the gap that goes this way. `total` is not asked here.
  template <class Along>
  void fill(Index s, const Sender& sender, const ModelConfig& c, Along along) {
    const Index L = c.layers, H = c.heads;
    for (int l = sender.layer; l < static_cast<int>(L); ++l)
      for (Index i = 0; i < 3; ++i) {
        const Site site = inputs[i];
        layers.view()[(s * L + l) * 3 + i] = along(sender.slice, {{{site, l}, -1, -1}});
        for (int h = 0; h < static_cast<int>(H); ++h)
          heads.view()[((s * L + l) * H + h) * 3 + i] =
              along(sender.slice, {{{site, l}, key_head(c, h, site), -1}});
      }
    direct.view()[s] = along(sender.slice, {{{Site::resid_post, static_cast<int>(L) - 1}, -1, -1}});
  }
};

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
  Edges edges(static_cast<Index>(all.size()), c);
  std::vector<HookPoint> points;
  for (const Sender& sender : all) points.push_back(sender.slice.point);
  const Activations given = record(m, source, points);
  for (Index s = 0; s < static_cast<Index>(all.size()); ++s) {
    const Sender& sender = all[static_cast<std::size_t>(s)];
    edges.fill(s, sender, c, along);
    edges.total.view()[s] = share(patched_metric(m, host, metric, given, {sender.slice}));
  }
  Reply reply;
  reply.value.set("clean", json_of(static_cast<Real>(at_clean)));
  reply.value.set("corrupted", json_of(static_cast<Real>(at_corrupted)));
  reply.tensors.push_back({"edges", std::move(edges.heads)});
  reply.tensors.push_back({"layers", std::move(edges.layers)});
  reply.tensors.push_back({"direct", std::move(edges.direct)});
  reply.tensors.push_back({"total", std::move(edges.total)});
  return reply;
}

}  // namespace attn::wasm
