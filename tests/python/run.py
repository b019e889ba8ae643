# SPDX-License-Identifier: Apache-2.0
"""Runs test modules and prints a line per case, as the C tests do: `run.py [test_MODULE]...`."""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


class Result(unittest.TextTestResult):
    def startTest(self, test):
        unittest.TestResult.startTest(self, test)

    def _line(self, word, test):
        print(f"[{word:>9} ] {test.id()}", flush=True)

    def addSuccess(self, test):
        unittest.TestResult.addSuccess(self, test)
        self._line("OK", test)

    def addFailure(self, test, err):
        unittest.TestResult.addFailure(self, test, err)
        self._line("FAILED ", test)

    def addError(self, test, err):
        unittest.TestResult.addError(self, test, err)
        self._line("FAILED ", test)

    def addSubTest(self, test, subtest, err):
        unittest.TestResult.addSubTest(self, test, subtest, err)
        if err is not None:
            self._line("FAILED ", subtest)

    def addSkip(self, test, reason):
        unittest.TestResult.addSkip(self, test, reason)
        if os.environ.get("SOLDER_TEST_EVERYTHING") and reason != "no shared models":
            self.errors.append((test, f"skipped: {reason}"))
            self._line("FAILED ", test)
        else:
            print(f"[  SKIPPED ] {test.id()}: {reason}", flush=True)


def main():
    suite = unittest.TestSuite()
    for name in sys.argv[1:] or ["test_*"]:
        suite.addTests(unittest.defaultTestLoader.discover(HERE, f"{name}.py"))
    if suite.countTestCases() == 0:
        sys.exit(f"no tests in {' '.join(sys.argv[1:])}")
    result = unittest.TextTestRunner(stream=sys.stdout, resultclass=Result).run(suite)
    sys.exit(0 if result.wasSuccessful() else 1)


main()
