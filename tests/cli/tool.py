"""Finds and runs the program under test: $ATTN, or the native build that ./course makes."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "golden"))

ATTN = os.environ.get("ATTN") or os.path.join(os.environ.get("COURSE_BUILD", os.path.join(ROOT, "build")),
                                              "native", "cli", "attn")
if not os.access(ATTN, os.X_OK):
    raise SystemExit(f"no program at {ATTN}: build it (./course test cli), or set ATTN to its path")


def attn(*arguments, **options):
    return subprocess.run([ATTN, *map(str, arguments)], capture_output=True, text=True, timeout=120, **options)
