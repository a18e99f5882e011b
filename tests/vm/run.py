# SPDX-License-Identifier: BSD-2-Clause
"""All that is asked inside one virtual machine: its programs, then every pair of cards. See scripts/vm-matrix.

Arguments, if there are any, are words that the names of the tests to run have in them.
"""
import os
import subprocess
import sys
import unittest

import cards
import foreign
import lib
import refusals
import tc
import traffic

LOAD = "LoadTest.*"
QUICK = os.environ.get("XTG_VM", "quick") == "quick"


class Programs(unittest.TestCase):

    def test_load(self):
        """Every program in every variant and set-up loads."""
        done = subprocess.run([os.environ["XTG_BPF_TESTS"], "--gtest_brief=1", f"--gtest_filter={LOAD}"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-1000:])
        self.assertIn("[  PASSED  ]", done.stdout)
        self.assertNotIn("[  SKIPPED ]", done.stdout)


def drives_xdp(card):
    """Whether this kernel's driver sends and receives by XDP with the card as it is set up."""
    model, _, settings = card.partition(",")
    if "offloads=fixed" in settings or "mtu=9000" in settings:
        return False
    return model == "virtio-net-pci" or model == "vmxnet3" and cards.KERNEL >= (6, 6)


def suite(words):
    tests = unittest.TestSuite()
    found = [Programs]
    first = next(filter(drives_xdp, cards.CARDS), None)
    for base in (traffic.EmptyRoot, foreign.Pktgen) if first else ():
        found.append(type(f"{first}: {base.__name__}", (base,), {"card": first}))
    for card in cards.CARDS:
        bases = []
        if drives_xdp(card):
            bases += traffic.QUICK if QUICK else traffic.FULL
        elif card in refusals.BY_CARD:
            bases.append(refusals.BY_CARD[card])
        bases += (tc.QUICK if QUICK else tc.FULL).get(card, ())
        for base in bases:
            found.append(type(f"{card}: {base.__name__}", (base,), {"card": card}))
    for case in found:
        for test in unittest.defaultTestLoader.loadTestsFromTestCase(case):
            if words and not any(word in test.id() for word in words):
                continue
            tests.addTest(test)
    return tests


def main():
    outcome = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite(sys.argv[1:]))
    problem = lib.schema_problem()
    if problem:
        print(problem)
    print(f"{outcome.testsRun} run, {len(outcome.skipped)} skipped on Linux {os.uname().release}")
    sys.exit(0 if outcome.wasSuccessful() and outcome.testsRun and not problem else 1)


if __name__ == "__main__":
    main()
