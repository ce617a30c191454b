#!/usr/bin/env python3
"""Makes every golden vector anew, in a copy of this folder, and compares it with the committed one.

    python3 tests/golden/check.py     (apt-get install python3-torch python3-numpy python3-scipy python3-networkx)

Other versions of torch round differently and write their own version down: tensors may differ by 1e-9 of the largest
value, everything else must be the same bytes. To change the vectors, run the one script that makes them.
"""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import safetensors_io

HERE = Path(__file__).resolve().parent
# In this order: analysis.py reads the models that generate.py writes, hf_tokenizers.py the folders of hf.py.
MAKERS = ["generate.py", "adamw.py", "hf.py", "hf_tokenizers.py", "analysis.py", "onnx_reference.py"]
TOLERANCE = 1e-9


def difference(made, kept):
    """What differs between two files, or None."""
    if not made.exists():
        return "no script makes it"
    if made.read_bytes() == kept.read_bytes():
        return None
    if made.suffix != ".safetensors":
        return "other bytes"
    new, old = safetensors_io.load(made)[0], safetensors_io.load(kept)[0]
    if new.keys() != old.keys():
        return f"other tensors: {sorted(new.keys() ^ old.keys())}"
    for name, a in new.items():
        b = old[name]
        if a.shape != b.shape or a.dtype != b.dtype:
            return f"{name}: {a.dtype} {a.shape}, committed {b.dtype} {b.shape}"
        if a.size == 0 or np.array_equal(a, b):
            continue
        a, b = a.astype(np.float64), b.astype(np.float64)
        bound = TOLERANCE * max(1.0, np.abs(b[np.isfinite(b)]).max(initial=0.0))
        if not np.allclose(a, b, rtol=0.0, atol=bound, equal_nan=True):
            return f"{name}: off by {np.nanmax(np.abs(a - b)):.2e}"
    return None


def main():
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "golden"
        shutil.copytree(HERE, copy, ignore=lambda _, names: [n for n in names if n.endswith((".safetensors", ".txt", ".json"))])
        for maker in MAKERS:
            subprocess.run([sys.executable, maker], cwd=copy, check=True)
        kept = [p for p in sorted(HERE.rglob("*")) if p.suffix in (".safetensors", ".txt", ".json")]
        problems = [(p, d) for p in kept if (d := difference(copy / p.relative_to(HERE), p))]
    for path, what in problems:
        print(f"{path.relative_to(HERE)}: {what}")
    print(f"{len(kept)} golden files, {len(problems)} differ")
    return 1 if problems or not kept else 0


if __name__ == "__main__":
    sys.exit(main())
