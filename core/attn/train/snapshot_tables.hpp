// What the snapshots of both trainers have in common: weights and moments as named tensors.
#pragma once

#include <string>

#include "attn/io/safetensors.hpp"
#include "attn/model/transformer.hpp"
#include "attn/train/adamw.hpp"

namespace attn {

Error malformed_snapshot(std::string message);

// A whole number that was written as text.
Result<std::uint64_t> read_count(const io::SafeTensors& file, const char* key);

// "model.<name>", "adamw.m.<name>" and "adamw.v.<name>" for every parameter.
void write_tables(io::Writer& writer, const Parameters& parameters, const AdamWState& adamw);
// Into a model of this config and its moments, which are made here.
Status read_tables(const io::SafeTensors& file, const ModelConfig& config, Model& model, AdamWState& adamw);

}  // namespace attn
