#include "attn/model/transformer.hpp"

#include <doctest.h>

#include <map>

#include "attn/ops/cross_entropy.hpp"
#include "count_allocations.hpp"
#include "golden.hpp"
#include "small_models.hpp"

using namespace attn;
using namespace attn::test;

namespace {

double plain_loss(Tape& tape, const Model& model, const TokenBatch& batch,
                  const std::vector<TokenId>& targets, Parameters& gradients) {
  std::fill(gradients.flat().begin(), gradients.flat().end(), Real(0));
  tape.reset();
  ForwardOptions options;
  options.gradients = &gradients;
  const CrossEntropy ce = cross_entropy(tape, forward(tape, model, batch, options), targets.data(), nullptr);
  tape.backward(ce.loss);
  return static_cast<double>(tape.value(ce.loss)[0]);
}

double size_of(ConstView x) {
  double sum = 0;
  for (Real v : x) sum += std::fabs(static_cast<double>(v));
  return sum;
}

}  // namespace

TEST_CASE("transformer: causal: a changed token leaves every earlier logit as it was, to the bit") {
  for (const NamedConfig& each : small_configs()) {
    const std::string& name = each.name;
    const ModelConfig& config = each.config;
    INFO(name);
    const Model model = random_model(config);
    TokenBatch batch = random_tokens(config, 2, 9);
    const Tensor before = logits_of(model, batch);
    batch.tokens[5] = (batch.tokens[5] + 1) % 7;
    const Tensor after = logits_of(model, batch);
    const Index V = config.vocab;
    CHECK(std::equal(before.data.begin(), before.data.begin() + 5 * V, after.data.begin()));
    CHECK_FALSE(
        std::equal(before.data.begin() + 5 * V, before.data.begin() + 9 * V, after.data.begin() + 5 * V));
    CHECK(std::equal(before.data.begin() + 9 * V, before.data.end(),
                     after.data.begin() + 9 * V));  // the other sequence
  }
}

namespace {

// The same model with a matrix of its own for every role, all equal.
Model apart_of(const Model& shared) {
  ModelConfig config = shared.config;
  config.shared_qk = config.shared_kv = false;
  Model apart{config, Parameters(config)};
  for (const ParameterInfo& p : apart.parameters.table()) {
    std::string from = p.name;
    if (from.find("attn.W_") != std::string::npos && from.back() != 'O') from.back() = 'Q';
    const ConstView w = shared.parameters[from];
    std::copy(w.begin(), w.end(), apart.parameters[p.name].data);
  }
  return apart;
}

}  // namespace

TEST_CASE("transformer: a shared matrix gives what equal ones give, and learns from all its roles") {
  ModelConfig config = small_config();
  config.shared_qk = config.shared_kv = true;
  const Model shared = random_model(config), apart = apart_of(shared);
  const TokenBatch batch = random_tokens(config, 2, 9);
  CHECK(logits_of(shared, batch).data == logits_of(apart, batch).data);

  const std::vector<TokenId> targets(18, 3);
  Parameters one(shared.config), three(apart.config);
  Tape tape(Tape::Mode::training);
  plain_loss(tape, shared, batch, targets, one);
  plain_loss(tape, apart, batch, targets, three);
  for (const std::string block : {"blocks.0.attn.W_", "blocks.1.attn.W_"}) {
    const View sum = one[block + "Q"];
    double gap = 0;
    for (Index i = 0; i < sum.size(); ++i)
      gap = std::max(gap, std::fabs(static_cast<double>(sum[i] - three[block + "Q"][i] -
                                                        three[block + "K"][i] - three[block + "V"][i])));
    CHECK(size_of(three[block + "K"]) > 1e-3);
    CHECK(gap < 1e-6);
  }
}

TEST_CASE("transformer: a hook on q leaves the keys of a shared matrix alone") {
  ModelConfig config = small_config();
  config.shared_qk = true;
  const Model shared = random_model(config);
  Tensor keys;
  Hooks hooks;
  const auto silence =
      hooks.replace({Site::q, 0}, [](HookPoint, View q) { std::fill(q.begin(), q.end(), Real(0)); });
  const auto look = hooks.observe({Site::k, 0}, [&](HookPoint, ConstView k) {
    keys = Tensor(k.shape, std::vector<Real>(k.begin(), k.end()));
  });
  Tape tape(Tape::Mode::inference);
  ForwardOptions options;
  options.hooks = &hooks;
  forward(tape, shared, random_tokens(config, 2, 9), options);
  CHECK(size_of(keys.view()) > 1);
}

