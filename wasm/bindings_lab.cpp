// The table of the large module, attn-lab: everything the small one has, and what few pages need.
#include "bindings.hpp"
#include "lab.hpp"

using attn::wasm::guarded;
using Lab = attn::wasm::LabSession;

EMSCRIPTEN_BINDINGS(attn) {
  attn::wasm::bind_session<Lab>()
      // A folder of the reader's: lab_files.cpp.
      .function("planModel", &guarded<Lab, &Lab::plan_model>)
      .function("feedModel", &guarded<Lab, &Lab::feed_model>)
      // Text: lab_text.cpp.
      .function("loadTokenizer", &guarded<Lab, &Lab::load_tokenizer>)
      .function("encode", &guarded<Lab, &Lab::encode>)
      .function("decode", &guarded<Lab, &Lab::decode>)
      .function("disposeTokenizer", &guarded<Lab, &Lab::dispose_tokenizer>)
      // Snapshots: lab_snapshots.cpp.
      .function("loadSnapshot", &guarded<Lab, &Lab::load_snapshot>)
      // Pruning: lab_pruning.cpp.
      .function("headImportance", &guarded<Lab, &Lab::head_importance>)
      .function("removalCurve", &guarded<Lab, &Lab::removal_curve>)
      .function("pruneHeads", &guarded<Lab, &Lab::prune_heads>)
      .function("maskWeights", &guarded<Lab, &Lab::mask_weights>)
      .function("gateSteps", &guarded<Lab, &Lab::gate_steps>)
      // Interventions and readings: lab_patching.cpp.
      .function("patch", &guarded<Lab, &Lab::patch>)
      .function("trace", &guarded<Lab, &Lab::trace>)
      .function("importance", &guarded<Lab, &Lab::importance>)
      .function("intervene", &guarded<Lab, &Lab::intervene>)
      .function("lens", &guarded<Lab, &Lab::lens>)
      // Paths and probes: lab_paths.cpp, lab_probe.cpp.
      .function("patchPaths", &guarded<Lab, &Lab::patch_paths>)
      .function("probe", &guarded<Lab, &Lab::probe>)
      // Collapse and redundancy: lab_collapse.cpp.
      .function("collapseTower", &guarded<Lab, &Lab::collapse_tower>)
      .function("headSimilarity", &guarded<Lab, &Lab::head_similarity>)
      // What stands in for softmax attention: lab_alternatives.cpp.
      .function("tiledAttention", &guarded<Lab, &Lab::tiled_attention>)
      .function("memoryCapacity", &guarded<Lab, &Lab::memory_capacity>)
      .function("featureError", &guarded<Lab, &Lab::feature_error>)
      .function("recallSteps", &guarded<Lab, &Lab::recall_steps>)
      // Part of the past out of sight: lab_blinding.cpp.
      .function("blind", &guarded<Lab, &Lab::blind>)
      // Positions by hand: lab_positions.cpp.
      .function("rotaryScores", &guarded<Lab, &Lab::rotary_scores>)
      .function("positionBias", &guarded<Lab, &Lab::position_bias>)
      // What comes after attention: lab_after.cpp.
      .function("paritySteps", &guarded<Lab, &Lab::parity_steps>)
      .function("onlineErrors", &guarded<Lab, &Lab::online_errors>)
      // The conclusion: lab_conclusion.cpp.
      .function("schemaSteps", &guarded<Lab, &Lab::schema_steps>)
      .function("gainField", &guarded<Lab, &Lab::gain_field>)
      // Adapters and four bits: lab_adapt.cpp.
      .function("adaptSteps", &guarded<Lab, &Lab::adapt_steps>)
      .function("headChange", &guarded<Lab, &Lab::head_change>)
      .function("firstStep", &guarded<Lab, &Lab::first_step>)
      .function("fourBits", &guarded<Lab, &Lab::four_bits>)
      // Where a row explains: lab_explanation.cpp.
      .function("rowFreedom", &guarded<Lab, &Lab::row_freedom>)
      .function("poolingSteps", &guarded<Lab, &Lab::pooling_steps>)
      .function("poolingAccounts", &guarded<Lab, &Lab::pooling_accounts>);
}
