#include "attn/model/hf_loader.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

namespace attn {
namespace {

using io::DType;

// Large enough that a disk reads at full speed, small enough that nobody waits for one chunk.
constexpr std::uint64_t kChunk = 8 << 20;

Error bad(ErrorCode code, const std::string& what) { return {code, what}; }

std::string shape_text(const std::vector<Index>& shape) {
  std::string text = "[";
  for (std::size_t a = 0; a < shape.size(); ++a) text += (a ? ", " : "") + std::to_string(shape[a]);
  return text + "]";
}

struct Found {
  std::size_t file;
  const io::TensorEntry* entry;
};
using Names = std::map<std::string, Found>;

// "bert.embeddings.LayerNorm.gamma" -> "embeddings.LayerNorm.weight": without the prefix of the base
// model, and TensorFlow's names of old BERT files in today's words.
std::string plain_name(std::string name, const std::string& prefix) {
  if (name.rfind(prefix, 0) == 0) name.erase(0, prefix.size());
  const std::pair<std::string, std::string> old[] = {{"LayerNorm.gamma", "LayerNorm.weight"},
                                                     {"LayerNorm.beta", "LayerNorm.bias"}};
  for (const auto& o : old)
    if (name.size() >= o.first.size() &&
        name.compare(name.size() - o.first.size(), o.first.size(), o.first) == 0)
      name.replace(name.size() - o.first.size(), o.first.size(), o.second);
  return name;
}

Result<Names> names_of(const HfConfig& config, const std::vector<HfFile>& files) {
  Names names;
  for (std::size_t f = 0; f < files.size(); ++f)
    for (const io::TensorEntry& e : files[f].header.entries())
      if (!names.emplace(plain_name(e.name, hf_prefix(config.family)), Found{f, &e}).second)
        return bad(ErrorCode::mismatch, files[f].name + ": tensor \"" + e.name + "\" is there twice");
  return names;
}

// What config.json leaves to the weights: whether there is a head, and the width of a head.
void complete(HfConfig& config, Names& names) {
  ModelConfig& m = config.model;
  const auto head = names.find("lm_head.weight");
  if (!config.predicts) config.predicts = m.tied || head != names.end();
  m.unembed = *config.predicts;
  if (!m.unembed) m.tied = false;
  const auto query = names.find("layers.0.self_attn.q_proj.weight");
  if (!config.head_width_given && query != names.end() && !query->second.entry->shape.empty() &&
      query->second.entry->shape[0] % m.heads == 0)
    m.head_width = query->second.entry->shape[0] / m.heads;
  // Of two tied tensors a file keeps one; either serves.
  const char* table = config.family == HfFamily::gpt2 ? "wte.weight" : "embed_tokens.weight";
  if (m.tied && head != names.end()) names.emplace(table, head->second);
}

bool floating(DType t) { return t == DType::F32 || t == DType::F16 || t == DType::BF16 || t == DType::F64; }

// Matrices and the token table stay in sixteen bits; gains, biases and positions, a thousandth, do not.
Storage storage_of(const ParameterInfo& p, DType dtype) {
  const auto last = p.name.rfind('.') + 1;
  const bool small = !p.decay || p.name.compare(last, std::string::npos, "W_pos") == 0 ||
                     p.name.compare(last, std::string::npos, "W_type") == 0;
  if (small || (dtype != DType::F16 && dtype != DType::BF16)) return Storage::real;
  return dtype == DType::F16 ? Storage::f16 : Storage::bf16;
}

Status check(const HfTensor& want, const Found& found, const std::vector<HfFile>& files) {
  const io::TensorEntry& e = *found.entry;
  const std::string where = files[found.file].name + ": tensor \"" + e.name + "\" ";
  if (e.shape != want.shape)
    return bad(ErrorCode::mismatch,
               where + "is " + shape_text(e.shape) + ", config.json asks for " + shape_text(want.shape));
  if (!floating(e.dtype))
    return bad(ErrorCode::mismatch, where + "is " + io::to_string(e.dtype) + ", not F32, F16 or BF16");
  return Unit{};
}

// A tensor that no part of such a model reads means that config.json describes another one.
Status check_rest(const HfConfig& config, const Names& names, const std::vector<HfTensor>& wanted,
                  const std::vector<HfFile>& files) {
  std::map<std::string, bool> known;
  for (const HfTensor& t : wanted) known[t.name] = true;
  for (const auto& n : names)
    if (!known.count(n.first) && !hf_ignored(config, n.first))
      return bad(ErrorCode::mismatch, files[n.second.file].name + ": tensor \"" + n.second.entry->name +
                                          "\" has no place in the " + config.model_type +
                                          " that config.json describes");
  return Unit{};
}

// n numbers of the file as Real; false if one of them is not finite.
bool read_run(const std::uint8_t* bytes, DType dtype, Real* out, Index n) {
  std::uint16_t half[64];
  for (Index i = 0; i < n; ++i) {
    if (dtype == DType::F64) {
      double v;
      std::memcpy(&v, bytes + 8 * i, 8);
      out[i] = static_cast<Real>(v);
    } else if (dtype == DType::F32) {
      float v;
      std::memcpy(&v, bytes + 4 * i, 4);
      out[i] = static_cast<Real>(v);
    } else {
      std::memcpy(half + i, bytes + 2 * i, 2);
    }
  }
  if (dtype == DType::F16 || dtype == DType::BF16)
    widen(half, dtype == DType::F16 ? Storage::f16 : Storage::bf16, out, n);
  for (Index i = 0; i < n; ++i)
    if (!std::isfinite(out[i])) return false;
  return true;
}

// The same, kept in sixteen bits: not finite are those whose exponent is all ones.
bool read_run(const std::uint8_t* bytes, DType dtype, std::uint16_t* out, Index n) {
  std::memcpy(out, bytes, static_cast<std::size_t>(2 * n));
  const std::uint16_t exponent = dtype == DType::F16 ? 0x7c00 : 0x7f80;
  for (Index i = 0; i < n; ++i)
    if ((out[i] & exponent) == exponent) return false;
  return true;
}

}  // namespace

// Elements [begin, end) of a source.
struct HfLoader::Bytes {
  const std::uint8_t* data;
  Index begin, end;
};

namespace {

// The elements of one piece that lie in the bytes, by narrow columns: a transposing copy then stays within
// a few pages at a time.
template <class T>
bool place(T* out, const HfTensor& tensor, const HfPiece& piece, DType dtype, const std::uint8_t* data,
           Index begin, Index end) {
  constexpr Index narrow = 64;
  const Index C = tensor.cols(), last = piece.first + piece.columns;
  const Index size = static_cast<Index>(io::bytes_of(dtype));
  T run[narrow];
  for (Index c0 = piece.first; c0 < last; c0 += narrow)
    for (Index r = begin / C; r * C < end; ++r) {
      const Index from = std::max(c0, begin - r * C), to = std::min({c0 + narrow, last, end - r * C});
      if (from >= to) continue;
      if (!read_run(data + (r * C + from - begin) * size, dtype, run, to - from)) return false;
      if (!tensor.transposed)
        std::copy(run, run + (to - from), out + r * piece.columns + from - piece.first);
      else
        for (Index c = from; c < to; ++c) out[c * tensor.rows() + r] = run[c - from];
    }
  return true;
}

}  // namespace

// #region hf-plan
Result<HfLoader> HfLoader::plan(HfConfig config, const std::vector<HfFile>& files) {
  auto names = names_of(config, files);
  if (!names) return names.error();
  complete(config, *names);
  // No tensor may have more elements than an Index can count: 2^31 in WebAssembly.
  const double limit = std::min(1e12, static_cast<double>(std::numeric_limits<Index>::max()));
  if (const Status status = validate(config.model, limit); !status) return status.error();
  const std::vector<HfTensor> wanted = hf_tensors(config);
  HfLoader loader;
  std::map<std::string, DType> dtypes;  // by parameter
  for (const HfTensor& t : wanted) {
    const auto found = names->find(t.name);
    if (found == names->end())
      return bad(ErrorCode::mismatch,
                 "tensor \"" + t.name + "\" " + shape_text(t.shape) + " is in none of the files" +
                     (t.name == "lm_head.weight" ? " and tie_word_embeddings is false" : ""));
    if (const Status status = check(t, found->second, files); !status) return status.error();
    const io::TensorEntry& e = *found->second.entry;
    loader.sources_.push_back({t, found->second.file, e.offset, e.dtype});
    for (const HfPiece& p : t.pieces) dtypes[p.parameter] = e.dtype;
  }
  if (const Status status = check_rest(config, *names, wanted, files); !status) return status.error();
  for (const ParameterInfo& p : parameter_table(config.model)) {
    const auto dtype = dtypes.find(p.name);
    if (dtype == dtypes.end()) throw ShapeError("no Hugging Face tensor becomes " + p.name);
    const Storage storage = storage_of(p, dtype->second);
    loader.storages_.push_back(storage);
    loader.count_ += static_cast<std::uint64_t>(p.shape.size());
    loader.bytes_ +=
        static_cast<std::uint64_t>(p.shape.size()) * (storage == Storage::real ? sizeof(Real) : 2);
  }
  std::sort(loader.sources_.begin(), loader.sources_.end(), [](const Source& a, const Source& b) {
    return a.file != b.file ? a.file < b.file : a.offset < b.offset;
  });
  loader.config_ = std::move(config);
  return loader;
}
// #endregion

std::uint64_t HfLoader::bytes_to_read() const {
  std::uint64_t total = 0;
  for (const Source& s : sources_) total += s.elements() * io::bytes_of(s.dtype);
  return total;
}

std::string HfLoader::dtypes() const {
  std::string text;
  for (DType t : {DType::BF16, DType::F16, DType::F32, DType::F64})
    if (std::any_of(sources_.begin(), sources_.end(), [t](const Source& s) { return s.dtype == t; }))
      text += (text.empty() ? "" : " and ") + std::string(io::to_string(t));
  return text;
}

void HfLoader::allocate() {
  if (model_.parameters.count()) throw ShapeError("HfLoader::allocate a second time");
  model_.config = config_.model;
  model_.parameters = Parameters(config_.model, storages_);
}

std::optional<HfLoader::Read> HfLoader::next() const {
  if (at_ == sources_.size()) return std::nullopt;
  const Source& s = sources_[at_];
  const std::uint64_t size = io::bytes_of(s.dtype), row = static_cast<std::uint64_t>(s.tensor.cols());
  // Whole rows where a row is not itself a chunk and more.
  const std::uint64_t fits = kChunk / size, whole = fits / row * row;
  const std::uint64_t n = std::min(whole ? whole : fits, s.elements() - done_);
  return Read{s.file, s.offset + done_ * size, static_cast<std::size_t>(n * size)};
}

bool HfLoader::place_all(const Source& s, const Bytes& b) {
  for (const HfPiece& piece : s.tensor.pieces) {
    const ParameterInfo& p = *model_.parameters.find(piece.parameter);
    const bool ok = p.storage == Storage::real ? place(model_.parameters.flat().data + p.offset, s.tensor,
                                                       piece, s.dtype, b.data, b.begin, b.end)
                                               : place(model_.parameters.stored_data(p), s.tensor, piece,
                                                       s.dtype, b.data, b.begin, b.end);
    if (!ok) return false;
  }
  return true;
}

Status HfLoader::give(const std::uint8_t* bytes, std::size_t size) {
  const auto wanted = next();
  if (!wanted || size != wanted->size || model_.parameters.count() == 0)
    throw ShapeError("HfLoader::give: " + std::to_string(size) + " bytes that nobody asked for");
  const Source& s = sources_[at_];
  const std::uint64_t n = size / io::bytes_of(s.dtype);
  if (!place_all(s, {bytes, static_cast<Index>(done_), static_cast<Index>(done_ + n)}))
    return bad(ErrorCode::non_finite, "tensor \"" + s.tensor.name + "\" holds a number that is not finite");
  done_ += n;
  if (done_ == s.elements()) ++at_, done_ = 0;
  return Unit{};
}

Model HfLoader::finish() {
  if (next() || model_.parameters.count() == 0) throw ShapeError("HfLoader::finish before the last byte");
  return std::move(model_);
}

std::uint64_t run_bytes(const ModelConfig& c, Index tokens) {
  const double T = static_cast<double>(tokens), D = static_cast<double>(c.width);
  const double H = static_cast<double>(c.heads), d = static_cast<double>(c.resolved_head_width());
  const double M = c.has_mlp() ? static_cast<double>(c.resolved_mlp_width()) : 0;
  // Patterns of every layer, once more while they are copied out; the activations of one block; logits.
  const double patterns = (2 * static_cast<double>(c.layers) + 1) * H * T * T;
  const double block = T * (8 * D + 6 * H * d + 3 * M);
  const double logits = c.unembed ? T * static_cast<double>(c.vocab) : T * D;
  return static_cast<std::uint64_t>((patterns + block + logits) * sizeof(Real));
}

}  // namespace attn
