// What the tables of both modules share (bindings_core.cpp, bindings_lab.cpp). Every call has one form,
//   call(json: string, payload?: Uint8Array | Float32Array) -> {json, tensors, bytes?} | Error
// A failure comes back as a JavaScript Error object with a `code`; the client throws it. Returning
// rather than throwing it here lets every C++ destructor and embind argument clean up.
#pragma once

#include <emscripten/bind.h>
#include <emscripten/val.h>

#include <new>

#include "session.hpp"

namespace attn::wasm {

using emscripten::val;

static_assert(std::is_same_v<Real, float>, "the boundary copies Float32Array");

inline val js_error(const char* code, const std::string& message) {
  val error = val::global("Error").new_(message);
  error.set("code", std::string(code));
  return error;
}

// A view of n numbers in this memory. Made by hand, from the address as an unsigned number: embind's
// typed_memory_view takes addresses beyond 2 GB for negative ones. Growing the memory detaches it.
template <class T>
val view(const T* data, std::size_t n) {
  const char* array = sizeof(T) == 1 ? "Uint8Array" : "Float32Array";
  const auto address = static_cast<double>(reinterpret_cast<std::uintptr_t>(data));
  return val::global(array).new_(val::module_property("HEAPU8")["buffer"], address, static_cast<double>(n));
}

template <class T>
std::vector<T> copy_in(const val& array) {
  std::vector<T> out(array["length"].as<std::size_t>());
  view(out.data(), out.size()).template call<void>("set", array);
  return out;
}

template <class T>
val copy_out(const std::vector<T>& values) {
  return view(values.data(), values.size()).template call<val>("slice");
}

inline Request read(const std::string& json, const val& payload) {
  Request request;
  request.json = take(io::Json::parse(json));
  if (payload.instanceof (val::global("Uint8Array"))) request.bytes = copy_in<std::uint8_t>(payload);
  if (payload.instanceof (val::global("Float32Array"))) request.numbers = copy_in<float>(payload);
  return request;
}

inline val write(const Reply& reply) {
  val out = val::object();
  out.set("json", reply.value.dump());
  val tensors = val::object();
  for (const NamedTensor& named : reply.tensors) {
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

template <class S>
val dispatch(S& session, Reply (S::*method)(const Request&), const std::string& json, const val& payload) {
  try {
    return write((session.*method)(read(json, payload)));
  } catch (const Refusal& refusal) {
    return js_error(to_string(refusal.error().code), refusal.error().message);
  } catch (const std::bad_alloc&) {
    return js_error("too large", "out of memory");
  } catch (const std::length_error& error) {
    return js_error("too large", error.what());
  } catch (const ShapeError& error) {
    return js_error("mismatch", error.what());
  } catch (const std::exception& error) {
    return js_error("internal", error.what());
  }
}

// `method` of S or of what S derives from, as embind wants it.
template <class S, auto method>
val guarded(S& session, const std::string& json, const val& payload) {
  return dispatch<S>(session, method, json, payload);
}

// The methods of Session, which every module has. JavaScript knows either class as `Session`.
template <class S>
emscripten::class_<S> bind_session() {
  return emscripten::class_<S>("Session")
      .template constructor<>()
      .function("loadModel", &guarded<S, &S::load_model>)
      .function("createModel", &guarded<S, &S::create_model>)
      .function("saveModel", &guarded<S, &S::save_model>)
      .function("disposeModel", &guarded<S, &S::dispose_model>)
      .function("run", &guarded<S, &S::run>)
      .function("headScores", &guarded<S, &S::head_scores>)
      .function("circuits", &guarded<S, &S::circuits>)
      .function("kComposition", &guarded<S, &S::k_composition>)
      .function("attribution", &guarded<S, &S::attribution>)
      .function("fitPattern", &guarded<S, &S::fit_pattern>)
      .function("generate", &guarded<S, &S::generate>)
      .function("taskBatch", &guarded<S, &S::task_batch>)
      .function("createTrainer", &guarded<S, &S::create_trainer>)
      .function("resumeTrainer", &guarded<S, &S::resume_trainer>)
      .function("trainSteps", &guarded<S, &S::train_steps>)
      .function("measure", &guarded<S, &S::measure>)
      .function("snapshot", &guarded<S, &S::snapshot>)
      .function("disposeTrainer", &guarded<S, &S::dispose_trainer>)
      .function("census", &guarded<S, &S::census>);
}

}  // namespace attn::wasm
