#!/usr/bin/env python3
"""tokenizer.json for the golden folders, whose vocabularies have 29 words: small letters that a reader can type.

    python3 tests/golden/hf_tokenizers.py [DIR]          (default: tests/golden/hf)

GPT-2, LLaMA and their kin get a byte-level BPE without merges (space, a ... z, full stop); BERT gets a WordPiece of a ... m
with [CLS] and [SEP] around the text. The formats are those of the crate `tokenizers`.
"""
import json
import string
import sys
from pathlib import Path


def added(tokens):
    return [{"id": i, "content": t, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
            for i, t in enumerate(tokens)]


def letters():
    words = ["<unk>", "Ġ", *string.ascii_lowercase, "."]
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added(["<unk>"]),
            "normalizer": {"type": "Lowercase"}, "pre_tokenizer": level, "post_processor": None, "decoder": level,
            "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None, "end_of_word_suffix": None,
                      "fuse_unk": False, "byte_fallback": False, "vocab": {w: i for i, w in enumerate(words)}, "merges": []}}


def pieces():
    special = ["[UNK]", "[CLS]", "[SEP]"]
    words = special + list("abcdefghijklm") + ["##" + c for c in "abcdefghijklm"]
    around = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}]
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added(special),
            "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "TemplateProcessing", "single": around, "pair": around,
                               "special_tokens": {t: {"id": t, "ids": [i], "tokens": [t]} for i, t in enumerate(special)}},
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                      "vocab": {w: i for i, w in enumerate(words)}}}


if __name__ == "__main__":
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "hf"
    for config in sorted(root.glob("*/config.json")):
        described = json.loads(config.read_text())
        made = pieces() if described["model_type"] == "bert" else letters()
        assert len(made["model"]["vocab"]) == described["vocab_size"], config
        (config.parent / "tokenizer.json").write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n")
