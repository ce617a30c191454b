"""Exit codes, messages and files of `attn`, as a person at a terminal meets them."""

import json
import os
import signal
import struct
import subprocess
import tempfile
import unittest

import tool  # sets the path to what follows

import numpy as np

import safetensors_io

CONFIG = {
    "model": {"vocab": 32, "context": 16, "layers": 2, "width": 16, "heads": 2},
    "task": {"length": 16, "segment_min": 3, "segment_max": 6},
    "schedule": {"kind": "cosine", "learning_rate": 0.01, "warmup": 5},
    "batch": 4, "steps": 30, "seed": 3,
}


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def run_ok(self, *arguments):
        run = tool.attn(*arguments)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run

    def refused(self, code, *arguments, says=()):
        """Exit status, nothing on stdout, one message on stderr that contains every text of `says`."""
        run = tool.attn(*arguments)
        self.assertEqual(run.returncode, code, f"{arguments}: {run.stderr}")
        self.assertEqual(run.stdout, "")
        for text in says:
            self.assertIn(text, run.stderr)
        return run


class Usage(Case):
    def test_help(self):
        for arguments in (["--help"], ["train", "--help"], ["heads", "--help"], ["op", "attention", "--help"],
                          ["op", "rotary", "--help"], ["generate", "--help"], ["info", "--help"], ["--help-all"]):
            run = self.run_ok(*arguments)
            self.assertIn("Usage: attn", run.stdout)
            self.assertEqual(run.stderr, "")
        self.assertIn("Exit status: 0 success, 1 failure, 2 wrong usage, 130 interrupted", self.run_ok("--help").stdout)

    def test_wrong_usage(self):
        for arguments in ([], ["op"], ["nonsense"], ["op", "attention"], ["op", "attention", "x"], ["train"],
                          ["train", "juggle"], ["heads"], ["info", "a", "b"], ["--nonsense"],
                          ["train", "repeat"], ["train", "repeat", "--config", "x", "--steps", "-1"],
                          ["generate", "x", "--prompt", "a", "--tokens", "1"]):
            self.refused(2, *arguments)

    def test_attributes(self):
        f = self.path("x")
        safetensors_io.save(f, {n: np.zeros((1, 1, 2, 2), np.float32) for n in "QKV"})
        bad = {"is_casual=1": "known are is_causal, q_num_heads", "is_causal": "expected name=value", "=1": "expected",
               "is_causal=2": "expected 0 or 1", "scale=": "finite number", "scale=abc": "finite number",
               "scale=nan": "finite number", "softcap=1x": "finite number", "q_num_heads=1.5": "integer",
               "q_num_heads=99999999999999999999": "integer", "qk_matmul_output_mode=99999999999": "out of range"}
        for attribute, text in bad.items():
            self.refused(2, "op", "attention", f, self.path("y"), "--attr", attribute, says=[attribute, text])
        self.refused(2, "op", "attention", f, self.path("y"), "--attr", "scale=1", "--attr", "scale=2", says=["twice"])
        self.assertFalse(os.path.exists(self.path("y")))
        # Anywhere on the line, before or after the files.
        self.run_ok("op", "attention", "--attr", "scale=1", f, self.path("y"), "--attr=is_causal=1")


