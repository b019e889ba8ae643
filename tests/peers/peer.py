# SPDX-License-Identifier: Apache-2.0
"""What the peer scripts share: run the solder command on a model, judge its outputs, keep a table."""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

RTOL, ATOL = 1e-4, 1e-5


def parser(description):
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--solder", default="build/solder", help="the command to test")
    options.add_argument("--build-option", action="append", default=[], help="passed to solder build")
    options.add_argument("--keep", help="folder to leave models and plans in")
    options.add_argument("names", nargs="*", help="only these models")
    return options


def arguments(description):
    return parser(description).parse_args()


# A child's peak memory starts at that of the process it was forked from: fork from a small one.
LAUNCH = """
import os, sys
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
status, usage = os.wait4(pid, 0)[1:]
with open(sys.argv[1], "w") as file:
    file.write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status) % 256)
"""


class Result:
    """One finished command: exit status, text, seconds, peak memory in MiB."""

    def __init__(self, args):
        started = time.time()
        with tempfile.NamedTemporaryFile() as peak:
            done = subprocess.run([sys.executable, "-S", "-c", LAUNCH, peak.name, *args],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            with open(peak.name) as file:
                self.mib = int(file.read()) / 1024
        self.text = done.stdout.decode(errors="replace")
        self.code = done.returncode
        self.seconds = time.time() - started


def error_ratio(got, want):
    """The largest |a-b| / (ATOL + RTOL |b|); inf where the arrays cannot be compared."""
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape or got.dtype != want.dtype:
        return float("inf")
    if got.size == 0:
        return 0.0
    if not np.issubdtype(want.dtype, np.floating):
        return 0.0 if np.array_equal(got, want) else float("inf")
    a, b = np.atleast_1d(got.astype(np.float64)), np.atleast_1d(want.astype(np.float64))
    if want.dtype == np.float16:  # one unit in the last place, on both sides
        return float(np.nanmax(np.abs(a - b) / (2e-3 * np.abs(b) + 1e-4)))
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        ratio = np.abs(a - b) / (ATOL + RTOL * np.abs(b))
    ratio[same] = 0
    return float(np.where(np.isnan(ratio), np.inf, ratio).max())


class Peer:
    def __init__(self, options):
        self.options = options
        self.folder = options.keep or tempfile.mkdtemp(prefix="solder-peer-")
        os.makedirs(self.folder, exist_ok=True)
        self.failed = []

    def wanted(self, name):
        return not self.options.names or name in self.options.names

    def path(self, name):
        return os.path.join(self.folder, name)

    def row(self, name, verdict, note):
        if verdict != "ok":
            self.failed.append(name)
        print(f"{name:32} {verdict:8} {note}", flush=True)

    def solder(self, verb, *args):
        return Result([self.options.solder, verb, *map(str, args), "--quiet"])

    def run(self, plan, feeds, *args):
        """Runs the plan on the arrays; returns the command's result and a dict of outputs."""
        shown = self.solder("inspect", plan, "--json", self.path("inspect.json"))
        with open(self.path("inspect.json")) as file:
            outputs = [o["name"] for o in json.load(file)["outputs"]]
        options = []
        for i, (name, array) in enumerate(feeds.items()):
            np.save(self.path(f"in{i}.npy"), array)
            options += ["--input", f"{name}={self.path(f'in{i}.npy')}"]
        for i, name in enumerate(outputs):
            options += ["--output", f"{name}={self.path(f'out{i}.npy')}"]
        result = self.solder("run", plan, *options, *args)
        got = {}
        if result.code == 0:
            got = {name: np.load(self.path(f"out{i}.npy")) for i, name in enumerate(outputs)}
        return result, got

    def check(self, name, files, feeds, want, build=(), exact=None, shown="", compare=()):
        """Builds, compares and runs a model; want maps output names to the peer's arrays.

        Deep networks with made-up weights amplify rounding, whoever computes them: `exact`, a double
        evaluation, says how far the peer itself is off. A command that is no further off than twice that
        is right, if not within the bound of the peer.
        """
        plan = self.path(name + ".plan")
        built = self.solder("build", *files, "-o", plan, *build, *self.options.build_option)
        if built.code != 0:
            self.row(name, "BUILD", built.text.strip()[:400])
            return
        size = sum(os.path.getsize(f) for f in files) / 2**20
        compared = self.solder("compare", *files, plan, *compare)
        sets = feeds if isinstance(feeds, list) else [feeds]
        wants = want if isinstance(want, list) else [want]
        exacts = exact if isinstance(exact, list) else [exact or {}] * len(sets)
        worst, run, noise, ours = 0.0, None, 0.0, 0.0
        for one, expected, double in zip(sets, wants, exacts):
            run, got = self.run(plan, one)
            if run.code != 0:
                self.row(name, "RUN", run.text.strip()[:400])
                return
            if set(got) != set(expected):
                self.row(name, "NAMES", f"{sorted(got)} for {sorted(expected)}")
                return
            for key, value in expected.items():
                ratio = error_ratio(got[key], value)
                if ratio == float("inf"):
                    shown += f" [{key}: {got[key].dtype}{got[key].shape} for {value.dtype}{value.shape}]"
                worst = max(worst, ratio)
                if key in double and np.issubdtype(value.dtype, np.floating):
                    noise = max(noise, error_ratio(value.astype(np.float64), double[key]))
                    ours = max(ours, error_ratio(got[key].astype(np.float64), double[key]))
        note = (f"error {worst:.3g} of the bound"
                + (f" (to double: {ours:.3g}, peer {noise:.3g})" if noise else "")
                + f", build {built.seconds:.1f} s {built.mib:.0f} MiB, run {run.mib:.0f} MiB,"
                f" file {size:.1f} MiB{shown}")
        verdict = "ok"
        if compared.code != 0:
            verdict, note = "COMPARE", note + "; " + compared.text.strip()[-300:]
        if worst > 1.0 and not (np.isfinite(worst) and ours < 2 * noise):
            verdict = "DIFFERS"
        self.row(name, verdict, note)
        if not self.options.keep:
            os.remove(plan)

    def finish(self):
        if self.failed:
            print("failed: " + " ".join(self.failed))
            sys.exit(1)
        print("all as expected")
