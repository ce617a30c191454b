// Operator attributes as the command line gives them: --attr name=value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cli {

class Attributes {
 public:
  // Every assignment must name one of `known`, at most once.
  Attributes(const std::vector<std::string>& assignments, std::vector<std::string> known);

  std::optional<std::int64_t> integer(const std::string& name) const;
  std::optional<double> real(const std::string& name) const;
  bool flag(const std::string& name) const;  // 0, 1, true, false; absent: false

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace cli
