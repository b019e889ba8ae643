# SPDX-License-Identifier: Apache-2.0
"""ctypes structs, status codes, element types and resize rules are those of the C headers."""
import ctypes
import os
import re
import subprocess
import unittest

import common
import solder
from solder import _c, config, dtypes


class Layout(unittest.TestCase):
    @unittest.skipUnless(os.environ.get("PYTHON_LAYOUT"), "the program python_layout is not built")
    def test_structs(self):
        seen = set()
        lines = subprocess.run([os.environ["PYTHON_LAYOUT"]], check=True, capture_output=True, text=True)
        for line in lines.stdout.splitlines():
            struct, field, offset, size = line.split()
            seen.add(struct)
            ours = _c.STRUCTS[struct]
            with self.subTest(struct=struct, field=field):
                if field == "-":
                    self.assertEqual(ctypes.sizeof(ours), int(size))
                else:
                    place = getattr(ours, field)
                    self.assertEqual((place.offset, place.size), (int(offset), int(size)))
        self.assertEqual(seen, set(_c.STRUCTS))

    def test_declared_functions_exist(self):
        """With as many arguments as in the headers. Functions Python has no use for yet are left out."""
        arguments = {}
        for header in (common.ROOT / "include" / "solder").glob("*.h"):
            text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
            for name, given in re.findall(r"SOLDER_API [^;(]*?(solder_\w+)\(([^;]*)\);", text):
                arguments[name] = 0 if given == "void" else given.count(",") + 1
        declared = [name for name in vars(_c.lib) if name.startswith("solder_")]
        self.assertGreater(len(declared), 50)
        for name in declared:
            self.assertEqual(len(getattr(_c.lib, name).argtypes), arguments[name], name)

    def test_status_codes(self):
        text = (common.ROOT / "include" / "solder" / "types.h").read_text()
        codes = dict(re.findall(r"SOLDER_(?:ERROR_)?(\w+) = (-?\d+)", text))
        for status in solder.Status:
            self.assertEqual(int(codes[status.name]), status.value)

    def test_dtypes(self):
        for t in dtypes.ALL:
            self.assertEqual(_c.lib.solder_dtype_name(t.code).decode(), t.name)
            self.assertEqual(_c.lib.solder_dtype_size(t.code), t.size)
        self.assertEqual(_c.lib.solder_dtype_size(len(dtypes.ALL) + 1), 0)

    def test_resize(self):
        for i, resize in enumerate(config.RESIZE):
            rule = solder.Preprocess("gray", resize=resize)
            plan = _digits(preprocess=rule)
            self.assertEqual(solder.load(plan, threads=1).image_rule().resize, config.RESIZE[i])


def _digits(**options):
    folder = common.DIGITS
    return solder.build(folder / "digits.prototxt", folder / "digits.caffemodel", fast=True, **options)
