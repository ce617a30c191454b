#!/usr/bin/env bash
# Build both variants of the core and put them where the site serves them:
#   wasm/build.sh [BUILD_DIR]      (default: build) -> web/public/core/{attn-core.VARIANT.HASH.{mjs,wasm}, manifest.json}
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
  cmake --build "$build/wasm-$variant" --target attn_core
done

commit=$(git -C "$root" describe --always --dirty --abbrev=10 2>/dev/null || echo unknown)
mkdir -p "$out"
fresh=$(mktemp -d "$out/.new.XXXX")
trap 'rm -rf "$fresh"' EXIT
entries=()
for variant in simd scalar; do
  js=$build/wasm-$variant/wasm/attn-core.$variant.mjs wasm=$build/wasm-$variant/wasm/attn-core.$variant.wasm
  hash=$(cat "$js" "$wasm" | sha256sum | cut -c1-12)
  cp "$js" "$fresh/attn-core.$variant.$hash.mjs"
  cp "$wasm" "$fresh/attn-core.$variant.$hash.wasm"
  entries+=("\"$variant\": { \"js\": \"attn-core.$variant.$hash.mjs\", \"wasm\": \"attn-core.$variant.$hash.wasm\", \"bytes\": $(stat -c %s "$wasm") }")
  printf '%-6s  wasm %d KB, %d KB gzipped; glue %d KB, %d KB gzipped\n' "$variant" \
    $(($(stat -c %s "$wasm") / 1024)) $(($(gzip -9c "$wasm" | wc -c) / 1024)) \
    $(($(stat -c %s "$js") / 1024)) $(($(gzip -9c "$js" | wc -c) / 1024))
done
printf '{ "commit": "%s", "variants": { %s, %s } }\n' "$commit" "${entries[@]}" > "$fresh/manifest.json"

# New files first, the manifest that names them next, the old ones last.
mv "$fresh"/attn-core.* "$out/"
mv "$fresh/manifest.json" "$out/manifest.json"
for old in "$out"/attn-core.*; do grep -q "\"$(basename "$old")\"" "$out/manifest.json" || rm "$old"; done
echo "core in $out, commit $commit"
