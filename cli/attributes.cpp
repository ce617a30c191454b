#include "cli/attributes.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "cli/command.hpp"

namespace cli {

namespace {

[[noreturn]] void refuse(const std::string& what) { throw Failure(usage, "--attr " + what); }

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

Attributes::Attributes(const std::vector<std::string>& assignments, std::vector<std::string> known) {
  for (const std::string& a : assignments) {
    const std::size_t equals = a.find('=');
    if (equals == std::string::npos || equals == 0) refuse(a + ": expected name=value");
    const std::string name = a.substr(0, equals);
    if (std::find(known.begin(), known.end(), name) == known.end())
      refuse(a + ": no attribute \"" + name + "\"; known are " + list(known));
    if (!values_.emplace(name, a.substr(equals + 1)).second) refuse(a + ": \"" + name + "\" is given twice");
  }
}

std::optional<std::int64_t> Attributes::integer(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  const std::string& text = found->second;
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) refuse(name + "=" + text + ": expected an integer");
  return value;
}

std::optional<double> Attributes::real(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(found->second.c_str(), &end);
  if (found->second.empty() || *end != '\0' || !std::isfinite(value))
    refuse(name + "=" + found->second + ": expected a finite number");
  return value;
}

bool Attributes::flag(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return false;
  std::string text = found->second;
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  if (text == "1" || text == "true") return true;
  if (text == "0" || text == "false") return false;
  refuse(name + "=" + found->second + ": expected 0 or 1");
}

}  // namespace cli
