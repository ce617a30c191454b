#include "cli/heads_text.hpp"

#include <algorithm>

#include "attn/analysis/circuits.hpp"
#include "attn/ops/cross_entropy.hpp"
#include "attn/train/trainer.hpp"
#include "cli/command.hpp"
#include "cli/corpus.hpp"
#include "cli/text_tokens.hpp"

namespace cli {

namespace {

using attn::Index;
using attn::text::ConlluSentence;
using attn::text::Passage;

// A sequence ready for a model, with its questions.
struct Item {
  TokenisedPassage tokens;
  std::vector<attn::text::LabelledQuery> queries;
  bool chains = false;
};

bool spaced(const std::vector<ConlluSentence>& sentences) {
  for (const ConlluSentence& s : sentences)
    for (const attn::text::ConlluToken& t : s.surface)
      if (!t.space_after) return false;
  return true;
}

bool has_chains(const std::vector<ConlluSentence>& sentences) {
  for (const ConlluSentence& s : sentences)
    for (const attn::text::ConlluWord& w : s.words)
      if (!w.entity.empty()) return true;
  return false;
}

class Reader {
 public:
  Reader(const TextTokens& tokens, const attn::ModelConfig& model, Index limit)
      : tokens_(tokens), context_(model.context), limit_(limit) {}

  // One item a sentence; in a file with chains as many whole sentences of a document as fit the context.
  void read(const std::string& path, std::vector<Item>& items, std::vector<TextSource>& sources) const {
    const std::string text = read_corpus(path);
    std::vector<ConlluSentence> sentences = need(attn::text::parse_conllu(text), path);
    if (limit_ && static_cast<Index>(sentences.size()) > limit_)
      sentences.resize(static_cast<std::size_t>(limit_));
    TextSource source;
    source.file = path.substr(path.find_last_of('/') + 1);
    source.sentences = static_cast<Index>(sentences.size());
    source.chains = has_chains(sentences);
    const bool by_rule = spaced(sentences);
    const ConlluSentence* const end = sentences.data() + sentences.size();
    for (const ConlluSentence* s = sentences.data(); s != end;) {
      const ConlluSentence* last = s + 1;
      Passage passage = attn::text::passage_of(s, last, by_rule);
      TokenisedPassage tokens = tokens_(passage);
      while (source.chains && last != end && !last->new_document) {
        Passage longer = attn::text::passage_of(s, last + 1, by_rule);
        TokenisedPassage more = tokens_(longer);
        if (static_cast<Index>(more.ids.size()) > context_) break;
        ++last;
        passage = std::move(longer);
        tokens = std::move(more);
      }
      s = last;
      if (static_cast<Index>(tokens.ids.size()) > context_)
        ++source.too_long;
      else if (tokens.ids.size() > 1) {
        items.push_back({std::move(tokens), std::move(passage.queries), source.chains});
        ++source.passages;
      }
    }
    sources.push_back(std::move(source));
  }

