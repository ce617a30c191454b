// A trained model, from a checkpoint or from the snapshot of a run.
#pragma once

#include <string>

#include "attn/model/transformer.hpp"

namespace cli {

attn::Model read_model(const std::string& path);  // a Failure that says what is wrong with the file

}  // namespace cli
