#!/usr/bin/env python3
"""A folder of the size and shape of Qwen2.5-0.5B with random weights, to measure what opening such a model costs.

    python3 bench/own_model.py OUTDIR [F16|F32]          (writes 988 MB, or twice as much)
"""
import json
import struct
import sys
from pathlib import Path

import numpy as np

dtype = sys.argv[2] if len(sys.argv) > 2 else "F16"
number = {"F16": np.float16, "F32": np.float32}[dtype]
D, L, H, K, d, M, V = 896, 24, 14, 2, 64, 4864, 151936
config = {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": D, "num_hidden_layers": L, "num_attention_heads": H,
          "num_key_value_heads": K, "intermediate_size": M, "vocab_size": V, "max_position_embeddings": 32768, "rms_norm_eps": 1e-6,
          "rope_theta": 1000000.0, "hidden_act": "silu", "tie_word_embeddings": True, "torch_dtype": number.__name__}
shapes = {"model.embed_tokens.weight": (V, D), "model.norm.weight": (D,)}
for l in range(L):
    h = f"model.layers.{l}."
    shapes |= {h + "input_layernorm.weight": (D,), h + "post_attention_layernorm.weight": (D,),
               h + "self_attn.q_proj.weight": (H * d, D), h + "self_attn.q_proj.bias": (H * d,), h + "self_attn.k_proj.weight": (K * d, D),
               h + "self_attn.k_proj.bias": (K * d,), h + "self_attn.v_proj.weight": (K * d, D), h + "self_attn.v_proj.bias": (K * d,),
               h + "self_attn.o_proj.weight": (D, H * d), h + "mlp.gate_proj.weight": (M, D), h + "mlp.up_proj.weight": (M, D),
               h + "mlp.down_proj.weight": (D, M)}

out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
(out / "config.json").write_text(json.dumps(config))
header, offset = {}, 0
for name, shape in shapes.items():
    size = number().itemsize * int(np.prod(shape))
    header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + size]}
    offset += size
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
noise = (np.random.default_rng(1).standard_normal(1 << 20) * 0.02).astype(number)  # one block, repeated: size is what matters
with open(out / "model.safetensors", "wb") as f:
    f.write(struct.pack("<Q", len(text)) + text)
    for name, shape in shapes.items():
        n = int(np.prod(shape))
        block = np.ones(1 << 20, number) if name.endswith("norm.weight") else noise
        for start in range(0, n, 1 << 20):
            f.write(block[: min(1 << 20, n - start)].tobytes())
print(f"{out}: {sum(int(np.prod(s)) for s in shapes.values())} parameters, {offset} bytes of weights")
