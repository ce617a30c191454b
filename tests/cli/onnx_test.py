"""The operators on fresh random cases (see onnx_cases.py, which can run as many as asked), and on the meetings of
features that are not left to chance: each is compared with the reference, and with what it must amount to."""

import os
import subprocess
import sys
import tempfile
import unittest

import tool  # sets the path to what follows

import numpy as np

import onnx_cases
import onnx_reference
import safetensors_io

WIDEST = 2**63 - 1


class Onnx(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.source, self.target = os.path.join(folder.name, "in"), os.path.join(folder.name, "out")
        self.rng = np.random.default_rng(5)

    def normal(self, *shape):
        return self.rng.normal(0, 1.2, shape).astype(np.float32)

    def run_op(self, op, tensors, **attributes):
        safetensors_io.save(self.source, tensors)
        flags = [f"--attr={name}={value}" for name, value in attributes.items()]
        run = tool.attn("op", op, self.source, self.target, *flags)
        self.assertEqual(run.returncode, 0, run.stderr)
        return safetensors_io.load(self.target)[0]

    def agrees(self, op, tensors, **attributes):
        """The outputs, once they are found to be the reference's."""
        got = self.run_op(op, tensors, **attributes)
        expected = getattr(onnx_reference, op)(tensors, attributes)
        for name, value in expected.items():
            self.assertLessEqual(onnx_cases.worst(got[name], value), onnx_cases.TOLERANCE, name)
        return got

    def test_random_cases(self):
        run = subprocess.run([sys.executable, f"{tool.HERE}/onnx_cases.py", tool.ATTN, "120", "11"],
                             capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_groups_past_window_softcap_and_a_short_mask(self):
        t = {"Q": self.normal(2, 6, 5, 7), "K": self.normal(2, 2, 5, 7), "V": self.normal(2, 2, 5, 3),
             "past_key": self.normal(2, 2, 4, 7), "past_value": self.normal(2, 2, 4, 3),
             "attn_mask": self.rng.random((5, 8)) < 0.7}
        for mode in range(4):
            got = self.agrees("attention", t, is_causal=1, left_window_size=3, softcap=1.5, qk_matmul_output_mode=mode)
        # The 9th key is past the mask's end, and the first 2 are left of the last query's window.
        p = got["qk_matmul_output"]
        self.assertTrue((p[..., 8] == 0).all() and (p[:, :, 4, :5] == 0).all())

    def test_valid_lengths_move_the_frontier(self):
        # Sequence 0: fewer keys than queries, so that the first two queries see nothing; sequence 2: no key at all.
        t = {"Q": self.normal(3, 5, 4 * 3), "K": self.normal(3, 6, 2 * 3), "V": self.normal(3, 6, 2 * 2),
             "nonpad_kv_seqlen": np.array([3, 6, 0]), "attn_mask": self.normal(3, 1, 1, 6)}
        y = self.agrees("attention", t, q_num_heads=4, kv_num_heads=2, is_causal=1, left_window_size=1)["Y"]
        self.assertTrue((y[0, :2] == 0).all() and (y[2] == 0).all() and (y[1] != 0).all())

    def test_three_axes_with_a_past_equal_four(self):
        t = {"Q": self.normal(2, 4, 3, 5), "K": self.normal(2, 2, 3, 5), "V": self.normal(2, 2, 3, 6),
             "past_key": self.normal(2, 2, 2, 5), "past_value": self.normal(2, 2, 2, 6)}
        four = self.agrees("attention", t, is_causal=1)
        flat = {name: x if name.startswith("past") else x.swapaxes(1, 2).reshape(2, 3, -1) for name, x in t.items()}
        three = self.agrees("attention", flat, is_causal=1, q_num_heads=4, kv_num_heads=2)
        np.testing.assert_array_equal(three["Y"], four["Y"].swapaxes(1, 2).reshape(2, 3, -1))
        for name in ("present_key", "present_value", "qk_matmul_output"):
            np.testing.assert_array_equal(three[name], four[name])

    def test_a_past_alone(self):
        t = {"Q": self.normal(1, 1, 2, 4), "K": self.normal(1, 1, 0, 4), "V": self.normal(1, 1, 0, 3),
             "past_key": self.normal(1, 1, 3, 4), "past_value": self.normal(1, 1, 3, 3)}
        self.agrees("attention", t)

    def test_the_widest_window_is_none(self):
        t = {"Q": self.normal(2, 2, 4, 3), "K": self.normal(2, 2, 6, 3), "V": self.normal(2, 2, 6, 3),
             "nonpad_kv_seqlen": np.array([2, 6])}
        for causal in (0, 1):
            want = self.agrees("attention", t, is_causal=causal)
            got = self.run_op("attention", t, is_causal=causal, left_window_size=WIDEST, right_window_size=WIDEST)
            np.testing.assert_array_equal(got["Y"], want["Y"])

    def test_positions_lie_as_the_input(self):
        ones, t = np.ones((9, 2), np.float32), {"input": self.normal(2, 1, 3, 4)}
        t.update(cos_cache=ones, sin_cache=ones, position_ids=np.arange(3)[None])
        shared = self.run_op("rotary", t)["output"]
        t["position_ids"] = np.stack([np.arange(3)] * 2)
        np.testing.assert_array_equal(self.run_op("rotary", t)["output"], shared)
        t["position_ids"] = t["position_ids"].reshape(3, 2)  # as many numbers, but of whom?
        safetensors_io.save(self.source, t)
        run = tool.attn("op", "rotary", self.source, self.target)
        self.assertEqual(run.returncode, 1)
        self.assertIn('tensor "position_ids": it is [3, 2]; it must be [2, 3], or [1, 3]', run.stderr)

    def test_partial_rotary_on_three_axes_by_position(self):
        for interleaved in (0, 1):
            angle = self.rng.uniform(-6, 6, (9, 3))
            t = {"input": self.normal(2, 4, 3 * 8), "position_ids": self.rng.integers(0, 9, (2, 4)),
                 "cos_cache": np.cos(angle).astype(np.float32), "sin_cache": np.sin(angle).astype(np.float32)}
            got = self.agrees("rotary", t, num_heads=3, rotary_embedding_dim=6, interleaved=interleaved)["output"]
            x, y = (a.reshape(2, 4, 3, 8) for a in (t["input"], got))
            np.testing.assert_array_equal(y[..., 6:], x[..., 6:])  # beyond the rotated width nothing turns
            np.testing.assert_allclose((y**2).sum(-1), (x**2).sum(-1), rtol=1e-5)


if __name__ == "__main__":
    unittest.main()
