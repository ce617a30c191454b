"""`attn run` on the golden Hugging Face folders against PyTorch, and its refusals."""

import json
import os
import shutil
import tempfile
import unittest

import tool  # sets the path to what follows

import numpy as np

import safetensors_io

FOLDERS = os.path.join(tool.ROOT, "tests", "golden", "hf")


class Run(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def out(self):
        return os.path.join(self.folder.name, "out.safetensors")

    def copy(self, name):
        target = os.path.join(self.folder.name, name)
        shutil.copytree(os.path.join(FOLDERS, name), target)
        return target

    def edit(self, folder, **fields):
        path = os.path.join(folder, "config.json")
        with open(path) as f:
            config = json.load(f)
        config.update(fields)
        with open(path, "w") as f:
            json.dump(config, f)

    def refused(self, code, *arguments, says):
        run = tool.attn("run", *arguments, "--out", self.out())
        self.assertEqual(run.returncode, code, run.stderr)
        self.assertEqual(run.stdout, "")
        for text in says:
            self.assertIn(text, run.stderr)
        self.assertFalse(os.path.exists(self.out()))

    def test_agrees_with_pytorch(self):
        names = sorted(os.listdir(FOLDERS))
        self.assertGreaterEqual(len(names), 9)
        for name in names:
            with self.subTest(name):
                want, metadata = safetensors_io.load(os.path.join(FOLDERS, name, "expected.safetensors"))
                arguments = ["--ids", metadata["ids"]]
                for option in ("types", "length"):
                    if option in metadata:
                        arguments += ["--" + option, metadata[option]]
                run = tool.attn("run", os.path.join(FOLDERS, name), *arguments, "--out", self.out())
                self.assertEqual(run.returncode, 0, run.stderr)
                got, _ = safetensors_io.load(self.out())
                self.assertEqual(set(got), set(want))
                for tensor, value in want.items():
                    self.assertEqual(got[tensor].shape, value.shape)
                    self.assertLess(np.abs(got[tensor] - value).max(), 1e-5, f"{name} {tensor}")

    def test_types_default_to_zero(self):
        folder = os.path.join(FOLDERS, "bert-base")
        for arguments in (["--types", "0,0,0"], []):
            self.assertEqual(tool.attn("run", folder, "--ids", "1,2,3", *arguments, "--out", self.out()).returncode, 0)
            got = safetensors_io.load(self.out())[0]["last_hidden_state"]
            if arguments:
                explicit = got
        self.assertTrue(np.array_equal(got, explicit))

    def test_wrong_ids(self):
        gpt2 = os.path.join(FOLDERS, "gpt2-tied")
        self.refused(1, gpt2, "--ids", "1,29", says=["token 29 at position 1", "vocabulary of 29"])
        self.refused(1, gpt2, "--ids", "-1", says=["token -1"])
        self.refused(1, gpt2, "--ids", ",".join(["1"] * 17), says=["17 tokens", "context is 16"])
        self.refused(2, gpt2, "--ids", "1,x", says=["--ids"])
        self.refused(2, gpt2, "--ids", "1", "--types", "0", says=["no token types"])
        self.refused(1, os.path.join(FOLDERS, "bert-base"), "--ids", "1,2", "--types", "0", says=["token type"])

    def test_wrong_folders(self):
        self.refused(1, "nowhere", "--ids", "1", says=["nowhere", "folder"])
        sharded = self.copy("llama-sharded")
        os.remove(os.path.join(sharded, "model-00002-of-00002.safetensors"))
        self.refused(1, sharded, "--ids", "1", says=["model-00002-of-00002.safetensors", "missing"])
        os.remove(os.path.join(sharded, "model.safetensors.index.json"))
        self.refused(1, sharded, "--ids", "1", says=["neither model.safetensors nor"])
        os.remove(os.path.join(sharded, "config.json"))
        self.refused(1, sharded, "--ids", "1", says=["no config.json"])

    def test_wrong_config(self):
        folder = self.copy("qwen2")
        for fields, text in (({"model_type": "mamba"}, '"mamba" is not known'), ({"hidden_size": 10**9}, "width"),
                             ({"num_hidden_layers": 3}, "layers.2."), ({"hidden_act": "relu"}, '"hidden_act"'),
                             ({"intermediate_size": 21}, "asks for [21, 16]"), ({"vocab_size": "many"}, '"vocab_size"')):
            with self.subTest(text):
                broken = self.folder.name + "/broken"
                shutil.copytree(folder, broken)
                self.edit(broken, **fields)
                self.refused(1, broken, "--ids", "1", says=[text])
                shutil.rmtree(broken)

    def test_wrong_weights(self):
        folder = self.copy("mistral")
        path = os.path.join(folder, "model.safetensors")
        with open(path, "rb") as f:
            whole = f.read()
        for size in (0, 7, 100, len(whole) // 2, len(whole) - 1):
            with open(path, "wb") as f:
                f.write(whole[:size])
            self.refused(1, folder, "--ids", "1", says=["model.safetensors"])
        tensors, _ = safetensors_io.load(os.path.join(FOLDERS, "mistral", "model.safetensors"))
        name = "model.layers.0.mlp.up_proj.weight"
        safetensors_io.save(path, dict(tensors, **{name: tensors[name].astype(np.int32)}))
        self.refused(1, folder, "--ids", "1", says=[name, "I32"])
        safetensors_io.save(path, dict(tensors, **{name: tensors[name].T}))
        self.refused(1, folder, "--ids", "1", says=[name, "[16, 20]", "[20, 16]"])
        safetensors_io.save(path, dict(tensors, **{name: np.full_like(tensors[name], np.inf)}))
        self.refused(1, folder, "--ids", "1", says=["up_proj", "not finite"])

    def test_info(self):
        run = tool.attn("info", os.path.join(FOLDERS, "llama-sharded"))
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("llama, 2 layers x 4 heads of width 8", run.stdout)
        self.assertIn("stored as BF16", run.stdout)
        self.assertIn("MB in memory", run.stdout)


if __name__ == "__main__":
    unittest.main()
