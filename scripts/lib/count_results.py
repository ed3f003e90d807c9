#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Counts test cases: count_results.py LABEL=LOGBASE...

LOGBASE is what `meson test --logbase` wrote, without its ending: the .json has each test's result
and output, the .junit.xml the cases inside a test. Prints the skipped and the failed ones with
their reasons, then `PASSED FAILED SKIPPED` as the last line.

A test that failed as a whole counts as a failure even if each of its cases passed: a leak is
reported after the last case, and a crash leaves no cases at all.
"""
import json
import sys
import xml.etree.ElementTree as xml

GOOD = {"OK", "EXPECTEDFAIL"}
SKIPPED = {"SKIP"}


def last_line(text):
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def cases_of(junit_path):
    """{test name: [(case name, state, message)]} for the tests that report cases of their own."""
    found = {}
    for suite in xml.parse(junit_path).getroot().iter("testsuite"):
        # meson calls such a suite <project>.<test>.<suite>, and the one of whole tests <project>.
        parts = suite.get("name", "").split(".", 2)
        if len(parts) < 3:
            continue
        for case in suite.iter("testcase"):
            name = f"{parts[2]}.{case.get('name')}"
            failure = case.find("failure") if case.find("failure") is not None else case.find("error")
            skip = case.find("skipped")
            if failure is not None:
                row = (name, "failed", failure.get("message", ""))
            elif skip is not None:
                # GoogleTest's message is "file:line" or "Skipped", then the reason.
                row = (name, "skipped", last_line(skip.get("message") or skip.text))
            else:
                row = (name, "passed", "")
            found.setdefault(parts[1], []).append(row)
    return found


def rows_of(logbase):
    """(name, state, message) of every case of a run."""
    cases = cases_of(logbase + ".junit.xml")
    with open(logbase + ".json", encoding="utf-8") as log:
        tests = [json.loads(line) for line in log]
    for test in tests:
        inner = cases.get(test["name"], [])
        name = test["name"].split(":", 1)[-1]
        for case, state, message in inner:
            yield f"{name}: {case}", state, message
        if test["result"] in SKIPPED and not inner:
            yield name, "skipped", last_line(test.get("stdout") or test.get("stderr"))
        elif test["result"] in GOOD | SKIPPED:
            if not inner:
                yield name, "passed", ""
        elif not any(state == "failed" for _, state, _ in inner):
            yield name, "failed", f"{test['result']}, status {test.get('returncode')}"


def main(arguments):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for argument in arguments:
        label, logbase = argument.split("=", 1)
        for name, state, message in rows_of(logbase):
            counts[state] += 1
            if state != "passed":
                print(f"{state} ({label}): {name}: {' '.join(message.split())[:300]}")
    print(counts["passed"], counts["failed"], counts["skipped"])


main(sys.argv[1:])
