#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tally.py LOG... : adds up what meson's testlog.json files say, subtest by subtest.

Prints each test that did not pass with its log, then "PASSED FAILED SKIPPED". A test that crashed, ran
out of time or did not keep its TAP plan counts as one failure more, unless it told of one itself.
"""
import json
import os
import re
import sys

GOOD = {"OK", "EXPECTEDFAIL"}
SKIPPED = {"SKIP"}
LINE = re.compile(r"^(not )?ok\b[^#]*(?:#\s*(SKIP|TODO)\b)?", re.I)
PLAN = re.compile(r"^1\.\.(\d+)\s*(#\s*SKIP)?", re.I)


def subtests(stdout):
    """(passed, failed, skipped, planned or None)"""
    passed = failed = skipped = 0
    planned = None
    for line in stdout.splitlines():
        plan = PLAN.match(line)
        if plan:
            planned = (planned or 0) + int(plan.group(1))
            continue
        row = LINE.match(line)
        if not row:
            continue
        if row.group(2):
            skipped += 1
        elif row.group(1):
            failed += 1
        else:
            passed += 1
    return passed, failed, skipped, planned


def tally(test, tap):
    stdout = test.get("stdout") or ""
    good = test["result"] in GOOD
    passed, failed, skipped, planned = subtests(stdout)
    if planned is None and not passed + failed + skipped:
        if test["name"].split(" / ")[-1] in tap:
            return (0, 0, 1) if test.get("returncode") == 77 else (0, 1, 0)
        if test["result"] in SKIPPED:
            return 0, 0, 1
        return (1, 0, 0) if good else (0, 1, 0)
    if planned == 0 and test["result"] in SKIPPED:
        return 0, 0, 1
    kept = planned == passed + failed + skipped
    if not failed and not (kept and (good or test["result"] in SKIPPED)):
        failed = 1
    return passed, failed, skipped


def tap_tests(log):
    """Names of the tests that must speak TAP."""
    with open(os.path.join(os.path.dirname(log), "../meson-info/intro-tests.json")) as file:
        return {test["name"] for test in json.load(file) if test["protocol"] == "tap"}


def main():
    total = [0, 0, 0]
    for name in sys.argv[1:]:
        tap = tap_tests(name)
        with open(name, encoding="utf-8", errors="replace") as log:
            for line in log:
                test = json.loads(line)
                counts = tally(test, tap)
                total = [a + b for a, b in zip(total, counts)]
                if counts[1]:
                    print(f"--- {test['name']}: {test['result']} (status {test.get('returncode')},"
                          f" {test.get('duration', 0):.1f} s)")
                    for stream in ("stdout", "stderr"):
                        text = test.get(stream) or ""
                        if text.strip():
                            print(f"{stream}:")
                            print("\n".join("    " + row for row in text.splitlines()[-200:]))
    print(*total)


main()
