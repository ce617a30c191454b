// The states of a shipped model along its training, one model at a time.
#include "attn/model/snapshots.hpp"
#include "lab.hpp"

namespace attn::wasm {

Reply LabSession::load_snapshot(const Request& request) {
  const Fields fields(request.json, "request");
  const int id = free_id(fields, "id");
  const Model& last = model(fields, "final");
  const SnapshotFile file = take(SnapshotFile::parse(request.bytes.data(), request.bytes.size()));
  const std::size_t count = file.steps().size();
  const auto number = static_cast<std::size_t>(fields.index("number", 0, static_cast<Index>(count) - 1));
  Reply reply = hold(id, {},
                     fields.has("after") ? take(file.load_after(model(fields, "after"), number, last))
                                         : take(file.load(number, last)));
  io::Json steps = io::Json::array();
  for (const std::uint64_t step : file.steps()) steps.push(io::Json::of(static_cast<double>(step)));
  reply.value.set("steps", std::move(steps));
  return reply;
}

}  // namespace attn::wasm
