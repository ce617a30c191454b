#include "attn/base/tensor.hpp"

namespace attn {

Shape::Shape(std::initializer_list<Index> extents) {
  for (Index e : extents) push_back(e);
}

void Shape::push_back(Index extent) {
  if (rank_ == max_rank) throw ShapeError("a tensor has at most 6 axes");
  extents_[rank_++] = extent;
}

Index Shape::size() const {
  Index n = 1;
  for (int a = 0; a < rank_; ++a) n *= extents_[a];
  return n;
}

bool Shape::operator==(const Shape& other) const {
  if (rank_ != other.rank_) return false;
  for (int a = 0; a < rank_; ++a)
    if (extents_[a] != other.extents_[a]) return false;
  return true;
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (int a = 0; a < shape.rank(); ++a) {
    if (a) text += ", ";
    text += std::to_string(shape[a]);
  }
  return text + "]";
}

Tensor::Tensor(const Shape& s, std::vector<Real> values) : shape(s), data(std::move(values)) {
  if (static_cast<Index>(data.size()) != s.size())
    throw ShapeError(std::to_string(data.size()) + " values for a tensor of shape " + to_string(s));
}

void expect_shape(const char* what, const Shape& got, const Shape& expected) {
  if (got != expected)
    throw ShapeError(std::string(what) + ": expected " + to_string(expected) + ", got " + to_string(got));
}

}  // namespace attn
