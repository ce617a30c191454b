#!/usr/bin/env bash
# The boundary under node: bindings, the engine of wasm/client, its errors; both variants.
#   tests/wasm/run.sh [BUILD_DIR]     after wasm/build.sh; needs node >= 22.18 (it runs TypeScript as it is)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$here/../..
PATH=$root/web/node_modules/.bin:$PATH
if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 18) ? 0 : 1)'; then
  echo "node $(node --version) cannot run TypeScript; install the site's own: npm --prefix web ci" >&2
  exit 2
fi
core=${ATTN_CORE:-$root/web/public/core}
[ -f "$core/manifest.json" ] || { echo "no core built: run wasm/build.sh first" >&2; exit 2; }
if command -v wasm-dis >/dev/null; then
  for variant in simd scalar; do
    for module in "$core"/attn-*."$variant".*.wasm; do "$here/vectorised.sh" $variant "$module"; done
  done
fi
exec node --expose-gc --test "$here"/*.test.mjs
