#!/usr/bin/env bash
# Build both modules of the core, in both variants, and put them where the site serves them:
#   wasm/build.sh [BUILD_DIR]      (default: build) -> web/public/core/{attn-MODULE.VARIANT.HASH.{mjs,wasm}, manifest.json}
# The hash in the name lets a browser cache a file for ever; the manifest names the current ones.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(mkdir -p "${1:-$root/build}" && cd "${1:-$root/build}" && pwd)
out=${ATTN_CORE_OUT:-$root/web/public/core}

: "${EMSCRIPTEN_TOOLCHAIN:=$(em-config EMSCRIPTEN_ROOT)/cmake/Modules/Platform/Emscripten.cmake}"
export EMSCRIPTEN_TOOLCHAIN
launcher=(); command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)

cd "$root"
for variant in simd scalar; do
  cmake --preset "wasm-$variant" -B "$build/wasm-$variant" "${launcher[@]}"
  cmake --build "$build/wasm-$variant" --target attn_core attn_lab
done

commit=$(git -C "$root" describe --always --dirty --abbrev=10 2>/dev/null || echo unknown)
mkdir -p "$out"
fresh=$(mktemp -d "$out/.new.XXXX")
trap 'rm -rf "$fresh"' EXIT

# entry MODULE VARIANT: copies the pair under its hash, prints its line of the manifest; sizes go to the terminal.
entry() {
  local name=attn-$1.$2 js wasm hash
  js=$build/wasm-$2/wasm/$name.mjs wasm=$build/wasm-$2/wasm/$name.wasm
  hash=$(cat "$js" "$wasm" | sha256sum | cut -c1-12)
  cp "$js" "$fresh/$name.$hash.mjs"
  cp "$wasm" "$fresh/$name.$hash.wasm"
  printf '%s %-6s  wasm %d KB, %d KB gzipped; glue %d KB, %d KB gzipped\n' "$1" "$2" \
    $(($(stat -c %s "$wasm") / 1024)) $(($(gzip -9c "$wasm" | wc -c) / 1024)) \
    $(($(stat -c %s "$js") / 1024)) $(($(gzip -9c "$js" | wc -c) / 1024)) >&2
  printf '"%s": { "js": "%s", "wasm": "%s", "bytes": %d }' "$2" "$name.$hash.mjs" "$name.$hash.wasm" "$(stat -c %s "$wasm")"
}
modules=()
for module in core lab; do
  modules+=("\"$module\": { $(entry $module simd), $(entry $module scalar) }")
done
printf '{ "commit": "%s", "modules": {\n  %s,\n  %s\n} }\n' "$commit" "${modules[@]}" > "$fresh/manifest.json"

# New files first, the manifest that names them next, the old ones last.
mv "$fresh"/attn-*.* "$out/"
mv "$fresh/manifest.json" "$out/manifest.json"
for old in "$out"/attn-*.*; do grep -q "\"$(basename "$old")\"" "$out/manifest.json" || rm "$old"; done
echo "core in $out, commit $commit"