TEST_CASE("transformer: without positions and mask, permuted tokens give permuted logits") {
  ModelConfig config = small_config();
  config.kind = Kind::encoder, config.position = PositionKind::none, config.mlp = MlpKind::gelu;
  const Model model = random_model(config);
  const TokenBatch batch = random_tokens(config, 1, 8);
  TokenBatch moved = batch;
  Rng rng(9);
  const std::vector<Index> order = permutation(8, rng);
  for (std::size_t t = 0; t < 8; ++t) moved.tokens[t] = batch.tokens[static_cast<std::size_t>(order[t])];
  const Tensor a = logits_of(model, batch), b = logits_of(model, moved);
  Tensor want(a.shape);
  for (Index t = 0; t < 8; ++t)
    std::copy_n(a.data.begin() + order[static_cast<std::size_t>(t)] * 7, 7, want.data.begin() + t * 7);
  check_close("permuted", b, want, 64);
}

TEST_CASE("transformer: padding is invisible: a padded sequence equals the short one") {
  ModelConfig config = small_config();
  config.kind = Kind::encoder, config.norm = NormPlacement::post, config.token_types = 2,
  config.embed_norm = true;
  const Model model = random_model(config);
  TokenBatch padded = random_tokens(config, 2, 8), brief;
  padded.lengths = {8, 5};
  brief.batch = 1, brief.length = 5;
  brief.tokens.assign(padded.tokens.begin() + 8, padded.tokens.begin() + 13);
  brief.types.assign(padded.types.begin() + 8, padded.types.begin() + 13);
  const Tensor a = logits_of(model, padded), b = logits_of(model, brief);
  check_close("padded", {a.data.data() + 8 * 7, b.shape}, b, 64);
}

TEST_CASE("transformer: inference and training compute the same bits, head by head nearly so") {
  for (const NamedConfig& each : small_configs()) {
    const std::string& name = each.name;
    const ModelConfig& config = each.config;
    INFO(name);
    const Model model = random_model(config);
    const TokenBatch batch = random_tokens(config, 2, 9);
    Tape tape(Tape::Mode::training);
    const ConstView trained = tape.value(forward(tape, model, batch));
    const Tensor inferred = logits_of(model, batch);
    CHECK(std::equal(trained.begin(), trained.end(), inferred.data.begin()));
  }
}

TEST_CASE("transformer: in inference a deeper model needs no more memory") {
  std::size_t bytes[2];
  for (int deep : {0, 1}) {
    ModelConfig config = small_config();
    config.layers = deep ? 20 : 1, config.width = 64, config.context = 64, config.mlp = MlpKind::gelu;
    const Model model = random_model(config);
    Tape tape(Tape::Mode::inference);
    forward(tape, model, random_tokens(config, 16, 64));
    bytes[deep] = tape.arena_bytes();
  }
  CHECK(bytes[0] == bytes[1]);
}

TEST_CASE("transformer: a training step allocates nothing once the first has run") {
  for (const NamedConfig& each : small_configs()) {
    const std::string& name = each.name;
    const ModelConfig& config = each.config;
    INFO(name);
    const Model model = random_model(config);
    const TokenBatch batch = random_tokens(config, 2, 9);
    Parameters gradients(config);
    Tape tape(Tape::Mode::training);
    plain_loss(tape, model, batch, batch.tokens, gradients);
    const std::size_t bytes = tape.arena_bytes();
    const long before = allocations;
    for (int step = 0; step < 3; ++step) plain_loss(tape, model, batch, batch.tokens, gradients);
    CHECK(allocations == before);
    CHECK(tape.arena_bytes() == bytes);
  }
}

