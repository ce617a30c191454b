"""Reading and writing safetensors with numpy alone (format: huggingface/safetensors README)."""

import json
import struct

import numpy as np

NAMES = {"F64": np.float64, "F32": np.float32, "F16": np.float16, "I64": np.int64, "I32": np.int32,
         "I16": np.int16, "I8": np.int8, "U8": np.uint8, "BOOL": np.bool_}


def save(path, tensors, metadata=None):
    """tensors: {name: array}, or {name: (dtype name, shape, bytes)} for what numpy lacks (BF16)."""
    header, blobs, at = {}, [], 0
    if metadata:
        header["__metadata__"] = metadata
    for name, value in tensors.items():
        if isinstance(value, tuple):
            dtype, shape, blob = value
        else:
            value = np.asarray(value)
            dtype = next(n for n, t in NAMES.items() if value.dtype == t)
            shape, blob = value.shape, np.ascontiguousarray(value).tobytes()
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def load(path):
    """Returns ({name: array}, metadata); BF16 is widened to float32."""
    with open(path, "rb") as f:
        raw = f.read()
    (n,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8:8 + n])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, e in header.items():
        blob = raw[8 + n + e["data_offsets"][0]:8 + n + e["data_offsets"][1]]
        if e["dtype"] == "BF16":
            array = (np.frombuffer(blob, np.uint16).astype(np.uint32) << 16).view(np.float32)
        else:
            array = np.frombuffer(blob, NAMES[e["dtype"]])
        tensors[name] = array.reshape(e["shape"])
    return tensors, metadata


def bfloat16(array):
    """A float array as BF16 bytes, rounded to nearest even."""
    bits = np.ascontiguousarray(array, np.float32).view(np.uint32).astype(np.uint64)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return ("BF16", np.asarray(array).shape, rounded.astype(np.uint16).tobytes())
