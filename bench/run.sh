#!/usr/bin/env bash
# Measure everything that has a bar:  bench/run.sh [BUILD_DIR] [PART…]
# Parts: matmul train birth weights lighthouse (default: all). Wants the core (wasm/build.sh) and, for the last two,
# web/dist. A measurement that falls below its bar is reported, and the rest goes on.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(mkdir -p "${1:-$root/build}" && cd "${1:-$root/build}" && pwd)
shift || true
parts=("$@"); [ $# -gt 0 ] || parts=(matmul train birth weights lighthouse)
node=$root/web/node_modules/.bin/node; [ -x "$node" ] || node=node
cd "$root"
mkdir -p bench/results
exec > >(tee bench/results/report.txt) 2>&1
failed=()

matmul() {
  # npm ci only when the lock file changed since.
  cmp -s bench/package-lock.json bench/node_modules/.course-lock 2>/dev/null || {
    npm --prefix bench ci --ignore-scripts --no-audit --no-fund --silent && cp bench/package-lock.json bench/node_modules/.course-lock; } || return 1
  : "${EMSCRIPTEN_TOOLCHAIN:=$(em-config EMSCRIPTEN_ROOT)/cmake/Modules/Platform/Emscripten.cmake}"
  export EMSCRIPTEN_TOOLCHAIN
  local launcher=(); command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  { cmake --preset wasm-simd -B "$build/wasm-simd" "${launcher[@]}" && cmake --build "$build/wasm-simd" --target bench_core; } >bench/results/build.log 2>&1 ||
    { tail -n 30 bench/results/build.log; return 1; }
  "$node" bench/matmul.mjs "$build/wasm-simd/bench/bench_core.wasm"
}
# PyTorch is the one peer that is not in a lock file; without it this part is left out, and said so.
train() {
  /usr/bin/python3 -c 'import torch' 2>/dev/null || {
    echo 'installing PyTorch with apt (python3-torch, libopenblas0-pthread)'
    local as=(); [ "$(id -u)" = 0 ] || as=(sudo)
    "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-torch libopenblas0-pthread >bench/results/apt.log 2>&1 || {
      echo 'left out: no PyTorch here (apt-get install python3-torch libopenblas0-pthread)'; return 0; }; }
  "$node" bench/train_step.mjs
}
birth() { "$node" bench/birth.mjs; }
weights() { [ -d web/dist ] || { echo 'left out: no web/dist (./course build)'; return 0; }; "$node" bench/weights.mjs; }
lighthouse() { [ -d web/dist ] || { echo 'left out: no web/dist (./course build)'; return 0; }; "$node" bench/lighthouse.mjs 3; }

for part in "${parts[@]}"; do
  case $part in matmul|train|birth|weights|lighthouse) ;; *) echo "unknown part: $part" >&2; exit 2 ;; esac
  printf '\n== %s ==\n' "$part"
  "$part" || failed+=("$part")
done
[ ${#failed[@]} = 0 ] || { printf '\nbelow a bar, or not measured: %s\n' "${failed[*]}"; exit 1; }
