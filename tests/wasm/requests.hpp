// What the tests of the session share: to ask, to read an answer, to be refused.
#pragma once

#include <doctest.h>

#include <string>

#include "lab.hpp"

namespace attn::wasm {

inline Request request(const std::string& json) {
  Request r;
  r.json = take(io::Json::parse(json));
  return r;
}

inline double number(const Reply& reply, const char* key) { return reply.value.find(key)->number(); }

inline const Tensor& tensor(const Reply& reply, const std::string& name) {
  for (const NamedTensor& t : reply.tensors)
    if (t.name == name) return t.tensor;
  FAIL("no tensor " << name);
  return reply.tensors.front().tensor;
}

// The code of a refusal, which must come with a sentence.
template <class S, class Method>
ErrorCode refusal(S& session, Method method, const Request& r) {
  try {
    (session.*method)(r);
  } catch (const Refusal& refused) {
    CHECK(refused.error().message.size() > 5);
    return refused.error().code;
  }
  FAIL("the session accepted what it should refuse");
  return ErrorCode::malformed;
}

}  // namespace attn::wasm
