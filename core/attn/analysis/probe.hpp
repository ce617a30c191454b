// What can be read from a representation by a linear classifier, and how much that means: accuracy, control
// tasks (Hewitt & Liang 2019) and description length (Voita & Titov 2020).
#pragma once

#include <vector>

#include "attn/base/tensor.hpp"
#include "attn/math/random.hpp"

namespace attn {

// Multinomial logistic regression: p(c | x) = softmax(x W + b)_c.
struct Probe {
  Tensor weights;          // [D, C]
  std::vector<Real> bias;  // C
};

struct ProbeOptions {
  Real ridge = Real(1e-3);  // λ of mean loss + λ/2 ‖W‖²; the bias goes free
  Index steps = 300;        // of accelerated gradient descent (Nesterov 1983), at the step 1 / Lipschitz
};
// x: [N, D], labels: N of 0 .. classes - 1. Convex: where it ends depends on nothing but the data.
Probe fit_probe(ConstView x, const std::vector<Index>& labels, Index classes,
                const ProbeOptions& options = {});

struct ProbeScore {
  Real accuracy = 0;
  Real nats = 0;  // mean -log p(label)
};
ProbeScore evaluate(const Probe& probe, ConstView x, const std::vector<Index>& labels);

// A control task: each word type gets one label for all its occurrences, drawn from the distribution of the
// real labels. What a probe learns of it, it learnt by heart. types: N small numbers.
std::vector<Index> control_labels(const std::vector<Index>& types, const std::vector<Index>& labels,
                                  Rng& rng);

// Accuracy on the task less that on its control, both on the test part.
Real selectivity(const ProbeScore& task, const ProbeScore& control);

// Online code: the labels sent in blocks, each coded by the probe that the blocks before it trained; the
// first by guessing. Block ends at 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.25, 12.5, 25, 50 and 100 % of N (Voita &
// Titov 2020, section 2.2.2).
struct OnlineCode {
  Real bits = 0, uniform_bits = 0;  // uniform: N log₂ C
  Real compression = 0;             // uniform_bits / bits
};
OnlineCode online_code(ConstView x, const std::vector<Index>& labels, Index classes,
                       const ProbeOptions& options = {});

}  // namespace attn
