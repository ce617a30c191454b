#include <algorithm>
#include <cmath>

#include "attn/io/decimal.hpp"
#include "attn/io/json.hpp"
#include "attn/io/utf8.hpp"

namespace attn::io {

// Recursive descent over the grammar of RFC 8259; every method parses one production and returns
// false once an error is recorded.
class JsonParser {
 public:
  explicit JsonParser(std::string_view text) : text_(text) {}

  Result<Json> run() {
    const std::size_t bad = first_invalid_utf8(text_);
    if (bad != text_.size()) return error_at(bad, "the text is not valid UTF-8", ErrorCode::malformed);
    Json value;
    skip_space();
    if (!parse_value(value, 0)) return error_at(at_, reason_, code_);
    skip_space();
    if (at_ != text_.size()) return error_at(at_, "text after the end of the value", ErrorCode::malformed);
    return value;
  }

 private:
  static constexpr int max_depth = 64;
  // A value costs about a hundred bytes here and two in the text: without a bound, a hostile
  // header of 100 MB would ask for gigabytes.
  static constexpr std::size_t max_values = std::size_t{1} << 20;

  Error error_at(std::size_t at, const std::string& what, ErrorCode code) const {
    std::size_t line = 1, start = 0;
    for (std::size_t i = 0; i < at && i < text_.size(); ++i)
      if (text_[i] == '\n') ++line, start = i + 1;
    return {code, "JSON, line " + std::to_string(line) + ", column " + std::to_string(at - start + 1) + ": " +
                      what};
  }

  bool fail(std::string reason, ErrorCode code = ErrorCode::malformed) {
    reason_ = std::move(reason);
    code_ = code;
    return false;
  }

  bool done() const { return at_ >= text_.size(); }
  char peek() const { return done() ? '\0' : text_[at_]; }
  bool take(char c) {
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void skip_space() {
    while (!done() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }

  bool parse_value(Json& out, int depth) {
    if (++values_ > max_values) return fail("more than 1048576 values", ErrorCode::too_large);
    switch (peek()) {
      case '{': return depth < max_depth ? parse_object(out, depth + 1) : too_deep();
      case '[': return depth < max_depth ? parse_array(out, depth + 1) : too_deep();
      case '"': out.type_ = Json::Type::string; return parse_string(out.string_);
      case 't': out = Json::of(true); return parse_word("true");
      case 'f': out = Json::of(false); return parse_word("false");
      case 'n': out = Json(); return parse_word("null");
      default: return parse_number(out);
    }
  }

  bool too_deep() { return fail("nested deeper than 64 levels", ErrorCode::too_large); }

  bool parse_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return fail("expected a value");
    at_ += word.size();
    return true;
  }

  bool parse_array(Json& out, int depth) {
    out.type_ = Json::Type::array;
    ++at_;
    skip_space();
    if (take(']')) return true;
    for (;;) {
      out.items_.emplace_back();
      if (!parse_value(out.items_.back(), depth)) return false;
      skip_space();
      if (take(']')) return true;
      if (!take(',')) return fail("expected ',' or ']'");
      skip_space();
    }
  }

  bool parse_object(Json& out, int depth) {
    out.type_ = Json::Type::object;
    ++at_;
    skip_space();
    if (take('}')) return true;
    for (;;) {
      if (peek() != '"') return fail("expected a key in double quotes");
      out.members_.emplace_back();
      if (!parse_string(out.members_.back().first)) return false;
      skip_space();
      if (!take(':')) return fail("expected ':' after the key");
      skip_space();
      if (!parse_value(out.members_.back().second, depth)) return false;
      skip_space();
      if (take('}')) return distinct_keys(out);
      if (!take(',')) return fail("expected ',' or '}'");
      skip_space();
    }
  }

  // Sorted neighbours rather than pairs: an object of a million keys must not take 10^12 comparisons.
  bool distinct_keys(const Json& object) {
    std::vector<std::string_view> keys;
    keys.reserve(object.members_.size());
    for (const auto& member : object.members_) keys.push_back(member.first);
    std::sort(keys.begin(), keys.end());
    const auto twin = std::adjacent_find(keys.begin(), keys.end());
    if (twin != keys.end()) return fail("duplicate key \"" + std::string(*twin) + "\"");
    return true;
  }

  bool parse_string(std::string& out) {
    ++at_;
    while (!done()) {
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) return fail("a control character inside a string");
      ++at_;
      if (c == '"') return true;
      if (c != '\\') {
        out += c;
      } else if (!parse_escape(out)) {
        return false;
      }
    }
    return fail("the string does not end");
  }

  bool parse_escape(std::string& out) {
    const char c = peek();
    ++at_;
    switch (c) {
      case '"':
      case '\\':
      case '/': out += c; return true;
      case 'b': out += '\b'; return true;
      case 'f': out += '\f'; return true;
      case 'n': out += '\n'; return true;
      case 'r': out += '\r'; return true;
      case 't': out += '\t'; return true;
      case 'u': return parse_unicode_escape(out);
      default: --at_; return fail("unknown escape");
    }
  }

  // \uXXXX, or a surrogate pair of two of them (RFC 8259, section 7).
  bool parse_unicode_escape(std::string& out) {
    std::uint32_t high = 0, low = 0;
    if (!parse_hex4(high)) return false;
    if (high < 0xD800 || high > 0xDFFF) return append_utf8(out, high), true;
    if (high > 0xDBFF || !take('\\') || !take('u')) return fail("a lone surrogate");
    if (!parse_hex4(low)) return false;
    if (low < 0xDC00 || low > 0xDFFF) return fail("a lone surrogate");
    append_utf8(out, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
    return true;
  }

  bool parse_hex4(std::uint32_t& value) {
    for (int i = 0; i < 4; ++i) {
      const char c = peek();
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return fail("expected four hexadecimal digits");
      value = value << 4 | static_cast<std::uint32_t>(digit);
      ++at_;
    }
    return true;
  }

  bool take_digits() {
    const std::size_t before = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > before;
  }

  bool parse_number(Json& out) {
    const std::size_t start = at_;
    bool integer = true;
    take('-');
    if (!take('0') && !take_digits()) return at_ = start, fail("expected a value");
    if (take('.')) {
      integer = false;
      if (!take_digits()) return fail("expected digits after the point");
    }
    if (take('e') || take('E')) {
      integer = false;
      if (!take('+')) take('-');
      if (!take_digits()) return fail("expected digits in the exponent");
    }
    const double value = parse_double(text_.substr(start, at_ - start));
    if (!std::isfinite(value)) return at_ = start, fail("a number beyond the range of double");
    out = Json::of(value);
    out.integer_ = integer && out.integer_;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0, values_ = 0;
  std::string reason_;
  ErrorCode code_ = ErrorCode::malformed;
};

Result<Json> Json::parse(std::string_view text) { return JsonParser(text).run(); }

}  // namespace attn::io