 private:
  const TextTokens& tokens_;
  Index context_, limit_;
};

bool is_chain(Index kind) { return std::string(attn::text::relation_kinds[kind].name) == "coref"; }

// Relations of one model over all items; roles too where a meter is given.
std::vector<attn::RelationReport> relations_of(const attn::Model& model, const std::vector<Item>& items,
                                               const TextOptions& o, attn::RoleMeter* roles) {
  const bool passages = std::any_of(items.begin(), items.end(), [](const Item& i) { return i.chains; });
  std::vector<attn::RelationMeter> meters(static_cast<std::size_t>(attn::text::relation_count),
                                          attn::RelationMeter(model.config.layers * model.config.heads));
  const attn::FromWord from = o.from == "mean" ? attn::FromWord::mean : attn::FromWord::last;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Item& item = items[i];
    const std::vector<attn::Tensor> patterns = attn::patterns_of(model, item.tokens.ids);
    if (roles && item.chains == passages) roles->add(patterns, item.tokens.ids, item.tokens.layout);
    std::vector<attn::Tensor> words;
    for (const attn::Tensor& p : patterns) words.push_back(attn::word_attention(p, item.tokens.layout, from));
    for (Index kind = 0; kind < attn::text::relation_count; ++kind) {
      if (is_chain(kind) != item.chains) continue;
      std::vector<attn::WordQuery> queries;
      for (const attn::text::LabelledQuery& q : item.queries)
        if (q.kind == kind) queries.push_back({q.from, q.to, q.nearest});
      meters[static_cast<std::size_t>(kind)].add(words, queries, item.tokens.layout, static_cast<Index>(i));
    }
  }
  attn::Rng rng = attn::stream(o.seed, attn::Stream::probe);
  std::vector<attn::RelationReport> out;
  for (const attn::RelationMeter& m : meters) out.push_back(m.report(o.draws, rng));
  return out;
}

// Sum of next-token losses of one sequence, nats.
double loss_of(const attn::Model& model, const attn::TokenBatch& batch, const attn::Hooks* hooks) {
  attn::Tape tape(attn::Tape::Mode::inference);
  const attn::Var logits = attn::forward(tape, model, batch, attn::ForwardOptions{hooks, nullptr, nullptr});
  std::vector<attn::TokenId> targets(batch.tokens.begin() + 1, batch.tokens.end());
  targets.push_back(0);
  std::vector<attn::Real> weights(targets.size(), 1);
  weights.back() = 0;
  const auto loss = attn::cross_entropy(tape, logits, targets.data(), weights.data());
  return static_cast<double>(tape.value(loss.loss)[0]) * static_cast<double>(loss.weight);
}

AblationCost ablation_cost(const attn::Model& model, const std::vector<Item>& items, const TextOptions& o) {
  AblationCost cost;
  const Index L = model.config.layers, H = model.config.heads;
  cost.zero.assign(static_cast<std::size_t>(L * H), 0);
  cost.mean = cost.zero;
  // Every n-th item, so that all files take part.
  const std::size_t stride = std::max<std::size_t>(1, items.size() / static_cast<std::size_t>(o.ablate));
  for (std::size_t i = 0; i < items.size() && cost.passages < o.ablate; i += stride, ++cost.passages) {
    attn::TokenBatch batch;
    batch.batch = 1;
    batch.tokens = items[i].tokens.ids;
    batch.length = static_cast<Index>(batch.tokens.size());
    if (model.config.token_types) batch.types.assign(batch.tokens.size(), 0);
    cost.predictions += batch.length - 1;
    const double whole = loss_of(model, batch, nullptr);
    cost.loss += whole;
    attn::Rng rng(0);  // zero and mean ablation draw nothing
    for (Index k = 0; k < L * H; ++k)
      for (const attn::Ablation how : {attn::Ablation::zero, attn::Ablation::mean}) {
        attn::Hooks hooks;
        attn::AblationScopes scopes;
        attn::ablate(hooks, model, batch, {{static_cast<int>(k / H), static_cast<int>(k % H)}}, how, rng,
                     scopes);
        auto& sum = how == attn::Ablation::zero ? cost.zero : cost.mean;
        sum[static_cast<std::size_t>(k)] += loss_of(model, batch, &hooks) - whole;
      }
  }
  const double n = static_cast<double>(std::max<Index>(1, cost.predictions));
  cost.loss /= n;
  for (double& x : cost.zero) x /= n;
  for (double& x : cost.mean) x /= n;
  return cost;
}

// Share of tokens whose own logit is the one that OV raises most.
double self_share(const attn::Tensor& ov) {
  const Index V = ov.shape[0];
  Index hits = 0;
  for (Index i = 0; i < V; ++i) {
    const attn::Real* row = ov.data.data() + i * V;
    hits += std::max_element(row, row + V) - row == i;
  }
  return static_cast<double>(hits) / static_cast<double>(V);
}

CircuitSummary circuits_of(const attn::Model& model) {
  CircuitSummary out;
  for (int l = 0; l < static_cast<int>(model.config.layers); ++l)
    for (int h = 0; h < static_cast<int>(model.config.heads); ++h) {
      out.copying.push_back(static_cast<double>(attn::copying_score(model, l, h).score));
      out.self.push_back(self_share(attn::ov_circuit(model, l, h)));
    }
  return out;
}

}  // namespace

TextReport measure_text(const attn::Model& model, const TextOptions& o) {
  TextReport report;
  report.layers = model.config.layers;
  report.heads = model.config.heads;
  const TextTokens tokens(o.tokenizer, model.config);
  const Reader reader(tokens, model.config, o.limit);
  std::vector<Item> items;
  for (const std::string& file : o.files) reader.read(file, items, report.sources);
  if (items.empty())
    throw Failure("no sentence fits the model's context of " + std::to_string(model.config.context));
  attn::RoleMeter roles(report.layers, report.heads);
  report.relations = relations_of(model, items, o, &roles);
  report.roles = roles.roles();
  report.uniform = roles.uniform();
  attn::Model untrained{model.config, attn::Parameters(model.config)};
  attn::Rng init = attn::stream(o.seed, attn::Stream::init);
  attn::initialise(untrained.parameters, untrained.config, init);
  report.untrained = relations_of(untrained, items, o, nullptr);
  if (o.ablate > 0) report.ablation = ablation_cost(model, items, o);
  report.circuits = circuits_of(model);
  return report;
}

}  // namespace cli
