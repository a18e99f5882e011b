# SPDX-License-Identifier: BSD-2-Clause
"""`search` against the policer of tests/integration/test_search.py, whose limit is known by computation."""
import argparse
import os
import platform
import statistics
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "integration"))
import test_search  # pylint: disable=wrong-import-position

TRIAL_S = 1  # of the default goals: the policer passes its burst besides its rate
LIMIT = test_search.RATE * (1 + test_search.BURST_S / TRIAL_S)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    options, rest = parser.parse_known_args()
    case = unittest.TestCase()
    found, took = [], []
    with test_search.Device() as device:
        try:
            device.runs(case, test_search.POLICER)
            print(f"kernel {platform.release()}; a policer that passes {LIMIT:.0f} frames in a trial of {TRIAL_S} s", flush=True)
            for number in range(1, options.rounds + 1):
                began = time.monotonic()
                end = device.search(*rest).doc["end"]
                took.append(time.monotonic() - began)
                ndr = end["sizes"][0]["goals"][0]
                lower, upper = (ndr[bound]["pps"] if ndr[bound] else float("nan") for bound in ("lower", "upper"))
                found.append(lower)
                print(f"{number:2}: {lower:.0f} to {upper:.0f} pkt/s, {lower / LIMIT - 1:+.2%}, {ndr['state']}, limited by "
                      f"{ndr['limited_by']}, {end['trials']} trials in {took[-1]:.1f} s", flush=True)
        finally:
            case.doCleanups()
    near = sum(abs(lower / LIMIT - 1) <= 0.005 for lower in found)
    print(f"within 0.5 %: {near} of {len(found)}; median {statistics.median(took):.1f} s, longest {max(took):.1f} s")


main()