TEST_CASE("transformer: heads that start equal stay equal to the bit while they are trained") {
  for (Index kv_heads : {0, 2}) {
    ModelConfig config = small_config();
    config.identical_heads = true;
    config.heads = 4, config.kv_heads = kv_heads, config.width = 20,
    config.head_width = 5;  // no vector width divides 5
    Model model{config, Parameters(config)};
    Rng rng(5);
    initialise(model.parameters, config, rng);
    const TokenBatch batch = random_tokens(config, 3, 11);
    std::vector<TokenId> targets(batch.tokens.begin() + 1, batch.tokens.end());
    targets.push_back(0);
    Parameters gradients(config);
    Tape tape(Tape::Mode::training);
    double first = 0, last = 0;
    for (int step = 0; step < 40; ++step) {
      last = plain_loss(tape, model, batch, targets, gradients);
      if (step == 0) first = last;
      for (Index i = 0; i < gradients.size(); ++i)
        model.parameters.flat()[i] -=
            Real(0.1) * gradients.flat()[i] / (Real(0.1) + std::fabs(gradients.flat()[i]));
    }
    CHECK(last < first - 0.1);  // something was learned
    for (const char* name :
         {"blocks.0.attn.W_Q", "blocks.0.attn.W_K", "blocks.1.attn.W_V", "blocks.1.attn.W_O"}) {
      const View w = model.parameters[name];
      const bool output = w.shape[0] == 4 && w.shape[2] == 20;  // W_O: [H, d, D]; the others [D, H, d]
      const Index heads = output ? w.shape[0] : w.shape[1],
                  inner = output ? w.shape[1] * w.shape[2] : w.shape[2];
      const Index outer = output ? 1 : w.shape[0];
      // Key heads shared by two queries each stay equal too.
      for (Index o = 0; o < outer; ++o)
        for (Index h = 1; h < heads; ++h)
          CHECK(std::equal(w.begin() + o * heads * inner, w.begin() + (o * heads + 1) * inner,
                           w.begin() + (o * heads + h) * inner));
    }
  }
}

TEST_CASE("transformer: every hook fires once per layer with the shape its table promises") {
  for (const NamedConfig& each : small_configs()) {
    const std::string& name = each.name;
    const ModelConfig& config = each.config;
    const Index B = 2, T = 6, D = config.width, H = config.heads, K = config.resolved_kv_heads(),
                d = config.resolved_head_width(), M = config.resolved_mlp_width();
    const bool rope = config.position == PositionKind::rope, mlp = config.has_mlp();
    const bool table =
        config.position == PositionKind::learned || config.position == PositionKind::sinusoidal;
    const std::map<Site, std::pair<Shape, bool>> promised = {
        {Site::embed, {{B, T, D}, true}},
        {Site::pos_embed, {{B, T, D}, table}},
        {Site::resid_pre, {{B, T, D}, true}},
        {Site::attn_in, {{B, T, D}, true}},
        {Site::q, {{B, T, H, d}, true}},
        {Site::k, {{B, T, K, d}, true}},
        {Site::v, {{B, T, K, d}, true}},
        {Site::rot_q, {{B, T, H, d}, rope}},
        {Site::rot_k, {{B, T, K, d}, rope}},
        {Site::attn_scores, {{B, H, T, T}, true}},
        {Site::pattern, {{B, H, T, T}, true}},
        {Site::z, {{B, T, H, d}, true}},
        {Site::result, {{B, T, H, D}, true}},
        {Site::attn_out, {{B, T, D}, true}},
        {Site::resid_mid, {{B, T, D}, mlp}},
        {Site::mlp_in, {{B, T, D}, mlp}},
        {Site::mlp_pre, {{B, T, M}, mlp}},
        {Site::mlp_post, {{B, T, M}, mlp}},
        {Site::mlp_out, {{B, T, D}, mlp}},
        {Site::resid_post, {{B, T, D}, true}},
        {Site::final_norm, {{B, T, D}, config.has_final_norm()}},
        {Site::logits, {{B, T, config.vocab}, true}}};
    REQUIRE(promised.size() == static_cast<std::size_t>(Site::logits) + 1);
    Hooks hooks;
    std::vector<Hooks::Scope> scopes;
    std::map<std::string, int> fired;
    for (const auto& entry : promised) {
      const std::string text = to_string({entry.first, 0});
      const bool in_block = text.substr(0, 7) == "blocks.";
      for (int l = in_block ? 0 : -1; l < (in_block ? 2 : 0); ++l) {
        const Shape shape = entry.second.first;
        scopes.push_back(hooks.observe({entry.first, l}, [&fired, shape](HookPoint p, ConstView v) {
          ++fired[to_string(p)];
          CHECK_MESSAGE(v.shape == shape, to_string(p));
        }));
      }
    }
    ForwardOptions options;
    options.hooks = &hooks;
    const Model model = random_model(config);
    const TokenBatch batch = random_tokens(config, B, T);
    const Tensor watched = logits_of(model, batch, options);
    for (const auto& entry : promised) {
      const bool in_block = to_string({entry.first, 0}).substr(0, 7) == "blocks.";
      for (int l = in_block ? 0 : -1; l < (in_block ? 2 : 0); ++l) {
        const std::string point = to_string({entry.first, l});
        CHECK_MESSAGE(fired[point] == (entry.second.second ? 1 : 0), name << " " << point);
      }
    }
    CHECK(watched.data == logits_of(model, batch).data);  // watching changes no bit
    scopes.clear();
    CHECK(hooks.empty());
  }
}

