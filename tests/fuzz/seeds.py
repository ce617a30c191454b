"""Writes the starting inputs of one fuzzer into a folder: python3 seeds.py TARGET FOLDER."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
import numpy as np  # noqa: E402

import safetensors_io  # noqa: E402

JSON = [
    '{"a":[1,-2.5e3,true,false,null],"b":{"c":"d"},"":0}', '"\\u0430\\ud83d\\ude00\\n"', "[[[[[]]]]]",
    '{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}', "-0.0e-0", ' [ 1 , 2 ] ', '"\u0430\u0431\u0432"',
    "[1e308,5e-324,9007199254740993]",
]
MODEL = {"vocab": 3, "context": 8, "layers": 1, "width": 4, "heads": 2}
TRAIN = {"model": dict(MODEL, vocab=32, context=12), "task": {"kind": "repeat", "vocab": 32, "length": 12,
         "segment_min": 3, "segment_max": 5}, "batch": 2, "steps": 3, "seed": 1}


def tensors():
    f = np.arange(6, dtype=np.float32).reshape(2, 3)
    yield {"a": f}, None
    yield {"a": f, "b": f.astype(np.float16), "m": f > 2, "i": f.astype(np.int64), "e": f[:0]}, {"note": "x"}
    yield {"s": np.float64(1)}, {}
    yield {}, None


def model(layers):
    c = dict(MODEL, layers=layers)
    shapes = {"embed.W_E": (3, 4), "pos_embed.W_pos": (8, 4), "ln_final.w": (4,), "unembed.W_U": (4, 3)}
    for layer in range(layers):
        at = f"blocks.{layer}."
        shapes.update({at + "ln1.w": (4,), at + "attn.W_Q": (4, 2, 2), at + "attn.W_K": (4, 2, 2),
                       at + "attn.W_V": (4, 2, 2), at + "attn.W_O": (2, 2, 4)})
    return {n: np.ones(s, np.float32) for n, s in shapes.items()}, {"attn.config": json.dumps(c)}


def tokenizer(merges):
    names = ["<|конец|>"] + [f"<0x{b:02X}>" for b in range(256)] + list(" abж")
    for left, right in merges:
        names.append(names[left] + names[right])
    letters = "A-Za-z"  # the pattern of the build under test is longer: the rest of the file is still walked
    return {"version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [{"id": 0, "content": names[0], "single_word": False, "lstrip": False, "rstrip": False,
                              "normalized": False, "special": True}],
            "normalizer": None,
            "pre_tokenizer": {"type": "Split", "pattern": {"Regex": letters}, "behavior": "Isolated", "invert": False},
            "post_processor": None,
            "decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}]},
            "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                      "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": True, "ignore_merges": False,
                      "vocab": {n: i for i, n in enumerate(names)},
                      "merges": [[names[l], names[r]] for l, r in merges]}}


def main():
    target, folder = sys.argv[1:3]

    def write(name, data):
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)

    if target == "json":
        for n, text in enumerate(JSON):
            write(f"seed-{n}", text.encode())
    elif target == "safetensors":
        for n, (t, metadata) in enumerate(tensors()):
            safetensors_io.save(os.path.join(folder, f"seed-{n}"), t, metadata)
    elif target == "checkpoint":
        for layers in (0, 1):
            safetensors_io.save(os.path.join(folder, f"seed-{layers}"), *model(layers))
        t, metadata = model(1)
        stored = {}
        for n, w in t.items():
            stored[n] = w if w.ndim < 2 else w.astype(np.int8)
            if w.ndim >= 2:
                stored[n + ".scale"] = np.full(w.shape[:-1], 0.5, np.float32)
        safetensors_io.save(os.path.join(folder, "seed-int8"), stored, metadata)
    elif target == "snapshots":
        names, metadata = model(1)
        matrices = sum(w.ndim >= 2 for w in names.values())
        rng = np.random.default_rng(1)
        for n in range(4):
            t = {"1.codes": rng.integers(0, 256, 6 + 8 * n, dtype=np.uint8) if n else np.zeros(12, np.uint8),
                 "1.fit": np.full((matrices, 3), 0.5, np.float32),
                 "1.vectors": np.ones(sum(w.size for w in names.values() if w.ndim < 2), np.float32)}
            safetensors_io.save(os.path.join(folder, f"seed-{n}"), t, dict(metadata, **{
                "attn.snapshots": json.dumps({"seed": 1, "steps": [0, 5]})}))
    elif target == "tokenizer":
        write("seed-text", "мама мыла раму 1812 — «да»?! \u0301\U0001f600".encode() + b"\xff\xd0\xe2\x80")
        write("seed-0", json.dumps(tokenizer([(257, 258), (258, 259), (261, 258)]), ensure_ascii=False).encode())
    elif target == "snapshot":
        t, _ = model(1)
        tables = {p + n: v for p in ("model.", "adamw.m.", "adamw.v.") for n, v in t.items()}
        run = dict(TRAIN, model=MODEL, task=dict(TRAIN["task"], vocab=3, length=8, segment_min=2, segment_max=3))
        safetensors_io.save(os.path.join(folder, "seed-0"), tables, {
            "format": "attn.trainer.1", "attn.train": json.dumps(run), "attn.step": "2", "attn.adamw_step": "2",
            "attn.data_counter": "96"})
    elif target == "train_config":
        write("seed-0", json.dumps(TRAIN).encode())
        write("seed-1", b"{}")
    elif target == "hf":
        golden = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "hf")
        for name in ("gpt2-tied", "llama-base", "mistral", "qwen2", "bert-base"):
            with open(os.path.join(golden, name, "config.json")) as f:
                config = json.dumps(json.load(f))
            with open(os.path.join(golden, name, "model.safetensors"), "rb") as f:
                write("seed-" + name, config.encode() + b'\n{"weight_map":{"a":"b.safetensors"}}\n' + f.read())
    elif target == "conllu":
        row = "{}\t{}\t_\t{}\t_\t_\t{}\t{}\t_\t{}\n".format
        write("seed-0", (row(1, "\u0451", "PRON", 2, "nsubj", "Entity=(e1--1-x)") + row(2, "b", "VERB", 0, "root", "SpaceAfter=No") +
                         row(3, ".", "PUNCT", 2, "punct", "_") + "\n" + row(1, "c", "PRON", 0, "root", "Entity=(e1--1-x)")).encode())
        write("seed-1", ("# newdoc\n1-2\tab\t_\t_\t_\t_\t_\t_\t_\t_\n" + row(1, "a", "ADJ", 2, "amod", "Entity=(e2--2-x") +
                         row(2, "b", "NOUN", 0, "root", "Entity=e2)") + "2.1\tc\t_\t_\t_\t_\t_\t_\t_\t_\n").encode())
    elif target == "onnx_attention":
        rng = np.random.default_rng(1)
        for n in range(20):
            write(f"seed-{n}", rng.integers(0, 256, 40 * (n + 1), dtype=np.uint8).tobytes())


if __name__ == "__main__":
    main()
