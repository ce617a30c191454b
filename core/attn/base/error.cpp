#include "attn/base/error.hpp"

namespace attn {

const char* to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed: return "malformed";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::mismatch: return "mismatch";
    case ErrorCode::out_of_range: return "out of range";
    case ErrorCode::too_large: return "too large";
    case ErrorCode::non_finite: return "not finite";
  }
  return "error";
}

}  // namespace attn
