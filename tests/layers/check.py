"""Reads the includes of core, cli and wasm and says what breaks the layering or the house rules.

    python3 tests/layers/check.py [ROOT]

Layers of the core, lowest first: base, math, ops, attention, model, then train and analysis side by side, adapt
on both; io and text stand beside math. A file may include its own folder and what is listed here.
"""

import os
import re
import sys

ALLOWED = {
    "base": {"base"},
    "math": {"base", "math"},
    "io": {"base", "io"},
    "text": {"base", "io", "text"},
    "ops": {"base", "math", "ops"},
    "attention": {"base", "math", "ops", "attention"},
    "model": {"base", "math", "ops", "attention", "io", "model"},
    "train": {"base", "math", "ops", "attention", "io", "model", "train"},
    "analysis": {"base", "math", "ops", "attention", "model", "analysis"},
    "adapt": {"base", "math", "ops", "attention", "io", "model", "train", "analysis", "adapt"},
}
# What the core must not include, and why.
FORBIDDEN = {
    "iostream": "the core never prints", "ostream": "the core never prints", "fstream": "the core has no files",
    "filesystem": "the core has no files", "thread": "the core has no threads", "mutex": "the core has no threads",
    "future": "the core has no threads", "atomic": "the core has no threads", "format": "not in the oldest compiler",
    "expected": "not in the oldest compiler", "ranges": "not in the oldest compiler",
    "random": "attn/math/random.hpp is the same on every platform", "chrono": "results depend on no clock",
}
# (expression over code without comments and strings, why it is refused)
CODE = [
    (r"\bprintf\s*\(", "the core never prints"), (r"\bstd::(cout|cerr|clog)\b", "the core never prints"),
    (r"\b(abort|exit|terminate|_Exit|quick_exit)\s*\(", "the core never ends the program"),
    (r"\bassert\s*\(", "throw ShapeError or return an Error"),
    (r"\bstd::fma\b|\b__builtin_fma", "slow in WASM, and a different rounding"),
    (r"\bstd::(bit_cast|ranges|source_location|make_unique_for_overwrite|jthread)\b", "not in the oldest compiler"),
    (r"\brand\s*\(|\bstd::(mt19937|random_device)", "attn/math/random.hpp is the same on every platform"),
]
EIGEN_DOOR = "core/attn/math/eigen.hpp"


def without_comments(text):
    """Comments and the insides of string literals blanked, line structure kept."""
    token = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])'", re.S)

    def blank(match):
        m = match.group(0)
        if m[0] == "/":
            return re.sub(r"[^\n]", " ", m)
        return m[0] + " " * (len(m) - 2) + m[0]

    return token.sub(blank, text)


def strip_comments(text):
    """Comments blanked, strings kept: what must be ASCII."""
    token = re.compile(r"//[^\n]*|/\*.*?\*/|(\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])')", re.S)
    return token.sub(lambda m: m.group(1) or re.sub(r"[^\n]", " ", m.group(0)), text)


def core_include_problem(path, layer, header):
    if header.startswith("attn/"):
        other = header.split("/")[1]
        if other not in ALLOWED:
            return f"includes {header}: unknown layer {other}"
        if other not in ALLOWED[layer]:
            return f"includes {header}: {layer} stands below or beside {other}"
        return None
    if header.startswith(("cli/", "wasm/")):
        return f"includes {header}: the core knows neither the tool nor the boundary"
    if header.startswith(("Eigen/", "unsupported/Eigen")):
        return None if path == EIGEN_DOOR else f"includes {header}: only {EIGEN_DOOR} does"
    if header.startswith("emscripten"):
        return f"includes {header}: the core has no Emscripten headers"
    if header in FORBIDDEN:
        return f"includes <{header}>: {FORBIDDEN[header]}"
    return None


def check_file(root, path):
    problems = []
    text = open(os.path.join(root, path), encoding="utf-8").read()
    in_core = path.startswith("core/")
    ascii_only = strip_comments(text)
    for number, line in enumerate(ascii_only.split("\n"), 1):
        if not line.isascii() and not path.startswith("tests/"):  # a test's name may be a formula
            problems.append((number, "code must be ASCII (comments may be UTF-8): " + line.strip()))
    code = without_comments(text)
    for match in re.finditer(r"^[ \t]*#[ \t]*include[ \t]*[<\"]([^>\"\n]+)[>\"]", ascii_only, re.M):
        number = text[:match.start()].count("\n") + 1
        header, problem = match.group(1), None
        if in_core:
            layer = path.split("/")[2]
            problem = core_include_problem(path, layer, header) if layer in ALLOWED else f"unknown layer {layer}"
        elif path.startswith("cli/") and header.startswith(("wasm/", "emscripten")):
            problem = f"includes {header}: the tool and the WASM boundary do not know each other"
        elif path.startswith("wasm/") and header.startswith("cli/"):
            problem = f"includes {header}: the tool and the WASM boundary do not know each other"
        if problem:
            problems.append((number, problem))
    if in_core:
        if path.endswith(".hpp") and "#pragma once" not in text:
            problems.append((1, "no #pragma once"))
        for expression, why in CODE:
            for match in re.finditer(expression, code):
                problems.append((code[:match.start()].count("\n") + 1, f"{match.group(0).strip()} {why}"))
    return [f"{path}:{number}: {what}" for number, what in sorted(problems)]


def sources(root):
    for top in ("core", "cli", "wasm", "tests/core", "tests/fuzz"):
        for folder, folders, names in os.walk(os.path.join(root, top)):
            folders[:] = [f for f in folders if f not in ("node_modules", "corpus")]
            for name in sorted(names):
                if name.endswith((".hpp", ".cpp", ".h")):
                    yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")


def self_test():
    """The rules must be able to fail: each line here breaks one."""
    bad = {
        "core/attn/math/x.cpp": ['#include "attn/model/config.hpp"', "#include <iostream>", "#include <Eigen/Core>",
                                 "void f() { std::abort(); }", 'const char* s = "\u0430";'],
        "core/attn/io/x.cpp": ['#include "attn/math/random.hpp"', "#include <emscripten.h>"],
        "core/attn/train/x.hpp": ['#include "attn/analysis/circuits.hpp"'],
        "cli/x.cpp": ['#include "wasm/session.hpp"'],
    }
    import tempfile
    with tempfile.TemporaryDirectory() as folder:
        for path, lines in bad.items():
            for line in lines:
                os.makedirs(os.path.join(folder, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(folder, path), "w", encoding="utf-8") as f:
                    f.write("#pragma once\n// printf(\u043d\u0435\u0442)\n" + line + "\n")
                if len(check_file(folder, path)) != 1:
                    return f"self-test: {path}: {line}: {check_file(folder, path)}"
    return None


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    broken = self_test()
    if broken:
        print(broken)
        return 1
    files = list(sources(root))
    problems = [p for path in files for p in check_file(root, path)]
    print("\n".join(problems) if problems else f"{len(files)} files keep the layers and the rules")
    return 1 if problems or not files else 0


if __name__ == "__main__":
    sys.exit(main())