class Operators(Case):
    def inputs(self, **changes):
        rng = np.random.default_rng(0)
        t = {n: rng.normal(size=(1, 2, 3, 4)).astype(np.float32) for n in "QKV"}
        t.update(changes)
        safetensors_io.save(self.path("in"), {k: v for k, v in t.items() if v is not None})
        return self.path("in")

    def attention(self, *attributes, **changes):
        self.run_ok("op", "attention", self.inputs(**changes), self.path("out"), *attributes)
        return safetensors_io.load(self.path("out"))[0]

    def test_types(self):
        whole = self.attention()
        self.assertEqual({n: t.dtype for n, t in whole.items()}, dict.fromkeys(
            ["Y", "present_key", "present_value", "qk_matmul_output"], np.dtype(np.float32)))
        t = safetensors_io.load(self.path("in"))[0]
        for dtype, tolerance in ((np.float64, 1e-6), (np.float16, 2e-3)):
            got = self.attention(**{n: t[n].astype(dtype) for n in "QKV"})
            self.assertEqual(got["Y"].dtype, dtype)
            np.testing.assert_allclose(got["Y"], whole["Y"], atol=tolerance)
        got = self.attention(**{n: safetensors_io.bfloat16(t[n]) for n in "QKV"})
        np.testing.assert_allclose(got["Y"], whole["Y"], atol=2e-2)
        # A mask of integers is a bias like one of floats.
        bias = np.array([[0, 1, -2]] * 3)
        np.testing.assert_array_equal(self.attention(attn_mask=bias.astype(np.int64))["Y"],
                                      self.attention(attn_mask=bias.astype(np.float32))["Y"])
        for name, value, text in (("Q", t["Q"].astype(np.int64), "its type is I64"), ("K", t["K"] > 0, "BOOL"),
                                  ("nonpad_kv_seqlen", np.array([2.0], np.float32), "its type is F32"),
                                  ("nonpad_kv_seqlen", np.array([[2]]), "2 axes")):
            self.refused(1, "op", "attention", self.inputs(**{name: value}), self.path("no"), says=[f'"{name}"', text])
        self.assertFalse(os.path.exists(self.path("no")))

    def test_names(self):
        self.refused(1, "op", "attention", self.inputs(V=None), self.path("o"), says=['"V"', "missing"])
        self.refused(1, "op", "attention", self.inputs(mask=np.zeros(3, np.float32)), self.path("o"),
                     says=['"mask"', "attn_mask"])
        self.refused(1, "op", "rotary", self.inputs(), self.path("o"), says=["cos_cache"])

    def test_poison_and_emptiness(self):
        q = np.zeros((1, 2, 3, 4), np.float32)
        q[0, 0, 1, 2] = np.nan
        y = self.attention(Q=q)["Y"]
        self.assertTrue(np.isnan(y[0, 0, 1]).all())
        self.assertTrue(np.isfinite(y[0, 0, 0]).all() and np.isfinite(y[0, 1]).all())
        mask = np.ones((3, 3), bool)
        mask[1] = False
        self.assertTrue((self.attention(Q=q, attn_mask=mask)["Y"][0, :, 1] == 0).all())
        self.assertEqual(self.attention(Q=q[:, :, :0])["Y"].shape, (1, 2, 0, 4))
        none = np.zeros((0, 2, 3, 4), np.float32)
        self.assertEqual(self.attention(Q=none, K=none, V=none)["Y"].shape, (0, 2, 3, 4))
        three = np.zeros((1, 3, 8), np.float32)
        self.refused(1, "op", "attention", self.inputs(Q=three, K=three, V=three), self.path("o"),
                     says=["3-D inputs need the attribute q_num_heads"])

    def test_absurd_shapes(self):
        long = np.zeros((1, 1, 60000, 1), np.float32)
        run = self.refused(1, "op", "attention", self.inputs(Q=long, K=long, V=long), self.path("o"),
                           says=["60000 x 60000 scores exceed the limit"])
        self.assertLess(len(run.stderr), 300)

    def test_output_is_whole_or_absent(self):
        f = self.inputs()
        self.refused(1, "op", "attention", f, self.path("nowhere/out"), says=["nowhere/out", "No such file"])
        self.refused(1, "op", "attention", f, self.folder.name, says=["is a directory"])
        self.run_ok("op", "attention", f, self.path("out"))
        self.run_ok("op", "attention", f, "/dev/null")
        self.assertTrue(os.path.exists("/dev/null") and not os.path.isfile("/dev/null"))
        before = self.read("out")
        self.refused(1, "op", "attention", self.inputs(V=None), self.path("out"))
        self.assertEqual(self.read("out"), before)
        self.assertEqual(sorted(os.listdir(self.folder.name)), ["in", "out"])
        self.run_ok("op", "attention", self.inputs(), self.path("in"))  # over its own input