TEST_CASE("transformer: replacing a value by itself changes no bit, at any site") {
  for (const NamedConfig& each : small_configs()) {
    const std::string& name = each.name;
    const ModelConfig& config = each.config;
    const Model model = random_model(config);
    const TokenBatch batch = random_tokens(config, 2, 6);
    const Tensor plain = logits_of(model, batch);
    for (int s = 0; s <= static_cast<int>(Site::logits); ++s)
      for (int l = -1; l < 2; ++l) {
        Hooks hooks;
        int calls = 0;
        const auto scope = hooks.replace({static_cast<Site>(s), l}, [&](HookPoint, View) { ++calls; });
        ForwardOptions options;
        options.hooks = &hooks;
        CHECK_MESSAGE(logits_of(model, batch, options).data == plain.data,
                      name << " " << to_string({static_cast<Site>(s), l}));
        CHECK(calls <= 1);
      }
  }
}

TEST_CASE("transformer: a replacement acts downstream only, and stops the gradient") {
  ModelConfig config = small_config();
  config.mlp = MlpKind::gelu;
  const Model model = random_model(config);
  const TokenBatch batch = random_tokens(config, 1, 6);
  for (Site site : {Site::resid_pre, Site::attn_in, Site::q, Site::pattern, Site::z, Site::result,
                    Site::attn_out, Site::mlp_pre, Site::resid_post}) {
    INFO(to_string({site, 1}));
    Tensor plain[2], patched[2];  // resid_post of both layers
    for (bool patch : {false, true}) {
      Hooks hooks;
      std::vector<Hooks::Scope> scopes;
      for (int l : {0, 1})
        scopes.push_back(hooks.observe({Site::resid_post, l}, [&, l](HookPoint, ConstView v) {
          (patch ? patched : plain)[l] = Tensor(v.shape, std::vector<Real>(v.begin(), v.end()));
        }));
      if (patch)
        scopes.push_back(
            hooks.replace({site, 1}, [](HookPoint, View v) { std::fill(v.begin(), v.end(), Real(0.25)); }));
      ForwardOptions options;
      options.hooks = &hooks;
      Parameters gradients(config);
      options.gradients = &gradients;
      Tape tape(Tape::Mode::training);
      const Var logits = forward(tape, model, batch, options);
      tape.backward(cross_entropy(tape, logits, batch.tokens.data(), nullptr).loss);
      const double before = size_of(gradients["blocks.1.attn.W_Q"]),
                   w_o = size_of(gradients["blocks.1.attn.W_O"]);
      if (!patch) CHECK((before > 1e-6 && w_o > 1e-6));
      // Is W_Q behind the patched place, with no other way to the loss?
      const bool behind = site != Site::mlp_pre && site != Site::attn_in && site != Site::resid_pre;
      if (patch && behind) CHECK(before == 0);
      if (patch && (site == Site::result || site == Site::attn_out)) CHECK(w_o == 0);
      if (patch && (site == Site::q || site == Site::pattern || site == Site::z)) CHECK(w_o > 0);
      if (patch && site == Site::resid_post) CHECK(size_of(gradients["embed.W_E"]) == 0);
      if (patch && site == Site::resid_pre) CHECK(size_of(gradients["embed.W_E"]) == 0);
      if (patch && site == Site::attn_in) CHECK(size_of(gradients["blocks.1.ln1.w"]) == 0);
    }
    CHECK(plain[0].data == patched[0].data);
    if (site != Site::resid_post) CHECK(plain[1].data != patched[1].data);
  }
}

