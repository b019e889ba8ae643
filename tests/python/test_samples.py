# SPDX-License-Identifier: Apache-2.0
"""The samples print what their READMEs say, run as the READMEs say."""
import json
import os
import pathlib
import re
import shlex
import shutil
import struct
import subprocess
import sys
import unittest

import common
import solder

SAMPLES = common.ROOT / "samples"
BUILD = pathlib.Path(os.environ.get("SOLDER_BUILD") or common.ROOT / "build")

ULTRAFACE = common.SHARED / "ultraface-slim-320"
CASCADE = common.SHARED


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

    def test_detect(self):
        """What the README says, drawn into a picture three times as large."""
        size = []
        printed = self.run_as_written(
            "detect", after=lambda tree: size.append((tree / "found.png").read_bytes()[16:24])
        )
        self.assertEqual(printed, blocks("detect", "")[0])
        self.assertEqual(size, [struct.pack(">II", 576, 576)])

    def run_face_camera(self, *arguments, **options):
        program = BUILD / "samples" / "face_camera"
        done = subprocess.run([program, *map(str, arguments)], capture_output=True, **options)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return [line.split() for line in done.stdout.decode().splitlines()]

    @unittest.skipUnless(ULTRAFACE.exists(), "no shared models")
    def test_face_camera_ultraface(self):
        """The faces another program found, from a folder and from raw video, drawn."""
        folder = common.FOLDER / "face_camera"
        frames, out = folder / "frames", folder / "out"
        for each in (frames, out):
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
        found = self.run_face_camera(frames, out, detector)
        self.assertEqual(len(found), len(faces))
        for line, face in zip(found, faces):
            self.assertEqual(line[0], "photo.ppm:")
            for number, want, share in zip(line[1:5], face, scale):
                self.assertAlmostEqual(float(number), want * share, delta=0.51)
            self.assertAlmostEqual(float(line[5]), face[4], delta=1e-3)
        drawn = (out / "photo.ppm").read_bytes()[len(header) :]
        x, y = int(found[0][1]) + 5, int(found[0][2])
        self.assertEqual(drawn[(y * 320 + x) * 3 :][:3], bytes((255, 221, 51)))
        self.assertEqual(drawn[:300], rgb[:300])

        raw = self.run_face_camera("-", out, detector, "--size", "320x240", input=rgb * 2)
        lines = [[f"frame{i:06d}.jpg:", *line[1:]] for i in range(2) for line in found]
        self.assertEqual(raw, lines)
        self.assertTrue((out / "frame000001.jpg").read_bytes().startswith(b"\xff\xd8\xff"))

    @unittest.skipUnless((CASCADE / "mtcnn-caffe").exists(), "no shared models")
    def test_face_camera(self):
        """As the README says, with the cascade; then names of the same people elsewhere in a frame."""
        photo = common.read_npy(CASCADE / "mtcnn-tf" / "ref" / "photo_input.npy")
        height, width, _ = photo.shape
        values = photo.data.cast("B").cast("f")
        rows = [
            bytes(int(values[(y * width + x) * 3 + 2 - c]) for x in range(width) for c in range(3))
            for y in range(height)
        ]

        def write(path, x1, y1, x2, y2):
            pixels = b"".join(row[x1 * 3 : x2 * 3] for row in rows[y1:y2])
            path.write_bytes(b"P6\n%d %d\n255\n" % (x2 - x1, y2 - y1) + pixels)

        def models(tree):
            for name in ("det1", "det2", "det3"):
                for end in (".prototxt", ".caffemodel"):
                    (tree / (name + end)).symlink_to(CASCADE / "mtcnn-caffe" / (name + end))
            (tree / "photo.jpg").symlink_to(CASCADE / "photos" / "tf-mtcnn_test_image.jpg")

        def names(tree):
            self.assertTrue((tree / "out" / "photo.jpg").read_bytes().startswith(b"\xff\xd8\xff"))
            # To find the faces of one photo again, coarse light and dark will do.
            network = solder.Network("coarse")
            x = network.add_input("face", (1, 3, 24, 24))
            coarse = network.add("Pooling", [x], kind="average", window=(6, 6), stride=(6, 6))
            mean = network.add("Reduce", [coarse], kind="mean", axes=0b1100)
            network.mark_output(network.add("ElementWise", [coarse, mean], kind="sub"), "features")
            network.build(tree / "coarse.plan", fast=True, preprocess="rgb,mean=127,scale=1/128")
            (tree / "known").mkdir()
            (tree / "frames").mkdir()
            write(tree / "known" / "ann.ppm", 93, 20, 183, 126)  # more than the face: it is found in it
            write(tree / "known" / "bob.ppm", 238, 106, 281, 159)
            write(tree / "frames" / "0.ppm", 0, 0, width, height)
            write(tree / "frames" / "1.ppm", 51, 17, width - 10, height)
            plans = [tree / (name + ".plan") for name in ("pnet", "rnet", "onet")]
            options = ["--embed", tree / "coarse.plan", "--gallery", tree / "known", "--likeness", "0.8"]
            lines = self.run_face_camera(tree / "frames", tree / "out", *plans, *options)
            for frame, x, y in (("0.ppm:", 0, 0), ("1.ppm:", 51, 17)):
                found = {}
                for line in lines:
                    if line[0] == frame:
                        found.setdefault(line[6], []).append((int(line[1]) + x, int(line[2]) + y))
                self.assertEqual(sorted(found), ["ann", "bob", "somebody"], lines)
                for name, at in (("ann", (113, 40)), ("bob", (238, 106))):
                    self.assertEqual(len(found[name]), 1, lines)
                    self.assertLess(max(abs(a - b) for a, b in zip(found[name][0], at)), 4)

        printed = self.run_as_written("face_camera", models, names)
        self.assertEqual(printed, blocks("face_camera", "")[0])

    def test_face_camera_mistakes(self):
        program = BUILD / "samples" / "face_camera"
        nowhere = common.FOLDER / "nowhere"
        plan = common.FOLDER / "pixels.plan"
        network = solder.Network("pixels")
        x = network.add_input("face", (1, 3, 16, 16))
        network.mark_output(network.add("Unary", [x], kind="identity"), "features")
        network.build(plan, fast=True, preprocess="rgb,mean=127,scale=1/128")
        for arguments, code, message in (
            ([nowhere, nowhere], 2, "usage: face_camera"),
            ([nowhere, nowhere, plan, "--size"], 2, "usage: face_camera"),
            ([nowhere, nowhere, plan, "--embed", plan], 2, "usage: face_camera"),
            ([nowhere, nowhere, plan, "--align"], 2, "usage: face_camera"),
            ([nowhere, nowhere, plan], 1, "nowhere: No such file"),
            (["/dev/video-none", nowhere, plan], 1, "/dev/video-none: No such file"),
            (["/dev/null", nowhere, plan], 1, "/dev/null: not a Video4Linux device"),
            (["-", nowhere, plan], 1, "no size of a frame"),
            (["-", nowhere, nowhere], 1, "nowhere"),
            ([SAMPLES, nowhere, plan], 1, "no .jpg, .png or .ppm files"),
            ([SAMPLES / "README.md", nowhere, plan], 1, "not a JPEG, PNG or binary PPM"),
        ):
            done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout), (code, ""), arguments)
            self.assertIn(message, done.stderr)

    def test_detect_track(self):
        """A square comes back 40 pixels on and stays itself; a circle after seven frames is a new one."""

        def frame(t):
            square = None if 3 <= t < 6 else 30 + 10 * t
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
            self.assertEqual(changed, {bytes((255, 221, 51)), bytes((102, 221, 255)), bytes(3)})

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
