// `attn heads --conllu`: roles and relations of every head on labelled text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "attn/analysis/relations.hpp"
#include "attn/io/json.hpp"

namespace cli {

struct TextOptions {
  std::vector<std::string> files;
  std::string tokenizer, from = "last";
  attn::Index limit = 0, ablate = 0;  // sentences of each file, passages for ablation; 0: all, none
  std::uint64_t seed = 1;
  int draws = 1000;
};

struct TextSource {
  std::string file;
  attn::Index sentences = 0, passages = 0, too_long = 0;
  bool chains = false;  // coreference: sentences are packed into passages, the trees are not used
};

struct AblationCost {
  attn::Index passages = 0, predictions = 0;
  double loss = 0;                 // nats per predicted token
  std::vector<double> zero, mean;  // [L · H] how much the loss grows without the head
};

struct CircuitSummary {
  // [L · H] Σλ/Σ|λ| of W_E W_OV W_U; share of tokens whose own logit it raises most
  std::vector<double> copying, self;
};

struct TextReport {
  std::vector<TextSource> sources;
  attn::Index layers = 0, heads = 0;
  std::vector<attn::HeadRoles> roles;  // on passages if there are any, else on sentences
  attn::HeadRoles uniform;
  std::vector<attn::RelationReport> relations, untrained;  // by attn::text::relation_kinds
  AblationCost ablation;
  CircuitSummary circuits;
};

TextReport measure_text(const attn::Model& model, const TextOptions& options);
attn::io::Json to_json(const TextReport& report);
void print_table(const TextReport& report);

}  // namespace cli
