// The prompt pair of tests/golden/analysis.py, with its model.
#pragma once

#include "attn/analysis/metric.hpp"
#include "attn/model/transformer.hpp"
#include "golden.hpp"

namespace attn::test {

inline Model golden_model(const std::string& name) {
  const Golden golden("model-" + name + ".safetensors");
  const auto config = model_config_from_json(golden.metadata("attn.config"));
  REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error().message));
  Model model{*config, Parameters(*config)};
  for (const ParameterInfo& p : model.parameters.table()) {
    const Tensor value = golden.tensor("param/" + p.name);
    std::copy(value.data.begin(), value.data.end(), model.parameters[p.name].begin());
  }
  return model;
}

struct GoldenPair {
  explicit GoldenPair(const std::string& name)
      : golden("interventions-" + name + ".safetensors"), model(golden_model(name)) {
    clean = {golden.tokens("clean"), 2, 9, {}, {}};
    corrupted = {golden.tokens("corrupted"), 2, 9, {}, {}};
    const std::vector<std::int64_t> a = golden.integers("answers");  // [n, 4]
    for (std::size_t i = 0; i < a.size(); i += 4)
      metric.answers.push_back({static_cast<Index>(a[i]), static_cast<Index>(a[i + 1]),
                                static_cast<TokenId>(a[i + 2]), static_cast<TokenId>(a[i + 3])});
  }
  Golden golden;
  Model model;
  TokenBatch clean, corrupted;
  Metric metric;  // a logit difference
};

inline ConstView as_view(const std::vector<Real>& x) {
  return {x.data(), Shape{static_cast<Index>(x.size())}};
}

}  // namespace attn::test