class Files(Case):
    def test_malformed(self):
        header = b'{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
        prefix = struct.pack("<Q", len(header))
        overflow = b'{"t":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}'
        bad = {
            "empty": (b"", "0 bytes"), "short": (b"1234567", "7 bytes"),
            "cut": (prefix + header + b"1234", "data section of 4"),
            "html": (b"<!doctype html><p>404", "is this a safetensors file"),
            "json": (struct.pack("<Q", 4) + b'{"a"', "JSON, line 1"),
            "vast": (struct.pack("<Q", 2**62) + b"{}", "over the limit"),
            "overflow": (struct.pack("<Q", len(overflow)) + overflow, "overflows"),
        }
        for name, (data, text) in bad.items():
            f = self.write(name, data)
            for command in (["info", f], ["heads", f], ["generate", f, "--prompt", "\u0430"],
                            ["op", "attention", f, self.path("o")], ["train", "repeat", "--resume", f]):
                self.refused(1, *command, says=[f, text])

    def test_missing(self):
        f = self.path("absent")
        for command in (["info", f], ["heads", f], ["op", "rotary", f, f], ["train", "repeat", "--config", f],
                        ["train", "repeat", "--resume", f]):
            self.refused(1, *command, says=[f, "No such file or directory"])
        self.refused(1, "info", self.folder.name, says=["there is no config.json"])  # a folder is a Hugging Face model

    def test_info(self):
        safetensors_io.save(self.path("x"), {"a": np.array([1, np.nan, 3], np.float32), "b": np.array([True])},
                            {"k": "v"})
        out = self.run_ok("info", self.path("x")).stdout
        for text in ("2 tensors", "F32", "[3]", "1 NOT FINITE", "BOOL", "k = v"):
            self.assertIn(text, out)


