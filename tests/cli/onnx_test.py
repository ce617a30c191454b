"""The operators on fresh random cases: see onnx_cases.py, which can run as many as asked."""

import subprocess
import sys
import unittest

import tool


class Onnx(unittest.TestCase):
    def test_random_cases(self):
        run = subprocess.run([sys.executable, f"{tool.HERE}/onnx_cases.py", tool.ATTN, "120", "11"],
                             capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


if __name__ == "__main__":
    unittest.main()
