// The table of the small module, attn-core: what JavaScript may call, and nothing else.
#include "bindings.hpp"

EMSCRIPTEN_BINDINGS(attn) { attn::wasm::bind_session<attn::wasm::Session>(); }
