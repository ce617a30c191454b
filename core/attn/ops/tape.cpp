#include "attn/ops/tape.hpp"

#include <algorithm>
#include <iterator>

#include "attn/math/vector.hpp"

namespace attn {
namespace {

constexpr std::size_t kBlockBytes = std::size_t(1) << 20;
constexpr std::size_t kAlign = 64;  // a cache line, and every vector width

static_assert(alignof(std::max_align_t) <= kAlign);

std::size_t bytes_of(const Shape& shape) { return static_cast<std::size_t>(shape.size()) * sizeof(Real); }

}  // namespace

// Blocks start at a multiple of kAlign, so that values fall into the same places on every run.
std::byte* Tape::Block::first() const {
  const std::size_t address = reinterpret_cast<std::size_t>(bytes.get());
  return bytes.get() + ((address + kAlign - 1) / kAlign * kAlign - address);
}

Var Tape::push(const Value& value) {
  values_.push_back(value);
  return Var{static_cast<std::uint32_t>(values_.size() - 1)};
}

Tape::Value& Tape::at(Var v) {
  if (v.index >= values_.size()) throw ShapeError("a Var that is not on this tape (released or reset)");
  return values_[v.index];
}

Var Tape::constant(ConstView value) { return push({value, nullptr, View{}, false, false}); }

Var Tape::parameter(ConstView value, View grad) {
  const bool wanted = training() && grad.data != nullptr;
  if (wanted) expect_shape("gradient of a parameter", grad.shape, value.shape);
  return push({value, nullptr, wanted ? grad : View{}, wanted, wanted});
}

Var Tape::stored_parameter(const StoredView& value) {
  if (training()) throw ShapeError("weights kept in sixteen bits cannot be trained: widen them first");
  Value entry{ConstView{nullptr, value.shape}, nullptr, View{}, false, false};
  entry.stored = value.data;
  entry.storage = value.storage;
  return push(entry);
}

Var Tape::result(const Shape& shape, bool needs_grad) {
  Real* data = static_cast<Real*>(allocate(bytes_of(shape), kAlign));
  return push({ConstView{data, shape}, data, View{}, needs_grad && training(), false});
}

View Tape::scratch(const Shape& shape) {
  return {static_cast<Real*>(allocate(bytes_of(shape), kAlign)), shape};
}

ConstView Tape::value(Var v) const {
  const Value& entry = const_cast<Tape*>(this)->at(v);
  if (entry.stored) throw ShapeError("a weight kept in sixteen bits is read through stored()");
  return entry.value;
}

bool Tape::is_stored(Var v) const { return v.valid() && const_cast<Tape*>(this)->at(v).stored; }

StoredView Tape::stored(Var v) const {
  const Value& entry = const_cast<Tape*>(this)->at(v);
  return {entry.stored, entry.value.shape, entry.storage};
}

Shape Tape::shape(Var v) const { return const_cast<Tape*>(this)->at(v).value.shape; }

View Tape::mutable_value(Var v) {
  Value& entry = at(v);
  if (!entry.mutable_data) throw ShapeError("a borrowed value cannot be written");
  return {entry.mutable_data, entry.value.shape};
}

View Tape::grad(Var v) {
  const GradTarget target = grad_target(v);
  if (target.grad.data && target.store == Store::overwrite)
    vec::fill(0, target.grad.data, target.grad.size());
  return target.grad;
}

Tape::GradTarget Tape::grad_target(Var v) {
  if (!v.valid() || !at(v).needs_grad) return {View{}, Store::add};
  if (at(v).grad_ready) return {at(v).grad, Store::add};
  Value& entry = at(v);
  if (entry.grad_spent) throw ShapeError("a gradient that has been read and given away: watch its value");
  const Shape shape = entry.value.shape;
  const auto same = [&](const View& spare) { return spare.size() == shape.size(); };
  const auto latest = std::find_if(spare_.rbegin(), spare_.rend(), same);
  if (latest == spare_.rend()) {
    entry.grad = scratch(shape);
  } else {
    entry.grad = {latest->data, shape};
    spare_.erase(std::next(latest).base());
  }
  entry.grad_ready = true;
  return {entry.grad, Store::overwrite};
}

// Borrowed gradients belong to the caller.
void Tape::recycle(Value& value) {
  if (value.watched || !value.mutable_data) return;
  spare_.push_back(value.grad);
  value.grad = View{};
  value.grad_ready = false;
  value.grad_spent = true;
}

bool Tape::needs_grad(Var v) const { return v.valid() && const_cast<Tape*>(this)->at(v).needs_grad; }

void Tape::detach(Var v) { at(v).needs_grad = false; }

void Tape::watch(Var v) {
  at(v).needs_grad = training();
  at(v).watched = true;
}

void Tape::backward(Var loss) {
  if (!training()) throw ShapeError("backward on an inference tape");
  if (value(loss).size() != 1)
    throw ShapeError("backward starts at one number, not at " + to_string(value(loss).shape));
  if (!needs_grad(loss)) return;  // nothing that the loss depends on is trained
  at(loss).watched = true;
  grad(loss)[0] = 1;
  for (std::size_t i = passes_.size(); i-- > 0;) {
    const Pass pass = passes_[i];
    // A hook may have detached the output after its pass was recorded.
    if (!at(pass.out).needs_grad || !at(pass.out).grad_ready) continue;
    pass.run(pass.closure, *this);
    recycle(at(pass.out));
  }
  passes_.clear();  // each pass runs once
}

void Tape::reset() {
  values_.clear();
  passes_.clear();
  spare_.clear();
  block_ = used_ = 0;
}

Tape::Mark Tape::mark() const { return {static_cast<std::uint32_t>(values_.size()), block_, used_}; }

void Tape::release(const Mark& mark) {
  if (training()) throw ShapeError("a training tape keeps every value until reset");
  values_.resize(std::min<std::size_t>(values_.size(), mark.values), Value{});
  block_ = mark.block;
  used_ = mark.used;
}

std::size_t Tape::arena_bytes() const {
  std::size_t total = 0;
  for (const Block& block : blocks_) total += block.size;
  return total;
}

void* Tape::allocate(std::size_t bytes, std::size_t align) {
  for (; block_ < blocks_.size(); ++block_, used_ = 0) {
    const std::size_t start = (used_ + align - 1) / align * align;
    if (start <= blocks_[block_].size && bytes <= blocks_[block_].size - start) {
      used_ = start + bytes;
      return blocks_[block_].first() + start;
    }
  }
  const std::size_t size = std::max(kBlockBytes, bytes);
  blocks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[size + kAlign]), size});
  used_ = 0;
  return allocate(bytes, align);
}

}  // namespace attn
