#!/usr/bin/env bash
# Guards against losing (or leaking) vectorisation silently: counts f32x4.mul in a built module.
#   vectorised.sh simd|scalar FILE.wasm|FILE.o
# SIMD must hold more than 100 of them, the scalar build none.
set -euo pipefail
kind=${1:?simd or scalar} module=${2:?a .wasm file}
[ -s "$module" ] || { echo "no such module: $module" >&2; exit 2; }
text=$(mktemp); trap 'rm -f "$text"' EXIT
wasm-dis "$module" -o "$text"   # a failure here ends the script: never an empty count taken for zero
grep -q '(func' "$text" || { echo "$module: no function in the disassembly" >&2; exit 2; }
count=$(grep -c 'f32x4.mul' "$text" || true)
case $kind in
  simd) [ "$count" -gt 100 ] || { echo "$module: only $count f32x4.mul, more than 100 expected" >&2; exit 1; } ;;
  scalar) [ "$count" -eq 0 ] || { echo "$module: $count f32x4.mul in the scalar build" >&2; exit 1; } ;;
  *) echo "first argument: simd or scalar" >&2; exit 2 ;;
esac
echo "$kind: $count f32x4.mul"