TEST_CASE("transformer: the stream is the sum of what was written to it; heads sum to attn_out") {
  ModelConfig config = small_config();
  config.mlp = MlpKind::gelu, config.out_bias = true;
  const Model model = random_model(config);
  std::map<Site, Tensor> seen;
  Hooks hooks;
  std::vector<Hooks::Scope> scopes;
  for (Site site : {Site::resid_pre, Site::result, Site::attn_out, Site::mlp_out, Site::resid_post})
    scopes.push_back(hooks.observe({site, 1}, [&](HookPoint p, ConstView v) {
      seen[p.site] = Tensor(v.shape, std::vector<Real>(v.begin(), v.end()));
    }));
  ForwardOptions options;
  options.hooks = &hooks;
  logits_of(model, random_tokens(config, 2, 5), options);
  Tensor heads(seen[Site::attn_out].shape), stream = seen[Site::resid_pre];
  for (Index i = 0; i < 10; ++i)
    for (Index c = 0; c < 8; ++c) {
      Real& sum = heads.view()[i * 8 + c];
      sum = model.parameters["blocks.1.attn.b_O"][c];
      for (Index h = 0; h < 2; ++h) sum += seen[Site::result].view()[(i * 2 + h) * 8 + c];
      stream.view()[i * 8 + c] +=
          seen[Site::attn_out].view()[i * 8 + c] + seen[Site::mlp_out].view()[i * 8 + c];
    }
  check_close("heads", heads, seen[Site::attn_out], 16);
  check_close("stream", stream, seen[Site::resid_post], 8);
}

TEST_CASE("transformer: an untrained model with small weights knows nothing: loss log V") {
  ModelConfig config = small_config();
  config.init_std = Real(0.02);
  Model model{config, Parameters(config)};
  Rng rng(6);
  initialise(model.parameters, config, rng);
  Parameters gradients(config);
  Tape tape(Tape::Mode::training);
  const TokenBatch batch = random_tokens(config, 4, 12);
  CHECK(plain_loss(tape, model, batch, batch.tokens, gradients) ==
        doctest::Approx(std::log(7.0)).epsilon(0.02));
}

TEST_CASE("transformer: a model without layers, and one that ends in the hidden state") {
  ModelConfig config = small_config();
  config.layers = 0;
  CHECK(logits_of(random_model(config), random_tokens(config, 2, 5)).shape == Shape{2, 5, 7});
  config.layers = 1, config.unembed = false;
  CHECK(logits_of(random_model(config), random_tokens(config, 2, 5)).shape == Shape{2, 5, 8});
}

TEST_CASE("transformer: bad input is named by check_tokens and thrown by forward") {
  ModelConfig config = small_config();
  const Model model = random_model(config);
  const auto complaint = [&](const TokenBatch& batch) {
    const Status status = check_tokens(config, batch);
    const std::string text = status.ok() ? "" : status.error().message;
    if (!text.empty()) CHECK_THROWS_WITH_AS(logits_of(model, batch), text.c_str(), ShapeError);
    return text;
  };
  CHECK(complaint({{1, 2, 3}, 1, 3, {}, {}}) == "");
  CHECK(complaint({{1, 2, 3, 0, 0, 7}, 2, 3, {}, {}}) ==
        "token 7 at position 2 is outside the vocabulary of 7");
  CHECK(complaint({{1, -1}, 1, 2, {}, {}}) == "token -1 at position 1 is outside the vocabulary of 7");
  CHECK(complaint({std::vector<TokenId>(13), 1, 13, {}, {}}) == "13 tokens, the model's context is 12");
  CHECK(complaint({{}, 0, 0, {}, {}}) == "an empty batch: at least one token is needed");
  CHECK(complaint({{1, 2, 3}, 2, 2, {}, {}}) == "3 tokens do not make 2 sequences of 2");
  CHECK(complaint({{1, 2}, 1, 2, {3}, {}}) == "a sequence of 3 tokens in a batch of length 2");
  CHECK(complaint({{1, 2}, 1, 2, {1, 1}, {}}) == "2 lengths for 1 sequences");
  config.token_types = 2;
  CHECK(check_tokens(config, {{1, 2}, 1, 2, {}, {}}).error().message ==
        "the model needs one token type per token: 2, got 0");
  CHECK(check_tokens(config, {{1, 2}, 1, 2, {}, {0, 2}}).error().message ==
        "token type 2 at position 1 is outside the types of 2");
}
