"""Drives `attn op` on fresh random cases and compares with the reference.

    python3 onnx_cases.py ATTN [COUNT] [SEED]
"""

import os
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
import onnx_reference  # noqa: E402
import safetensors_io  # noqa: E402

TOLERANCE = 1e-5


def worst(got, expected):
    """Largest error, absolute below 1 and relative above; infinities must coincide."""
    got = np.asarray(got, np.float64)
    if got.shape != expected.shape:
        return np.inf
    with np.errstate(invalid="ignore"):
        error = np.abs(got - expected) / np.maximum(1, np.abs(expected))
    error = np.where(got == expected, 0, error)
    return float(np.nan_to_num(error, nan=np.inf).max(initial=0))


def main():
    attn = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 7
    rng = np.random.default_rng(seed)
    largest, failures = 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "in.safetensors"), os.path.join(folder, "out.safetensors")
        for n in range(count):
            op = "rotary" if n % 5 == 4 else "attention"
            big = 1 + n % 3
            t, a = onnx_reference.random_rotary(rng, big) if op == "rotary" else onnx_reference.random_attention(rng, big)
            expected = onnx_reference.rotary(t, a) if op == "rotary" else onnx_reference.attention(t, a)
            safetensors_io.save(source, t)
            command = [attn, "op", op, source, target]
            for name, value in a.items():
                command += ["--attr", f"{name}={value}"]
            run = subprocess.run(command, capture_output=True, text=True)
            if run.returncode != 0:
                print(f"case {n} {op} {a}: exit {run.returncode}: {run.stderr.strip()}")
                failures += 1
                continue
            got, _ = safetensors_io.load(target)
            for name, value in expected.items():
                error = worst(got[name], value)
                largest = max(largest, error if np.isfinite(error) else 0)
                if not error <= TOLERANCE:
                    print(f"case {n} {op} {a}: {name} is off by {error:.2e}")
                    failures += 1
    print(f"{count} cases, seed {seed}: {failures} failures, largest error {largest:.2e}")
    return 1 if failures or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
