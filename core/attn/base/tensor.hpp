// Dense row-major tensors: an owner and two views. No arithmetic lives here.
#pragma once

#include <array>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <vector>

#include "attn/base/error.hpp"
#include "attn/base/real.hpp"

namespace attn {

// Up to six extents; rank 0 is a scalar with one element.
class Shape {
 public:
  static constexpr int max_rank = 6;

  Shape() = default;
  Shape(std::initializer_list<Index> extents);

  int rank() const { return rank_; }
  Index operator[](int axis) const { return extents_[axis < 0 ? rank_ + axis : axis]; }
  void set(int axis, Index extent) { extents_[axis < 0 ? rank_ + axis : axis] = extent; }
  void push_back(Index extent);
  Index size() const;  // product of the extents

  bool operator==(const Shape& other) const;
  bool operator!=(const Shape& other) const { return !(*this == other); }

 private:
  std::array<Index, max_rank> extents_{};
  int rank_ = 0;
};

std::string to_string(const Shape& shape);  // "[2, 4, 16]"

// Non-owning; the viewed memory must outlive the view. T is Real or const Real.
template <class T>
struct BasicView {
  T* data = nullptr;
  Shape shape;

  BasicView() = default;
  BasicView(T* d, const Shape& s) : data(d), shape(s) {}
  // A writable view converts to a read-only one.
  template <class U, class = std::enable_if_t<std::is_convertible_v<U*, T*>>>
  BasicView(const BasicView<U>& other) : data(other.data), shape(other.shape) {}

  Index size() const { return shape.size(); }
  T* begin() const { return data; }
  T* end() const { return data + size(); }
  T& operator[](Index i) const { return data[i]; }  // flat

  // The i-th slice along the first axis.
  BasicView sub(Index i) const {
    Shape rest;
    for (int a = 1; a < shape.rank(); ++a) rest.push_back(shape[a]);
    return {data + i * rest.size(), rest};
  }
  BasicView reshaped(const Shape& s) const {
    if (s.size() != size()) throw ShapeError("reshape " + to_string(shape) + " to " + to_string(s));
    return {data, s};
  }
};

using View = BasicView<Real>;
using ConstView = BasicView<const Real>;

// Owns its elements; zero-initialised.
struct Tensor {
  Shape shape;
  std::vector<Real> data;

  Tensor() = default;
  explicit Tensor(const Shape& s) : shape(s), data(static_cast<std::size_t>(s.size())) {}
  Tensor(const Shape& s, std::vector<Real> values);

  Index size() const { return shape.size(); }
  View view() { return {data.data(), shape}; }
  ConstView view() const { return {data.data(), shape}; }
  operator View() { return view(); }
  operator ConstView() const { return view(); }
};

// Throws ShapeError "<what>: expected [..], got [..]".
void expect_shape(const char* what, const Shape& got, const Shape& expected);

}  // namespace attn
