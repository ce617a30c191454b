// Path patching: what goes from one component to another along the direct path only, through no third
// one (Wang et al. 2022, "Interpretability in the Wild", section 3.1; Goldowsky-Dill et al. 2023).
#pragma once

#include <vector>

#include "attn/analysis/patching.hpp"

namespace attn {

struct Path {
  std::vector<Slice> senders;    // at z (a head), mlp_out or embed
  std::vector<Slice> receivers;  // what they read: q, k, v of heads, mlp_pre; the last resid_post: the logits
  bool through_mlps = false;     // true: MLPs in between react, as in Wang et al.; false: they are frozen too
};

// The inputs of the receivers when everything between stands as in the run on `batch`, while the senders
// write what they wrote on `source`.
Activations path_inputs(const Model& model, const TokenBatch& batch, const TokenBatch& source,
                        const Path& path);

// The metric of the run on `batch` in which the receivers alone read those inputs.
Real path_patching(const Model& model, const TokenBatch& batch, const TokenBatch& source,
                   const Metric& metric, const Path& path);

}  // namespace attn
