"""The log of `attn train lm` as the recorded curves of a model card.

    python3 bench/lm/curves.py log.csv valid.json > models/ru-small/curves.json
"""

import csv
import json
import math
import sys

BLOCK = 10  # steps averaged into one point


def rows(path):
    with open(path, newline="") as f:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(f)]


def mean(block, key):
    return round(sum(row[key] for row in block) / len(block), 4)


def main(log, sidecar):
    with open(sidecar) as f:
        text = json.load(f)
    per_nat = text["tokens"] / text["characters"] / math.log(2)  # nats per token -> bits per character
    steps = rows(log)
    blocks = [steps[i:i + BLOCK] for i in range(0, len(steps), BLOCK)]
    json.dump({
        "train": [{"step": int(b[-1]["step"]), "loss": mean(b, "loss"), "gradient_norm": mean(b, "grad_norm"),
                   "learning_rate": float(f"{b[-1]['learning_rate']:.4g}")} for b in blocks],
        "valid": [{"step": int(r["step"]), "loss": round(r["loss"], 4), "bits_per_character": round(r["loss"] * per_nat, 4)}
                  for r in rows(log + ".valid")],
    }, sys.stdout, indent=None, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main(*sys.argv[1:])
