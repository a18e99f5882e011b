#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Holds JSON output of xdp-trafficgen to its schema.

Reads one JSON document, or with --lines one per line, from each FILE or from standard input. Exit status 0:
all valid; 1: not, the first error is on one line of stderr; 77: python3-jsonschema is missing.
"""
import argparse
import json
import os
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError:
    sys.exit(print("schema_check: skipped: Debian package python3-jsonschema (4.0 or later) is missing",
                   file=sys.stderr) or 77)

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "man",
                      "xdp-trafficgen.schema.json")


def no_constant(name):
    raise ValueError(f"{name} is not JSON")


def causes(error):
    """What is wrong in fact. Of a failed oneOf: the errors of the branch that comes closest, which is the
    one with the fewest errors where the branches part, then the fewest in all."""
    if not error.context:
        return [error]
    branches = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).extend(causes(inner))
    here = list(error.absolute_path)
    return min(branches.values(), key=lambda errors: (
        sum(list(inner.absolute_path) == here for inner in errors), len(errors)))


def problem(validator, text):
    """The first error of one document, or None."""
    try:
        value = json.loads(text, parse_constant=no_constant)
    except ValueError as e:
        return f"not JSON: {e}"
    for error in validator.iter_errors(value):
        error = causes(error)[0]
        where = "/".join(str(step) for step in error.absolute_path) or "top level"
        return " ".join(f"{where}: {error.message}".split())[:400]
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", action="store_true", help="one JSON text per line")
    parser.add_argument("--schema", default=SCHEMA)
    parser.add_argument("--schema-too", action="store_true", help="hold the schema to its own rules first, which is slow")
    parser.add_argument("files", nargs="*", metavar="FILE", help="default: standard input")
    args = parser.parse_args()

    with open(args.schema, encoding="utf-8") as f:
        schema = json.load(f)
    if args.schema_too:
        Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)

    for name in args.files or ["stdin"]:
        with (open(name, encoding="utf-8") if args.files else sys.stdin) as f:
            texts = f.read()
        if not texts.strip():
            sys.exit(f"{name}: empty")
        for number, text in enumerate(texts.rstrip("\n").split("\n") if args.lines else [texts], 1):
            error = problem(validator, text)
            if error:
                sys.exit(f"{name}{f':{number}' if args.lines else ''}: {error}")


if __name__ == "__main__":
    main()
