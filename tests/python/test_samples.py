# SPDX-License-Identifier: Apache-2.0
"""The samples print what their READMEs say, run as the READMEs say."""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import unittest

import common

SAMPLES = common.ROOT / "samples"
BUILD = pathlib.Path(os.environ.get("SOLDER_BUILD") or common.ROOT / "build")


def blocks(sample, kind):
    """The code blocks of a README."""
    text = (SAMPLES / sample / "README.md").read_text()
    return [body for found, body in re.findall(r"```(\w*)\n(.*?)```", text, re.S) if found == kind]


class Samples(unittest.TestCase):
    def run_as_written(self, sample):
        """The first block's commands but `make`, on a copy of what a clone holds."""
        tree = common.FOLDER / f"tree_{sample}"
        tree.mkdir()
        for name in ("models", "samples", "python"):
            (tree / name).symlink_to(common.ROOT / name)
        (tree / "build").symlink_to(BUILD)
        commands = [c for c in blocks(sample, "sh")[0].splitlines() if c != "make"]
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        printed = ""
        for command in commands:
            words = shlex.split(command)
            if words[0].startswith("PYTHONPATH="):
                environment["PYTHONPATH"] = str(tree / words.pop(0).partition("=")[2])
            if words[0] == "python3":
                words[0] = sys.executable
            done = subprocess.run(words, cwd=tree, env=environment, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            printed += done.stdout
        expected = re.escape(blocks(sample, "")[0])
        self.assertRegex(printed, "^" + re.sub(r"\d+\\ bytes", r"\\d+ bytes", expected) + "$")
        shutil.rmtree(tree)

    def test_python(self):
        self.run_as_written("tensorflow_uff")

    def test_c(self):
        self.run_as_written("tensorflow_uff_c")

    def test_other_pictures(self):
        """A colour picture with a comment in its header is the same seven."""
        gray = (common.DIGITS / "pictures" / "7.pgm").read_bytes()
        colour = common.FOLDER / "seven.ppm"
        colour.write_bytes(b"P6\n# a comment\n64 64\n255\n" + b"".join(bytes([p] * 3) for p in gray[-4096:]))
        main = SAMPLES / "tensorflow_uff" / "main.py"
        model = common.DIGITS / "digits_frozen_graph.pb"
        arguments = [main, model, "--picture", colour, "--plan", common.FOLDER / "sample.plan"]
        done = subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True)
        self.assertIn("    7  1.0000\n", done.stdout, done.stderr)

    def test_mistakes(self):
        program = BUILD / "samples" / "tensorflow_uff"
        model = common.DIGITS / "digits_frozen_graph.pb"
        plan = common.FOLDER / "mistake.plan"
        for arguments, code, message in (
            ([model], 2, "usage"),
            ([model, "dense_9", plan], 1, "dense_9"),
            (["nowhere.pb", "x", plan], 1, "nowhere.pb"),
            ([model, "dense_2/Softmax", plan, model], 1, "not a binary PGM"),
            ([model, "dense_2/Softmax", "no/such/folder.plan"], 1, "no/such"),
        ):
            words = [str(program), *map(str, arguments)]
            done = subprocess.run(words, capture_output=True, text=True)
            self.assertEqual(done.returncode, code)
            self.assertIn(message, done.stderr)
