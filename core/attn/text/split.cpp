#include "attn/text/split.hpp"

#include <cstdint>

#include "attn/io/utf8.hpp"

namespace attn::text {

namespace {

struct Range {
  std::uint32_t first, last;
};

// Latin, Greek and Cyrillic with their accents: the scripts of the course and its corpus. Other
// scripts fall to `other`; they are read byte by byte anyway unless the corpus holds them.
constexpr Range letters[] = {
    {'A', 'Z'},     {'a', 'z'},     {0xC0, 0xD6},   {0xD8, 0xF6},   {0xF8, 0x24F},
    {0x300, 0x373}, {0x376, 0x377}, {0x37B, 0x37D}, {0x37F, 0x37F}, {0x386, 0x386},
    {0x388, 0x3FF}, {0x400, 0x481}, {0x483, 0x487}, {0x48A, 0x52F}, {0x1E00, 0x1FFF},
};
constexpr Range digits[] = {{'0', '9'}};
constexpr Range spaces[] = {{0x09, 0x0D},     {0x20, 0x20},     {0x85, 0x85},
                            {0xA0, 0xA0},     {0x2000, 0x200A}, {0x2028, 0x2029},
                            {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}};

enum class Class { letter, digit, space, other };

template <std::size_t N>
bool within(const Range (&ranges)[N], std::uint32_t c) {
  for (const Range& r : ranges)
    if (c >= r.first && c <= r.last) return true;
  return false;
}

struct Character {
  Class kind;
  std::size_t length;  // bytes
};

Character unit_at(std::string_view text, std::size_t at) {
  const io::CodePoint c = io::decode_utf8(text, at);
  if (c.length == 0) return {Class::other, 1};
  const auto length = static_cast<std::size_t>(c.length);
  // The letters of the Russian alphabet first: nearly all of the text.
  if (c.value >= 0x400 && c.value <= 0x481) return {Class::letter, length};
  if (within(spaces, c.value)) return {Class::space, length};
  if (within(digits, c.value)) return {Class::digit, length};
  return {within(letters, c.value) ? Class::letter : Class::other, length};
}

template <std::size_t N>
void append_ranges(const Range (&ranges)[N], std::string& out) {
  for (const Range& r : ranges) {
    io::append_utf8(out, r.first);
    if (r.last == r.first) continue;
    out += '-';
    io::append_utf8(out, r.last);
  }
}

}  // namespace

std::size_t piece_end(std::string_view text, std::size_t at) {
  Character first = unit_at(text, at);
  std::size_t end = at + first.length;
  if (first.kind == Class::space) {
    if (text[at] != ' ' || end == text.size()) return end;
    first = unit_at(text, end);
    if (first.kind == Class::space) return end;
    end += first.length;
  }
  if (first.kind == Class::digit) return end;
  while (end < text.size()) {
    const Character next = unit_at(text, end);
    if (next.kind != first.kind) break;
    end += next.length;
  }
  return end;
}

std::string split_pattern() {
  std::string letter, digit, space;
  append_ranges(letters, letter);
  append_ranges(digits, digit);
  append_ranges(spaces, space);
  return " ?[" + letter + "]+| ?[" + digit + "]| ?[^" + letter + digit + space + "]+|[" + space + "]";
}

}  // namespace attn::text