class Training(Case):
    def config(self, **changes):
        return self.write("config.json", json.dumps({**CONFIG, **changes}))

    def train(self, *arguments):
        return self.run_ok("train", "repeat", *arguments)

    def test_train_heads_generate(self):
        run = self.train("--config", self.config(), "--out", self.path("m"), "--log", self.path("log.csv"))
        self.assertIn("30 steps", run.stdout)
        self.assertIn("step 30/30", run.stderr)
        self.assertNotIn("\r", run.stderr)  # not a terminal: plain lines
        rows = self.read("log.csv").decode().split("\n")
        self.assertEqual(rows[0], "step,loss,accuracy,grad_norm,learning_rate")
        self.assertEqual([r.split(",")[0] for r in rows[1:-1]], [str(n) for n in range(1, 31)])
        self.assertEqual(sorted(os.listdir(self.folder.name)), ["config.json", "log.csv", "m"])
        table = self.run_ok("heads", self.path("m")).stdout.split("\n")
        self.assertEqual([line.split()[0] for line in table[2:7]], ["L0H0", "L0H1", "L1H0", "L1H1", "uniform"])
        data = json.loads(self.run_ok("heads", self.path("m"), "--json", "--seed", 5).stdout)
        self.assertEqual(len(data["heads"]), 4)
        for head in data["heads"]:
            for name in ("previous", "current", "first", "duplicate", "induction", "ratio"):
                self.assertTrue(0 <= head["scores"][name] <= 1.00001, head)
        text = self.run_ok("generate", self.path("m"), "--prompt", "\u0410\u0451\u044f", "--count", 4).stdout.strip()
        self.assertTrue(text.startswith("\u0430\u0435\u044f"))
        self.assertEqual(len(text), 7)
        numbers = self.run_ok("generate", self.path("m"), "--tokens", "0,5,31", "--count", 4).stdout.strip()
        self.assertEqual("".join(chr(0x430 + int(n)) for n in numbers.split(",")), text)

    def test_every_task_can_be_trained(self):
        fitting = {"recall": {"pairs": 4}, "markov": {"vocab": 4}, "gather": {"vocab": 16}}
        for task in ("repeat", "copy", "recall", "markov", "ngram", "uniform", "backcopy", "previous", "rarest",
                     "last_name", "seen", "gather", "cycle", "swap"):
            kind = "encoder" if task in ("cycle", "swap") else "decoder"
            config = self.config(model={**CONFIG["model"], "kind": kind},
                                 task={**CONFIG["task"], "vocab": 32, **fitting.get(task, {})})
            run = self.run_ok("train", task, "--config", config, "--steps", 7, "--out", self.path(task))
            self.assertIn("7 steps", run.stdout)

    CONLLU = (  # two sentences that fit sixteen letters: "старый кот спит." and "кот пьёт чай."
        "1\tстарый\t_\tADJ\t_\t_\t2\tamod\t_\t_\n2\tкот\t_\tNOUN\t_\t_\t3\tnsubj\t_\t_\n"
        "3\tспит\t_\tVERB\t_\t_\t0\troot\t_\tSpaceAfter=No\n4\t.\t_\tPUNCT\t_\t_\t3\tpunct\t_\t_\n\n"
        "1\tкот\t_\tNOUN\t_\t_\t2\tnsubj\t_\t_\n2\tпьёт\t_\tVERB\t_\t_\t0\troot\t_\t_\n"
        "3\tчай\t_\tNOUN\t_\t_\t2\tobj\t_\tSpaceAfter=No\n4\t.\t_\tPUNCT\t_\t_\t2\tpunct\t_\t_\n")

    def test_heads_on_labelled_text(self):
        self.train("--config", self.config(), "--out", self.path("m"))
        text = self.write("text.conllu", self.CONLLU)
        run = self.run_ok("heads", self.path("m"), "--conllu", text, "--json", self.path("out.json"), "--ablate", 1)
        self.assertIn("text.conllu: 2 sentences in 2 sequences, 0 too long", run.stdout)
        data = json.loads(self.read("out.json"))
        self.assertEqual((data["layers"], data["heads"], len(data["roles"])), (2, 2, 4))
        by_name = {(r["relation"], r["from"]): r for r in data["relations"]}
        subject = by_name["nsubj", "head"]
        self.assertEqual((subject["queries"], subject["held_out"], subject["offset"]), (2, 1, 1))
        self.assertEqual(subject["offset_accuracy"], 1)  # both subjects stand right before their verbs
        self.assertEqual(subject["chance"], 1)           # on the second sentence there is no other word
        self.assertEqual(by_name["amod", "head"]["queries"], 1)
        self.assertEqual(by_name["obj", "dependent"]["queries"], 1)
        self.assertEqual(by_name["coref", "dependent"]["queries"], 0)
        self.assertEqual(len(data["ablation"]["zero"]), 4)
        self.assertGreater(data["ablation"]["loss"], 0)
        for role in data["roles"]:
            self.assertTrue(0 <= role["inside"] <= 1.00001, role)
        # Tables go to the terminal, JSON alone to a pipe that asked for it; the same seed gives the same bytes.
        again = [self.run_ok("heads", self.path("m"), "--conllu", text, "--json", "--ablate", 1).stdout for _ in range(2)]
        self.assertEqual(again[0], again[1])
        self.assertEqual(again[0].encode(), self.read("out.json"))

    def test_labelled_text_that_does_not_fit(self):
        self.train("--config", self.config(), "--out", self.path("m"))
        broken = self.write("broken.conllu", self.CONLLU.replace("\t3\tnsubj", "\t9\tnsubj"))
        self.refused(1, "heads", self.path("m"), "--conllu", broken, says=["broken.conllu", "head 9 in a sentence of 4"])
        self.refused(1, "heads", self.path("m"), "--conllu", self.path("absent"), says=["absent"])
        self.train("--config", self.config(model={**CONFIG["model"], "vocab": 40}), "--out", self.path("wide"))
        text = self.write("text.conllu", self.CONLLU)
        self.refused(2, "heads", self.path("wide"), "--conllu", text, says=["--tokenizer"])
        self.refused(1, "heads", self.path("m"), "--conllu", text, "--tokenizer", text, says=["text.conllu"])

    def test_same_seed_same_bytes(self):
        f = self.config()
        for name, seed in (("a", 3), ("b", 3), ("c", 4)):
            self.train("--config", f, "--out", self.path(name), "--seed", seed)
        a, b, c = (self.read(n) for n in "abc")
        self.assertEqual(a, b)
        self.assertNotEqual(a, c)

    def test_interrupted_and_resumed_equals_uninterrupted(self):
        f, out, log = self.config(steps=1500), self.path("m"), self.path("log.csv")
        self.train("--config", f, "--out", self.path("whole"), "--log", self.path("whole.csv"))
        arguments = [tool.ATTN, "train", "repeat", "--config", f, "--out", out, "--log", log]
        with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as run:
            run.stderr.readline()  # the first step is done
            run.send_signal(signal.SIGINT)
            message = run.stderr.read()
            self.assertEqual(run.wait(timeout=60), 130)
        self.assertIn("interrupted at step", message)
        self.assertIn(f"attn train repeat --resume {out}.snapshot --out {out} --log {log}", message)
        self.assertFalse(os.path.exists(out))
        self.run_ok("heads", out + ".snapshot")  # a snapshot can be looked at too
        with open(log, "a") as torn:  # as after a crash: rows beyond the snapshot, the last one torn
            torn.write("1499,9,9,9,9\n1500,9,")
        self.train("--resume", out + ".snapshot", "--out", out, "--log", log)
        self.assertEqual(self.read("m"), self.read("whole"))
        self.assertEqual(self.read("log.csv"), self.read("whole.csv"))
        self.assertFalse(os.path.exists(out + ".snapshot"))

    def test_terminated_saves_too(self):
        arguments = [tool.ATTN, "train", "repeat", "--config", self.config(steps=100000), "--out", self.path("m")]
        with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as run:
            run.stderr.readline()
            run.terminate()
            run.stderr.read()
            self.assertEqual(run.wait(timeout=60), 130)
        self.assertTrue(os.path.exists(self.path("m.snapshot")))

    def test_bad_configs(self):
        def config(text):
            return self.write("bad.json", text if isinstance(text, str) else json.dumps(text))

        for text, says in (("{", "JSON, line 1"), ("[]", "must be a JSON object"), ('{"steps":1,"steps":2}', "duplicate"),
                           ({**CONFIG, "stpes": 3}, "stpes"), ({**CONFIG, "batch": 0}, "batch"),
                           ({**CONFIG, "model": {**CONFIG["model"], "heads": 3}}, "does not divide"),
                           ({**CONFIG, "model": {**CONFIG["model"], "context": 4}}, "context"),
                           ({**CONFIG, "model": {**CONFIG["model"], "width": 10**6}}, "million"),
                           ({**CONFIG, "batch": 60000, "model": {**CONFIG["model"], "layers": 200}}, "250 million scores"),
                           ({**CONFIG, "schedule": {"learning_rate": -1}}, "learning_rate"), ("", "JSON")):
            run = self.refused(1, "train", "repeat", "--config", config(text), "--out", self.path("m"))
            self.assertIn("bad.json", run.stderr)
            self.assertIn(says, run.stderr)
        self.refused(2, "train", "repeat", "--config", config({**CONFIG, "task": {"kind": "copy"}}),
                     says=["task copy, not of repeat"])
        self.assertEqual(os.listdir(self.folder.name), ["bad.json"])

    def test_divergence_is_said(self):
        f = self.config(schedule={"learning_rate": 1e30}, clip=0)
        run = self.refused(1, "train", "repeat", "--config", f, "--out", self.path("m"))
        self.assertIn("no longer finite", run.stderr)
        self.assertIn("learning_rate", run.stderr)
        self.run_ok("heads", self.path("m.snapshot"))  # what was kept is finite

    def test_bad_checkpoints(self):
        self.train("--config", self.config(steps=1), "--out", self.path("m"))
        tensors, metadata = safetensors_io.load(self.path("m"))
        tensors = {n: t.copy() for n, t in tensors.items()}

        def changed(**changes):
            t = {**tensors, **changes}
            safetensors_io.save(self.path("bad"), {n: v for n, v in t.items() if v is not None}, metadata)
            return self.path("bad")

        name = "blocks.1.attn.W_O"
        poisoned = tensors[name].copy()
        poisoned[0, 0, 0] = np.nan
        for change, says in ((None, "is missing"), (tensors[name][:1], "the config asks for"),
                             (poisoned, "not finite")):
            for command in (["heads"], ["generate", "--prompt", "\u0430"]):
                self.refused(1, command[0], changed(**{name: change}), *command[1:], says=[name, says])
        self.refused(1, "heads", changed(extra=np.zeros(1, np.float32)), says=["extra", "no parameter"])
        safetensors_io.save(self.path("bad"), tensors)
        self.refused(1, "heads", self.path("bad"), says=["attn.config"])
        self.refused(1, "train", "repeat", "--resume", self.path("m"), says=["not a training snapshot"])

    def test_bad_prompts(self):
        self.train("--config", self.config(steps=1), "--out", self.path("m"))
        self.refused(2, "generate", self.path("m"), says=["prompt is empty"])
        self.refused(2, "generate", self.path("m"), "--prompt", "", says=["prompt is empty"])
        self.refused(2, "generate", self.path("m"), "--prompt", "\u0430b", says=['"b"', "32 letters"])
        self.refused(2, "generate", self.path("m"), "--tokens", "1,x", says=["1,x"])
        self.refused(1, "generate", self.path("m"), "--tokens", "1,32", says=["token 32 at position 1"])
        self.refused(1, "generate", self.path("m"), "--prompt", "\u0430" * 17, says=["context is 16"])
        run = self.run_ok("generate", self.path("m"), "--prompt", "\u0430" * 16)
        self.assertEqual(run.stdout.strip(), "\u0430" * 16)
        self.assertIn("stopped after 0 of 16", run.stderr)
        self.refused(2, "heads", self.path("m"), "--half", 9, says=["context of 16"])


