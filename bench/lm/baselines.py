"""Bits per character of the held-out text: our models beside modified Kneser-Ney, PPMd and xz. One table.

    python3 bench/lm/baselines.py --attn build/native/cli/attn \\
        --train train.tokens --valid valid.tokens --train-text A.txt.xz B.txt.xz ... --valid-text prose-valid.txt.xz \\
        [--model models/ru-small/model.safetensors ...] [--out results.json]

Everything is divided by the same number of characters, those of the valid text. A compressor gets the training
text as prior by compress(train + valid) - compress(train), and alone by compress(valid).
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

import numpy as np

from kneser_ney import KneserNey, cross_entropy


def tokens_of(path):
    return np.fromfile(path, "<u2").astype(np.int64)


def side(path):
    return json.load(open(os.path.splitext(path)[0] + ".json"))


def text_of(path):
    return subprocess.run(["xz", "-dc", "--", path], check=True, stdout=subprocess.PIPE).stdout if path.endswith(".xz") \
        else open(path, "rb").read()


def xz(path):
    # The window must hold the training text, or the prior is forgotten.
    out = subprocess.run(["xz", "-c", "-k", "-T1", "--lzma2=preset=9e,dict=192MiB", path], check=True, stdout=subprocess.PIPE)
    return len(out.stdout)


def ppmd(order):
    def compress(path):
        target = path + f".ppmd{order}.7z"
        subprocess.run(["7z", "a", "-bd", "-mx=9", f"-m0=PPMd:o={order}:mem=2000m", target, path], check=True,
                       stdout=subprocess.DEVNULL)
        size = os.path.getsize(target)
        os.unlink(target)
        return size
    return compress


def compressors(train, valid, chosen):
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, data in (("train", train), ("valid", valid), ("both", train + b"\n\n" + valid)):
            paths[name] = os.path.join(folder, name)
            open(paths[name], "wb").write(data)
        for name, compress in chosen:
            print(name, file=sys.stderr, flush=True)
            rows.append({"what": name + ", the text alone", "bits": 8 * compress(paths["valid"])})
            rows.append({"what": name + ", after the training text", "bits": 8 * (compress(paths["both"]) - compress(paths["train"]))})
    return rows


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--attn")
    a.add_argument("--train")
    a.add_argument("--valid", required=True)
    a.add_argument("--train-text", nargs="*", default=[])
    a.add_argument("--valid-text")
    a.add_argument("--model", nargs="*", default=[])
    a.add_argument("--orders", type=int, nargs="*", default=[5], help="of Kneser-Ney")
    a.add_argument("--ppmd", type=int, nargs="*", default=[8], help="orders of PPMd")
    a.add_argument("--no-xz", action="store_true")
    a.add_argument("--out")
    o = a.parse_args()
    counts, rows = side(o.valid), []
    for model in o.model:
        found = json.loads(subprocess.run([o.attn, "lm", "eval", model, o.valid], check=True, stdout=subprocess.PIPE).stdout)
        rows.append({"what": f"{model}, context {found['context']:.0f}, stride {found['stride']:.0f}", "nats": found["nats"]})
    if o.train and o.orders:
        train, valid = tokens_of(o.train), tokens_of(o.valid)
        for order in o.orders:
            print(f"Kneser-Ney {order}", file=sys.stderr, flush=True)
            rows.append({"what": f"modified Kneser-Ney {order}-gram, the same tokens",
                         "nats": cross_entropy(valid, KneserNey(train, counts["vocab"], order))})
    if o.train_text and o.valid_text:
        chosen = ([] if o.no_xz else [("xz -9e", xz)]) + [(f"PPMd, order {n}", ppmd(n)) for n in o.ppmd]
        train = b"\n\n".join(text_of(p).strip(b"\n") for p in o.train_text)
        rows += compressors(train, text_of(o.valid_text).strip(b"\n"), chosen)
    for row in rows:
        row.setdefault("bits", row.get("nats", 0) / math.log(2))
        row["bits_per_character"] = row["bits"] / counts["characters"]
    print(f"{counts['characters']} characters, {counts['bytes']} bytes, {counts['tokens']} tokens\n")
    print("| what | bits per character | bits per token |\n|---|--:|--:|")
    for row in sorted(rows, key=lambda r: r["bits_per_character"]):
        print(f"| {row['what']} | {row['bits_per_character']:.4f} | {row['bits'] / (counts['tokens'] - 1):.4f} |")
    if o.out:
        json.dump({"valid": counts, "rows": rows}, open(o.out, "w"), ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main()
