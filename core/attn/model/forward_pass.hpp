// One forward pass, in two files: the stream and what surrounds the layers (transformer.cpp), and the
// attention layer (attention_layer.cpp). Included by these two alone; everyone else calls forward()
// (transformer.hpp).
#pragma once

#include <string_view>

#include "attn/model/transformer.hpp"

namespace attn {

// A parameter's name put together in place: a training step allocates nothing. Not by snprintf, which the
// page's module would carry for this alone. Names stay far below the buffer (parameters.hpp).
class Name {
 public:
  Name& operator<<(std::string_view part) {
    for (char c : part)
      if (size_ < sizeof text_) text_[size_++] = c;
    return *this;
  }
  Name& operator<<(int n) {
    if (n >= 10) *this << n / 10;
    const char digit = static_cast<char>('0' + n % 10);
    return *this << std::string_view(&digit, 1);
  }
  operator std::string_view() const { return {text_, size_}; }

 private:
  char text_[64];
  std::size_t size_ = 0;
};

// "blocks.l.name"; outside the blocks (l < 0) the name alone.
inline Name in_block(int l, std::string_view name) {
  Name out;
  if (l >= 0) out << "blocks." << l << ".";
  return out << name;
}

// One forward pass. B sequences of T tokens, which follow `past` cached ones.
class ForwardPass {
 public:
  ForwardPass(Tape& tape, const Model& model, const TokenBatch& batch, const ForwardOptions& options)
      : tape_(tape),
        model_(model),
        c_(model.config),
        batch_(batch),
        options_(options),
        B_(batch.batch),
        T_(batch.length),
        past_(options.cache ? options.cache->length() : 0),
        tables_(options.tables && !needs_all_rows() && takes_tables(model.config, batch)) {}

  Var run();

 private:
  void check() const;
  void check_watched(const std::vector<WatchedValue>& watched) const;
  Var embed();
  Var blocks(Var x);
  Var block(int l, Var x);
  Var attention_layer(int l, Var x);
  Var project(int l, const char* role, Var x, Index heads);
  Var attend(int l, Var q, Var k, Var v);
  Var null_scores(int l);
  Var gated(int l, Var x, Var z);
  Var widened(Var w);
  Var heads_out(int l, Var z);
  Var mlp_layer(int l, Var x);
  Var unembed(Var x);

  Var read(Site site, int l, const char* norm, Var x);
  Var write(int l, const char* norm, Var x, Var update);
  Var asked(int l, Var x);
  Var normalise(int l, const char* name, Var x);
  Var positions(Var x);
  Var smear(int l, Var k);
  void prepare_positions();

  bool wants(Site site, int l) const {
    return (options_.hooks && options_.hooks->wants({site, l})) || watches({site, l});
  }
  // Somebody may look at any row; and without a way back a block's memory is used again, for whole streams.
  bool needs_all_rows() const { return options_.hooks || options_.watched || !tape_.training(); }
  bool watches(HookPoint point) const;
  Var hook(Site site, int l, Var v);
  Var watch(HookPoint point, Var v);
  Var parameter(std::string_view name);         // an invalid Var if the model has none
  Var parameter(int l, std::string_view name);  // "blocks.l.name"

  Tape& tape_;
  const Model& model_;
  const ModelConfig& c_;
  const TokenBatch& batch_;
  const ForwardOptions& options_;
  const Index B_, T_, past_;
  const bool tables_;   // of the first layer
  Var places_;          // [T, D], what is added to the stream; invalid for none
  View cosine_, sine_;  // [T, r/2], rotary models
  Var bias_;            // [H, T, S], ALiBi and T5
};

}  // namespace attn
