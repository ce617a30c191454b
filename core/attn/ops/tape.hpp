// A small reverse-mode tape. A model is written once against it and serves three uses:
//  * inference: nothing is recorded, values live in the arena until released;
//  * training: each operation records its backward pass;
//  * intervention: a value may be observed or overwritten between two operations (model/hooks.hpp).
//
// All memory comes from an arena that keeps its blocks across reset(), so a training step
// allocates nothing once the first one has run. On the way back a gradient is read by the pass of its own
// operation and by nobody after it: its memory serves the next gradient of that size, still in the cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "attn/base/tensor.hpp"
#include "attn/math/matmul.hpp"
#include "attn/math/stored.hpp"

namespace attn {

// Handle to a value on a tape; valid until reset() or the release() of an earlier mark.
struct Var {
  std::uint32_t index = 0xffffffffu;
  bool valid() const { return index != 0xffffffffu; }
};

class Tape {
 public:
  enum class Mode { inference, training };
  explicit Tape(Mode mode) : mode_(mode) {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  bool training() const { return mode_ == Mode::training; }

  // A constant: borrowed memory, no gradient flows into it.
  Var constant(ConstView value);
  // A parameter: borrowed value; its gradient is added into `grad` (same shape), which the
  // caller zeroes. A null grad.data makes it a constant.
  Var parameter(ConstView value, View grad);
  // A weight kept in sixteen bits, borrowed; value() refuses it, stored() gives it. Inference only.
  Var stored_parameter(const StoredView& value);
  // A new value in the arena, uninitialised, for an operation to fill. It needs a gradient if
  // any of the operation's inputs does (see needs_grad).
  Var result(const Shape& shape, bool needs_grad);
  // Scratch memory that lives as long as the values around it (softmax statistics and the like).
  View scratch(const Shape& shape);

  ConstView value(Var v) const;
  bool is_stored(Var v) const;
  StoredView stored(Var v) const;
  Shape shape(Var v) const;   // of either kind
  View mutable_value(Var v);  // results only
  // Zeroed on first use within a pass; training only. After backward() only what is watched, a parameter or
  // comes from no operation still has its gradient.
  View grad(Var v);
  bool needs_grad(Var v) const;
  // Where a backward pass puts its contribution to the gradient of v: the first one of a pass
  // may overwrite, the others add. Empty (null data) if v needs none. The caller must write
  // every element.
  struct GradTarget {
    View grad;
    Store store;
  };
  GradTarget grad_target(Var v);
  // Stop the gradient at v: used when a hook has replaced the value.
  void detach(Var v);
  // Ask for the gradient of v, to be read after backward(), although nothing before it may be trained; what
  // is computed from v from now on carries it back. Training only.
  void watch(Var v);

  // Record the backward pass of the operation that produced `out`: called as f(tape) in
  // reverse order, only if a gradient reached `out`. F must be trivially destructible (capture
  // Vars, views and numbers by value): it is stored in the arena.
  template <class F>
  void on_backward(Var out, F f);

  // Seeds d(loss)/d(loss) = 1 and runs every recorded pass once. loss: one element.
  void backward(Var loss);

  // Forget every value and pass, keep the memory.
  void reset();

  // Inference only: release the values created since mark(), so that a deep model needs the
  // memory of one block rather than of all.
  struct Mark {
    std::uint32_t values;
    std::size_t block, used;
  };
  Mark mark() const;
  void release(const Mark& mark);

  std::size_t arena_bytes() const;  // capacity, for the memory report

 private:
  struct Value {
    ConstView value;
    Real* mutable_data;
    View grad;
    bool needs_grad, grad_ready;
    bool watched = false, grad_spent = false;
    const std::uint16_t* stored = nullptr;  // instead of value.data
    Storage storage = Storage::real;
  };
  struct Pass {
    Var out;
    void (*run)(void*, Tape&);
    void* closure;
  };
  void* allocate(std::size_t bytes, std::size_t align);
  Var push(const Value& value);
  void recycle(Value& value);
  Value& at(Var v);

  Mode mode_;
  std::vector<Value> values_;
  std::vector<Pass> passes_;
  std::vector<View> spare_;  // memory of gradients that have been read
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size;
    std::byte* first() const;
  };
  std::vector<Block> blocks_;
  std::size_t block_ = 0, used_ = 0;
};

template <class F>
void Tape::on_backward(Var out, F f) {
  static_assert(std::is_trivially_destructible_v<F>, "closures on the tape are never destroyed");
  if (!training() || !needs_grad(out)) return;
  void* place = allocate(sizeof(F), alignof(F));
  ::new (place) F(std::move(f));
  passes_.push_back({out, [](void* c, Tape& t) { (*static_cast<F*>(c))(t); }, place});
}

}  // namespace attn
