// The table of what JavaScript may call, and nothing else. Every call has one form,
//   call(json: string, payload?: Uint8Array | Float32Array) -> {json, tensors, bytes?} | Error
// A failure comes back as a JavaScript Error object with a `code`; the client throws it. Returning
// rather than throwing it here lets every C++ destructor and embind argument clean up.
#include <emscripten/bind.h>
#include <emscripten/val.h>

#include <new>

#include "session.hpp"

namespace {

using attn::wasm::Reply;
using attn::wasm::Request;
using attn::wasm::Session;
using emscripten::val;

static_assert(std::is_same_v<attn::Real, float>, "the boundary copies Float32Array");

val js_error(const char* code, const std::string& message) {
  val error = val::global("Error").new_(message);
  error.set("code", std::string(code));
  return error;
}

template <class T>
std::vector<T> copy_in(const val& array) {
  std::vector<T> out(array["length"].as<std::size_t>());
  // The view is made after the allocation: growing the memory detaches views.
  val(emscripten::typed_memory_view(out.size(), out.data())).call<void>("set", array);
  return out;
}

template <class T>
val copy_out(const std::vector<T>& values) {
  return val(emscripten::typed_memory_view(values.size(), values.data())).template call<val>("slice");
}

Request read(const std::string& json, const val& payload) {
  Request request;
  request.json = attn::wasm::take(attn::io::Json::parse(json));
  if (payload.instanceof (val::global("Uint8Array"))) request.bytes = copy_in<std::uint8_t>(payload);
  if (payload.instanceof (val::global("Float32Array"))) request.numbers = copy_in<float>(payload);
  return request;
}

val write(const Reply& reply) {
  val out = val::object();
  out.set("json", reply.value.dump());
  val tensors = val::object();
  for (const attn::wasm::NamedTensor& named : reply.tensors) {
    val shape = val::array();
    for (int axis = 0; axis < named.tensor.shape.rank(); ++axis)
      shape.call<void>("push", static_cast<double>(named.tensor.shape[axis]));
    val tensor = val::object();
    tensor.set("shape", shape);
    tensor.set("data", copy_out(named.tensor.data));
    tensors.set(named.name, tensor);
  }
  out.set("tensors", tensors);
  if (!reply.bytes.empty()) out.set("bytes", copy_out(reply.bytes));
  return out;
}

using Method = Reply (Session::*)(const Request&);

val dispatch(Session& session, Method method, const std::string& json, const val& payload) {
  try {
    return write((session.*method)(read(json, payload)));
  } catch (const attn::wasm::Refusal& refusal) {
    return js_error(attn::to_string(refusal.error().code), refusal.error().message);
  } catch (const std::bad_alloc&) {
    return js_error("too large", "out of memory");
  } catch (const std::length_error& error) {
    return js_error("too large", error.what());
  } catch (const attn::ShapeError& error) {
    return js_error("mismatch", error.what());
  } catch (const std::exception& error) {
    return js_error("internal", error.what());
  }
}

template <Method method>
val guarded(Session& session, const std::string& json, const val& payload) {
  return dispatch(session, method, json, payload);
}

}  // namespace

EMSCRIPTEN_BINDINGS(attn) {
  emscripten::class_<Session>("Session")
      .constructor<>()
      .function("loadModel", &guarded<&Session::load_model>)
      .function("createModel", &guarded<&Session::create_model>)
      .function("saveModel", &guarded<&Session::save_model>)
      .function("disposeModel", &guarded<&Session::dispose_model>)
      .function("run", &guarded<&Session::run>)
      .function("headScores", &guarded<&Session::head_scores>)
      .function("circuits", &guarded<&Session::circuits>)
      .function("kComposition", &guarded<&Session::k_composition>)
      .function("attribution", &guarded<&Session::attribution>)
      .function("fitPattern", &guarded<&Session::fit_pattern>)
      .function("generate", &guarded<&Session::generate>)
      .function("taskBatch", &guarded<&Session::task_batch>)
      .function("createTrainer", &guarded<&Session::create_trainer>)
      .function("resumeTrainer", &guarded<&Session::resume_trainer>)
      .function("trainSteps", &guarded<&Session::train_steps>)
      .function("measure", &guarded<&Session::measure>)
      .function("snapshot", &guarded<&Session::snapshot>)
      .function("disposeTrainer", &guarded<&Session::dispose_trainer>)
      .function("loadTokenizer", &guarded<&Session::load_tokenizer>)
      .function("encode", &guarded<&Session::encode>)
      .function("decode", &guarded<&Session::decode>)
      .function("disposeTokenizer", &guarded<&Session::dispose_tokenizer>)
      .function("census", &guarded<&Session::census>);
}
