// A model of the reader's own: a Hugging Face folder, opened piece by piece. The page owns the files; the
// session says which bytes it wants next, so that a file is never in this memory as a whole.
#include <algorithm>
#include <memory>

#include "attn/model/hf_loader.hpp"
#include "lab.hpp"
#if defined(__EMSCRIPTEN__)
#include <emscripten/heap.h>
#include <malloc.h>
#endif

namespace attn::wasm {

namespace {

using io::Json;

constexpr std::size_t max_files = 256;
constexpr std::size_t max_config = std::size_t(1) << 20;
// Room for one piece of a file, the activations of a short text and what this session holds besides.
constexpr std::uint64_t spare = std::uint64_t(96) << 20;
constexpr Index estimate_tokens = 128;

std::uint64_t memory_limit() {
#if defined(__EMSCRIPTEN__)
  return emscripten_get_heap_max();
#else
  return std::uint64_t(4) << 30;
#endif
}

// Beyond the limit the allocator does not fail but traps: whoever takes gigabytes asks first.
std::uint64_t memory_used() {
#if defined(__EMSCRIPTEN__)
  return static_cast<std::uint32_t>(mallinfo().uordblks);  // an int that counts past 2 GB
#else
  return 0;
#endif
}

Json number(double x) { return Json::of(x); }
Json number(std::uint64_t x) { return Json::of(static_cast<double>(x)); }

// Sizes of files exceed what an Index of 32 bits can count.
std::uint64_t bytes_field(const Fields& fields, std::string_view key) {
  const Json& value = fields.at(key);
  if (!value.is_integer() || value.number() < 0)
    throw Refusal(ErrorCode::malformed, "files." + std::string(key) + " must be a number of bytes");
  return static_cast<std::uint64_t>(value.number());
}

// The headers lie one after another in the request's bytes.
std::vector<HfFile> headers(const Request& request, const Fields& fields) {
  std::vector<HfFile> files;
  std::size_t used = 0;
  for (const Json& item : fields.list("files")) {
    const Fields entry(item, "files");
    const std::string name = entry.text("name");
    const std::uint64_t size = bytes_field(entry, "size"), length = bytes_field(entry, "header");
    if (length > request.bytes.size() - used || files.size() == max_files)
      throw Refusal(ErrorCode::mismatch, "files: the headers given are shorter than announced");
    const std::uint8_t* bytes = request.bytes.data() + used;
    used += static_cast<std::size_t>(length);
    const auto named = [&name](Error error) { return Refusal(error.code, name + ": " + error.message); };
    const auto end = io::SafeTensors::header_bytes(bytes, static_cast<std::size_t>(length), size);
    if (!end) throw named(end.error());
    if (*end > length) throw Refusal(ErrorCode::mismatch, name + ": the header given is incomplete");
    auto header = io::SafeTensors::parse_header(bytes, *end, size);
    if (!header) throw named(header.error());
    files.push_back({name, std::move(header).value()});
  }
  if (files.empty()) throw Refusal(ErrorCode::malformed, "no *.safetensors among the files");
  return files;
}

const char* name_of(HfFamily family) {
  return family == HfFamily::gpt2 ? "gpt2" : family == HfFamily::llama ? "llama" : "bert";
}

// What the page says before anything is loaded.
Json estimate(int id, const HfLoader& loader) {
  const ModelConfig& config = loader.config().model;
  const Index tokens = std::min(estimate_tokens, config.context);
  const std::uint64_t run = run_bytes(config, tokens), needed = loader.weight_bytes() + run + spare;
  Json out = Json::object();
  out.set("id", number(static_cast<double>(id)));
  out.set("family", Json::of(std::string(name_of(loader.config().family))));
  out.set("modelType", Json::of(loader.config().model_type));
  out.set("parameters", number(loader.parameter_count()));
  out.set("dtypes", Json::of(loader.dtypes()));
  out.set("weightBytes", number(loader.weight_bytes()));
  out.set("readBytes", number(loader.bytes_to_read()));
  out.set("runBytes", number(run));
  out.set("runTokens", number(static_cast<double>(tokens)));
  out.set("needed", number(needed));
  out.set("limit", number(memory_limit()));
  out.set("fits", Json::of(needed <= memory_limit()));
  out.set("predicts", Json::of(config.unembed));
  out.set("config", json_of_text(to_json(config)));
  return out;
}

}  // namespace

// Sums that cannot overflow: files announce what they like.
void check_room(std::uint64_t used, std::uint64_t wanted, std::uint64_t limit) {
  const std::uint64_t free = limit - std::min(limit, used);
  if (free >= spare && wanted <= free - spare) return;
  throw Refusal(ErrorCode::too_large, "the weights would need about " + std::to_string(wanted >> 20) +
                                          " MB, the limit is " +
                                          std::to_string((free - std::min(free, spare)) >> 20) + " MB");
}

LabSession::LabSession() = default;
LabSession::~LabSession() = default;

struct LabSession::OpenPlan {
  HfLoader loader;
  bool allocated = false;
};

Reply LabSession::plan_model(const Request& request) {
  const Fields fields(request.json, "request");
  const int id = free_id(fields, "id");
  const std::string text = fields.text("config");
  if (text.size() > max_config) throw Refusal(ErrorCode::too_large, "config.json of more than 1 MB");
  const HfConfig config = take(hf_config(text));
  HfLoader loader = take(HfLoader::plan(config, headers(request, fields)));
  Reply reply;
  reply.value = estimate(id, loader);
  plans_[id] = std::make_unique<OpenPlan>(OpenPlan{std::move(loader)});
  return reply;
}

Reply LabSession::feed_model(const Request& request) {
  const int id = static_cast<int>(Fields(request.json, "request").index("id", 1, max_id));
  const auto found = plans_.find(id);
  if (found == plans_.end())
    throw Refusal(ErrorCode::out_of_range, "there is no model " + std::to_string(id) + " being opened");
  // Out of the table until it has gone well: what fails gives its memory back.
  std::unique_ptr<OpenPlan> plan = std::move(found->second);
  plans_.erase(found);
  HfLoader& loader = plan->loader;
  if (!plan->allocated) {
    check_room(memory_used(), loader.weight_bytes(), memory_limit());
    loader.allocate();
    plan->allocated = true;
  } else {
    const auto wanted = loader.next();
    if (!wanted || wanted->size != request.bytes.size())
      throw Refusal(ErrorCode::mismatch, std::to_string(request.bytes.size()) + " bytes given, " +
                                             std::to_string(wanted ? wanted->size : 0) + " wanted");
    take(loader.give(request.bytes.data(), request.bytes.size()));
  }
  const auto next = loader.next();
  Reply reply;
  if (!next) {
    reply.value.set("model", hold(id, {}, loader.finish()).value);
    return reply;
  }
  Json want = Json::object();
  want.set("file", number(static_cast<double>(next->file)));
  want.set("offset", number(next->offset));
  want.set("size", number(static_cast<double>(next->size)));
  reply.value.set("next", std::move(want));
  plans_[id] = std::move(plan);
  return reply;
}

Reply LabSession::dispose_model(const Request& request) {
  const Fields fields(request.json, "request");
  if (plans_.erase(static_cast<int>(fields.index("model", 1, max_id)))) return {};
  return Session::dispose_model(request);
}

}  // namespace attn::wasm
