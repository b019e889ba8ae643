# SPDX-License-Identifier: Apache-2.0
"""The samples print what their READMEs say, run as the READMEs say."""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import unittest

import common
import solder

SAMPLES = common.ROOT / "samples"
BUILD = pathlib.Path(os.environ.get("SOLDER_BUILD") or common.ROOT / "build")

ULTRAFACE = common.SHARED / "ultraface-slim-320"


def blocks(sample, kind):
    """The code blocks of a README."""
    text = (SAMPLES / sample / "README.md").read_text()
    return [body for found, body in re.findall(r"```(\w*)\n(.*?)```", text, re.S) if found == kind]


class Samples(unittest.TestCase):
    def run_as_written(self, sample, before=None, after=None):
        """The first block's commands but `make`, on a copy of what a clone holds."""
        tree = common.FOLDER / f"tree_{sample}"
        tree.mkdir()
        for name in ("models", "samples", "python"):
            (tree / name).symlink_to(common.ROOT / name)
        (tree / "build").symlink_to(BUILD)
        if before:
            before(tree)
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
        if after:
            after(tree)
        shutil.rmtree(tree)
        return printed

    def check_printed(self, sample):
        """Numbers that depend on the machine may differ."""
        expected = re.escape(blocks(sample, "")[0])
        expected = re.sub(r"\d+\\ (bytes|requests)", r"\\d+ \1", expected)
        self.assertRegex(self.run_as_written(sample), "^" + expected + "$")

    def test_tensorflow_uff(self):
        self.check_printed("tensorflow_uff")

    def test_tensorflow_uff_c(self):
        self.check_printed("tensorflow_uff_c")

    def test_onnx_import(self):
        self.check_printed("onnx_import")

    def test_caffe_import(self):
        self.check_printed("caffe_import")

    def test_network_api(self):
        self.check_printed("network_api")

    def test_dynamic_shapes(self):
        self.check_printed("dynamic_shapes")

    def test_threads(self):
        self.check_printed("threads")

    def test_classify_photo(self):
        self.check_printed("classify_photo")

    def test_custom_layer_python(self):
        self.check_printed("custom_layer_python")

    def test_picture_rules(self):
        """Stretched and cut: a picture of 4 x 2 made 2 x 2; framed: 3 x 1 made 3 x 3."""
        sys.path.insert(0, str(SAMPLES / "common"))
        import picture

        gray = picture.Picture(4, 2, 1, bytes([10, 20, 30, 40, 50, 60, 70, 80]))
        for resize, expected in (
            ("stretch", [[15, 35], [55, 75]]),
            ("crop", [[20, 30], [60, 70]]),
        ):
            io = solder.IO("x", "f32", (1, 1, 2, 2), (1, 1, 2, 2), (1, 1, 2, 2), False)
            rule = solder.ImageRule("gray", (0.0,) * 4, (1.0,) * 4, resize, False)
            self.assertEqual(picture.to_tensor(gray, io, rule).tolist(), [[expected]], resize)
        row = picture.Picture(3, 1, 1, bytes([10, 20, 30]))
        io = solder.IO("x", "f32", (1, 1, 3, 3), (1, 1, 3, 3), (1, 1, 3, 3), False)
        rule = solder.ImageRule("gray", (5.0,) * 4, (1.0,) * 4, "pad", False)
        framed = [[0, 0, 0], [5, 15, 25], [0, 0, 0]]
        self.assertEqual(picture.to_tensor(row, io, rule).tolist(), [[framed]])
        colour = picture.Picture(1, 1, 3, bytes([1, 2, 3]))
        io = solder.IO("x", "f32", (1, 1, 1, 3), (1, 1, 1, 3), (1, 1, 1, 3), True)
        rule = solder.ImageRule("bgr", (1.0, 1.0, 1.0, 0.0), (2.0, 2.0, 2.0, 0.0), "stretch", False)
        self.assertEqual(picture.to_tensor(colour, io, rule).tolist(), [[[[4, 2, 0]]]])

    def test_char_rnn(self):
        self.check_printed("char_rnn")

    def run_face_camera(self, *arguments, **options):
        program = BUILD / "samples" / "face_camera"
        done = subprocess.run([program, *map(str, arguments)], capture_output=True, **options)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return [line.split() for line in done.stdout.decode().splitlines()]

    @unittest.skipUnless(ULTRAFACE.exists(), "no shared models")
    def test_face_camera(self):
        """The faces another program found, from a folder and from raw video, drawn; their names."""
        folder = common.FOLDER / "face_camera"
        frames, known, out = folder / "frames", folder / "known", folder / "out"
        for each in (frames, known, out):
            each.mkdir(parents=True)
        # The reference's input is the photo at 320 x 240, as (x - 127) / 128.
        values = common.read_npy(ULTRAFACE / "ref" / "tf-mtcnn_test_image_input.npy").data.cast("B").cast("f")
        plane = 320 * 240
        rgb = bytes(round(values[c * plane + i] * 128 + 127) for i in range(plane) for c in range(3))
        header = b"P6\n320 240\n255\n"
        (frames / "photo.ppm").write_bytes(header + rgb)
        detector = folder / "faces.plan"
        model = ULTRAFACE / "version-slim-320.onnx"
        solder.build(model, output=detector, fast=True, preprocess="rgb,mean=127,scale=1/128")

        expected = json.loads((ULTRAFACE / "ref" / "tf-mtcnn_test_image_faces.json").read_text())
        width, height = expected["photo_size_wh"]
        scale = (320 / width, 240 / height) * 2
        faces = expected["faces_x1_y1_x2_y2_score"]
        found = self.run_face_camera(detector, out, frames)
        self.assertEqual(len(found), len(faces))
        for line, face in zip(found, faces):
            self.assertEqual(line[0], "photo.ppm:")
            for number, want, share in zip(line[1:5], face, scale):
                self.assertAlmostEqual(float(number), want * share, delta=0.51)
            self.assertAlmostEqual(float(line[5]), face[4], delta=1e-3)
        drawn = (out / "photo.ppm").read_bytes()[len(header) :]
        x, y = int(found[0][1]) + 5, int(found[0][2])
        self.assertEqual(drawn[(y * 320 + x) * 3 :][:3], bytes((255, 64, 64)))
        self.assertEqual(drawn[:300], rgb[:300])

        raw = self.run_face_camera(detector, out, "-", "320x240", input=rgb * 2)
        lines = [[f"frame{i:06d}.ppm:", *line[1:]] for i in range(2) for line in found]
        self.assertEqual(raw, lines)
        self.assertEqual((out / "frame000001.ppm").read_bytes(), header + drawn)

        # Any network with numbers out will do to name the same picture's faces: here their pixels.
        network = solder.Network("pixels")
        x = network.add_input("face", (1, 3, 16, 16))
        network.mark_output(network.add("Unary", [x], kind="identity"), "features")
        embedding = folder / "embedding.plan"
        network.build(embedding, fast=True, preprocess="rgb,mean=127,scale=1/128")
        for name, line in (("ann", found[0]), ("bob", found[2])):
            x1, y1, x2, y2 = map(int, line[1:5])
            rows = b"".join(rgb[(y * 320 + x1) * 3 : (y * 320 + x2) * 3] for y in range(y1, y2))
            (known / f"{name}.ppm").write_bytes(b"P6 %d %d 255\n" % (x2 - x1, y2 - y1) + rows)
        named = self.run_face_camera(detector, out, frames, embedding, known)
        self.assertEqual([line[:6] for line in named], found)
        names = [line[6] for line in named]
        self.assertEqual((names[0], names[2]), ("ann", "bob"))
        self.assertIn("somebody", names)

    def test_detect_track(self):
        """A square is hidden for three frames and stays itself; a circle for seven, and is a new one."""

        def frame(t):
            square = None if 3 <= t < 6 else 60 + 3 * t
            circle = None if 4 <= t < 11 else 140 - 3 * t
            pixels = bytearray()
            for y in range(192):
                for x in range(192):
                    colour = (110 + y // 4, 130 + x // 6, 150)
                    if square and abs(x - square) <= 24 and abs(y - 60) <= 24:
                        colour = (200, 40, 40)
                    if circle and (x - circle) ** 2 + (y - 135) ** 2 <= 26**2:
                        colour = (30, 60, 200)
                    pixels += bytes(colour)
            return bytes(pixels)

        header = b"P6\n192 192\n255\n"

        def write_frames(tree):
            (tree / "frames").mkdir()
            for t in range(13):
                (tree / "frames" / f"{t:02d}.ppm").write_bytes(header + frame(t))

        def look(tree):
            before, after = ((tree / n / "00.ppm").read_bytes() for n in ("frames", "out"))
            at = range(len(header), len(before), 3)
            changed = {after[i : i + 3] for i in at if before[i : i + 3] != after[i : i + 3]}
            self.assertEqual(changed, {bytes((255, 64, 64)), bytes((64, 255, 64))})

        printed = self.run_as_written("detect_track", write_frames, look)
        lines = printed.splitlines(), blocks("detect_track", "")[0].splitlines()
        self.assertEqual(len(lines[0]), len(lines[1]), printed)
        for line, expected in zip(*(map(str.split, side) for side in lines)):
            self.assertEqual(line[:3], expected[:3])
            for number, want in zip(line[4:], expected[4:]):
                self.assertAlmostEqual(int(number), int(want), delta=1)

    def test_profile(self):
        """The steps of the README with other times, the slowest first; shares that add up."""

        def table(text):
            return [line.split(maxsplit=4) for line in text.splitlines()[1:]]

        *rows, last = table(self.run_as_written("profile"))
        shares = [float(row[0]) for row in rows]
        self.assertEqual(shares, sorted(shares, reverse=True))
        self.assertAlmostEqual(sum(shares), 100, delta=0.5)
        self.assertAlmostEqual(sum(float(row[1]) for row in rows), float(last[1]), delta=0.1)
        expected = table(blocks("profile", "")[0])[:-1]
        self.assertEqual(sorted(row[4] for row in rows), sorted(row[4] for row in expected))

    def test_readmes(self):
        """Each sample is at most 200 lines, says what it prints, and stands in the list of all."""
        index = (SAMPLES / "README.md").read_text()
        for source in sorted([*SAMPLES.glob("*/main.c"), *SAMPLES.glob("*/main.py")]):
            name = source.parent.name
            self.assertLessEqual(len(source.read_text().splitlines()), 200, name)
            self.assertTrue(blocks(name, "sh") + blocks(name, ""), name)
            self.assertIn(f"]({name})", index)

    def test_weights_cut_short(self):
        weights = (common.DIGITS / "digits.weights").read_bytes()
        cut = common.FOLDER / "cut.weights"
        cut.write_bytes(weights[:-4])
        words = [str(BUILD / "samples" / "network_api"), str(cut)]
        done = subprocess.run(words, cwd=common.ROOT, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("cut.weights: not the weights of these layers", done.stderr)

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