LM_CONFIG = {
    "model": {"vocab": 300, "context": 16, "layers": 1, "width": 16, "heads": 2, "mlp": "swiglu", "mlp_width": 16,
              "position": "rope", "tied": True},
    "batch": 8, "shards": 4, "steps": 40, "optimiser": "muon",
    "schedule": {"kind": "wsd", "learning_rate": 0.01, "warmup": 5, "decay": 10}, "seed": 3,
}


class LanguageModel(Case):
    def setUp(self):
        super().setUp()
        self.config = self.write("config.json", json.dumps(LM_CONFIG))
        tokens = np.random.default_rng(1).integers(0, 300, 3000).astype("<u2")
        self.tokens = self.write("text.tokens", tokens.tobytes())
        self.write("text.json", json.dumps({"tokens": 3000, "characters": 6000}))

    def train(self, *arguments):
        return self.run_ok("train", "lm", "--tokens", self.tokens, *arguments)

    def test_threads_do_not_change_the_bytes(self):
        for threads in (1, 2, 3):
            self.train("--config", self.config, "--threads", threads, "--out", self.path(f"m{threads}"))
        self.assertEqual(self.read("m1"), self.read("m2"))
        self.assertEqual(self.read("m1"), self.read("m3"))
        self.assertEqual(self.read("m1.snapshot"), self.read("m3.snapshot"))

    def test_stopped_and_resumed_equals_uninterrupted(self):
        out, log = self.path("m"), self.path("log.csv")
        self.train("--config", self.config, "--out", self.path("whole"), "--log", self.path("whole.csv"))
        self.train("--config", self.config, "--out", out, "--log", log, "--steps", 17)
        self.assertNotEqual(self.read("m"), self.read("whole"))
        self.train("--resume", out + ".snapshot", "--out", out, "--log", log)
        self.assertEqual(self.read("m"), self.read("whole"))
        self.assertEqual(self.read("log.csv"), self.read("whole.csv"))
        self.assertEqual(self.read("log.csv").count(b"\n"), 41)

    def test_interrupt_saves(self):
        config = self.write("long.json", json.dumps({**LM_CONFIG, "steps": 1000000}))
        arguments = [tool.ATTN, "train", "lm", "--config", config, "--tokens", self.tokens, "--out", self.path("m"),
                     "--valid-every", "1"]
        with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as run:
            for _ in range(LM_CONFIG["schedule"]["warmup"] + 1):  # a cool-down needs the warm-up behind it
                run.stderr.readline()
            run.send_signal(signal.SIGINT)
            message = run.stderr.read()
            self.assertEqual(run.wait(timeout=60), 130)
        self.assertIn(f"attn train lm --resume {self.path('m')}.snapshot --tokens {self.tokens}", message)
        self.run_ok("heads", self.path("m.snapshot"))
        # The end may be decided late: two more steps on a falling learning rate.
        self.train("--resume", self.path("m.snapshot"), "--cooldown", 2, "--out", self.path("m"), "--log", self.path("l"))
        rates = [float(row.split(",")[4]) for row in self.read("l").decode().split()[1:]]
        np.testing.assert_allclose(rates, [0.01, 0.005], rtol=1e-6)

    def test_validation_and_kept_models(self):
        run = self.train("--config", self.config, "--valid", self.tokens, "--out", self.path("m"), "--keep", self.path("k-"),
                         "--valid-every", 20, "--log", self.path("log.csv"))
        self.assertRegex(run.stderr, r"step 40/40 .* tokens/s .* GFLOP/s  valid \d\.\d+  \d\.\d+ bits/character")
        self.assertEqual([row.split(",")[0] for row in self.read("log.csv.valid").decode().split()[1:]], ["20", "40"])
        kept = sorted(int(n[2:-12]) for n in os.listdir(self.folder.name) if n.startswith("k-"))
        self.assertEqual(kept, [0, 1, 2, 3, 4, 6, 8, 12, 16, 23, 32])

    def test_wrong_inputs(self):
        lm = ["train", "lm", "--out", self.path("m")]
        self.refused(2, *lm, "--tokens", self.tokens, says=["--config FILE"])
        self.refused(2, *lm, "--config", self.config)
        self.refused(1, *lm, "--config", self.config, "--tokens", self.path("none"), says=["none", "No such file"])
        self.refused(1, *lm, "--config", self.config, "--tokens", self.folder.name, says=["not a file"])
        odd = self.write("odd.tokens", b"abc")
        self.refused(1, *lm, "--config", self.config, "--tokens", odd, says=["3 bytes"])
        short = self.write("short.tokens", bytes(20))
        self.refused(1, *lm, "--config", self.config, "--tokens", short, says=["10 tokens"])
        wild = self.write("wild.tokens", np.full(3000, 300, "<u2").tobytes())
        self.refused(1, *lm, "--config", self.config, "--tokens", wild, says=["token 300 at place 0"])
        brief = self.write("brief.json", json.dumps({**LM_CONFIG, "steps": 4}))
        self.refused(1, *lm, "--config", brief, "--tokens", self.tokens, says=["brief.json", "schedule.warmup"])
        self.write("text.json", json.dumps({"tokens": 2999}))
        self.refused(1, *lm, "--config", self.config, "--tokens", self.tokens, says=["text.json", "3000"])

    def test_divergence_is_said(self):
        f = self.write("wild.json", json.dumps({**LM_CONFIG, "optimiser": "adamw", "clip": 0, "schedule": {"learning_rate": 1e30}}))
        self.refused(1, "train", "lm", "--config", f, "--tokens", self.tokens, "--out", self.path("m"),
                     says=["no longer finite", "learning_rate"])

    def test_eval_scores_every_token_once(self):
        self.train("--config", self.config, "--steps", 1, "--out", self.path("m"))
        self.write("text.json", json.dumps({"tokens": 3000, "characters": 6000, "vocab": 300}))
        evaluate = ["lm", "eval", self.path("m"), self.tokens]
        for arguments, scored in (([], 2999), (["--stride", 15, "--batch", 3], 2999), (["--limit", 40], 39),
                                  (["--context", 2, "--limit", 2], 1)):
            report = json.loads(self.run_ok(*evaluate, *arguments).stdout)
            self.assertEqual(report["tokens"], scored)
            self.assertLess(abs(report["nats_per_token"] - np.log(300)), 1)  # hardly trained, on tokens of chance
        alone = [json.loads(self.run_ok(*evaluate, "--limit", 40, "--batch", b).stdout)["nats"] for b in (1, 8)]
        self.assertAlmostEqual(alone[0], alone[1], delta=1e-3)
        for arguments in (["--stride", -2], ["--stride", 0], ["--context", -1], ["--limit", -5], ["--stride", 16],
                          ["--context", 17]):
            self.refused(2, *evaluate, *arguments)
        self.refused(1, *evaluate, "--limit", 1, says=["text.tokens", "single token"])

    def test_snapshots_need_a_number_of_steps(self):
        self.train("--config", self.config, "--steps", 1, "--out", self.path("m"))
        tensors, metadata = safetensors_io.load(self.path("m"))
        safetensors_io.save(self.path("odd"), tensors, {**metadata, "attn.steps": "many"})
        self.refused(1, "snapshots", "pack", self.path("m"), self.path("odd"), "--out", self.path("s"),
                     says=["odd", '"many"', "not a number of steps"])

    def test_generate_reads_text(self):
        text = self.write("corpus.txt", "\u043c\u0430\u043c\u0430 \u043c\u044b\u043b\u0430 \u0440\u0430\u043c\u0443. " * 50)
        self.run_ok("tokenizer", "train", text, "--vocab", 300, "--out", self.path("tokenizer.json"))
        vocab = len(json.loads(self.read("tokenizer.json"))["model"]["vocab"])
        config = self.write("fitting.json", json.dumps({**LM_CONFIG, "model": {**LM_CONFIG["model"], "vocab": vocab}}))
        tokens = self.write("fit.tokens", np.zeros(100, "<u2").tobytes())
        self.run_ok("train", "lm", "--config", config, "--tokens", tokens, "--steps", 1, "--out", self.path("m"))
        said = self.run_ok("generate", self.path("m"), "--prompt", "\u043c\u0451\u043c\u0430", "--count", 3, "--speed")
        self.assertTrue(said.stdout.startswith("\u043c\u0435\u043c\u0430"), said.stdout)
        self.assertIn("3 tokens in", said.stderr)
        os.rename(self.path("tokenizer.json"), self.path("elsewhere.json"))
        self.refused(2, "generate", self.path("m"), "--prompt", "\u043c", says=["--tokenizer FILE"])
        self.run_ok("generate", self.path("m"), "--prompt", "\u043c", "--tokenizer", self.path("elsewhere.json"))


if __name__ == "__main__":
    unittest.main()
