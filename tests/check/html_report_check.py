#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""html_report_check.py BINARY SAMPLES DIRECTORY: reports of every kind of result are well-formed, hold every figure of
their results and nothing that is not text, and HdrHistograms are what their format's documentation says.

The parsers here are Python's own, so they are independent of what wrote the files.
"""
import base64
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zlib

SVG = "{http://www.w3.org/2000/svg}"
BINARY, SAMPLES, DIRECTORY = sys.argv[1:4]
NO_RESULT = ("plan", "plan6", "tcp-plan", "tcp-plan-file", "search-plan", "probe")


def report(*files):
    done = subprocess.run([BINARY, "report", *files], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def parse(html):
    return ElementTree.fromstring(html.replace("<!DOCTYPE html>", "", 1))


def leaves(value):
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


def histograms(value, found=None):
    found = [] if found is None else found
    if isinstance(value, dict):
        if isinstance(value.get("histogram_ns"), str):
            found.append(value)
        for inner in value.values():
            histograms(inner, found)
    elif isinstance(value, list):
        for inner in value:
            histograms(inner, found)
    return found


def decode(text):
    """HdrHistogram V2, compressed: a dict from the lowest value of a cell to its count."""
    data = base64.b64decode(text, validate=True)
    cookie, length = struct.unpack(">Ii", data[:8])
    assert cookie == 0x1C849314 and length == len(data) - 8, "outer header"
    plain = zlib.decompress(data[8:])
    cookie, length, offset, digits, lowest, highest, ratio = struct.unpack(">Iiiiqqd", plain[:40])
    assert cookie == 0x1C849313 and length == len(plain) - 40, "inner header"
    assert (offset, digits, lowest, highest, ratio) == (0, 2, 1, 1 << 40, 1.0), "settings"
    counts, at = {}, 40
    index = 0
    while at < len(plain):
        value = shift = 0
        for i in range(9):
            byte = plain[at]
            at += 1
            value |= (byte if i == 8 else byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        number = (value >> 1) ^ -(value & 1)
        if number < 0:
            index += -number
            continue
        # 256 sub-buckets, the upper half of them in every octave above the first.
        bucket, sub = (0, index) if index < 256 else (index // 128 - 1, 128 + index % 128)
        counts[sub << bucket] = number
        index += 1
    return counts


def check_histogram(values, name):
    counts = decode(values["histogram_ns"])
    if "count" in values:
        assert sum(counts.values()) == values["count"], f"{name}: counts"
    for key, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
        if key not in values:
            continue
        rank, seen = max(1, -(-share * sum(counts.values()) // 1)), 0
        for lowest in sorted(counts):
            seen += counts[lowest]
            if seen >= rank:
                break
        measured = values[key] * (1 if isinstance(values[key], int) else 1000)
        assert abs(lowest - measured) <= measured * 0.017 + 1, f"{name}: {key} {measured} but {lowest} in the histogram"


def check_page(name, html, document):
    tree = parse(html)
    text = " ".join(t.strip() for t in tree.itertext())
    words = set(re.split(r"[\s,]+", text.replace("\\n", " ")))
    for element in tree.iter():
        tag = element.tag.replace(SVG, "")
        assert tag not in ("script", "img", "link", "iframe", "object", "embed", "a"), f"{name}: <{tag}>"
        for key, value in element.attrib.items():
            assert not key.lower().startswith("on") and key not in ("href", "src"), f"{name}: {key}"
            if tag != "svg":
                assert "http" not in value.replace("http-equiv", ""), f"{name}: {value}"
    ids = [e.attrib["id"] for e in tree.iter() if "id" in e.attrib]
    assert len(ids) == len(set(ids)), f"{name}: ids"
    for svg in tree.iter(SVG + "svg"):
        if svg.attrib.get("aria-hidden") == "true":
            continue
        assert svg.find(SVG + "title").text and svg.find(SVG + "desc").text, f"{name}: svg without title, desc"
        assert svg.attrib["aria-labelledby"].split() == [svg.find(SVG + "title").attrib["id"],
                                                         svg.find(SVG + "desc").attrib["id"]]
    for value in re.findall(r' (?:[xy]|[xy][12]|c[xy]|width|height)="([^"%]*)"', html):
        assert re.fullmatch(r"-?[0-9.]+", value), f"{name}: coordinate {value}"
    for leaf in leaves([document["start"], document["end"], document.get("error")]):
        if isinstance(leaf, bool) or leaf is None:
            continue
        if isinstance(leaf, str):
            assert " ".join(leaf.split()) in " ".join(text.split()), f"{name}: {leaf!r} is missing"
        else:
            assert json.dumps(leaf) in words, f"{name}: {leaf!r} is missing"
    for interval in document["intervals"]:
        for leaf in leaves(interval):
            if isinstance(leaf, (int, float)) and not isinstance(leaf, bool):
                assert json.dumps(leaf) in words, f"{name}: interval's {leaf!r} is missing"
    if not document["intervals"] and document["start"].get("configuration"):
        assert "has no intervals" in text or "has no trials" in text, f"{name}: no word on missing intervals"


def write(name, text):
    path = os.path.join(DIRECTORY, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def main():
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    os.makedirs(DIRECTORY)
    subprocess.run([SAMPLES, DIRECTORY], check=True)
    names = sorted(n for n in os.listdir(DIRECTORY) if n.endswith(".json"))
    seen = 0
    for name in names:
        path = os.path.join(DIRECTORY, name)
        status, html, err = report(path)
        if name[:-5] in NO_RESULT:
            assert status == 2 and html == "" and err.count("\n") == 1 and name in err, (name, status, err)
            continue
        assert status == 0, (name, err)
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        check_page(name, html, document)
        for values in histograms(document):
            check_histogram(values, name)
            seen += 1
        # The stream of the same run gives the same report, but for what only the document has.
        status, of_stream, err = report(path + "l")
        assert status == 0, (name, err)
        assert of_stream.count("<svg") == html.count("<svg"), f"{name}: stream and document differ"
    assert seen > 10, "no histograms"

    # Anything may stand in a name. What looks like markup stays text.
    evil = "<script>alert(1)</script>\"'&\u0001\u202e</style>]]>"
    with open(os.path.join(DIRECTORY, "run.json"), encoding="utf-8") as file:
        document = json.load(file)
    document["start"]["configuration"]["interface"]["name"] = evil
    document["start"]["command"] = evil
    document["end"]["notes"] = [evil]
    document["error"] = evil
    document[evil] = evil
    document["end"][evil] = 1
    status, html, err = report(write("evil<b>&.json", json.dumps(document)))
    assert status == 0, err
    assert "<script" not in html and html.count("</style>") == 1 and "\u202e" not in html
    assert not [e for e in parse(html).iter() if e.tag in ("script", "b") and (e.text or "").startswith("alert")]

    # Wrong types anywhere are survived.
    for name in ("run.json", "exchange.json", "rx.json", "tcp.json", "reflect.json"):
        with open(os.path.join(DIRECTORY, name), encoding="utf-8") as file:
            text = file.read()
        for old, new in ((r"-?[0-9.]+\b", '"x"'), (r'"[^"]*"(?=[,\n])', "7"), (r": -?[0-9.]+", ": -1e308"),
                         (r": -?[0-9.]+", ": null"), (r": \[\n", ': [[1, {"a": []}],\n')):
            broken = re.sub(old, new, text)
            try:
                json.loads(broken)
            except ValueError:
                continue
            status, html, err = report(write("broken.json", broken))
            assert status in (0, 2), (name, old, status, err)
            if status == 0:
                parse(html)

    # A stream that was cut off, in the middle of a line.
    with open(os.path.join(DIRECTORY, "rx.jsonl"), encoding="utf-8") as file:
        lines = file.read().split("\n")
    status, html, err = report(write("cut.jsonl", "\n".join(lines[:2]) + "\n" + lines[2][:40]))
    assert status == 0 and "Incomplete" in html, err

    # Several results, with differences.
    first, second = (os.path.join(DIRECTORY, n) for n in ("rx.json", "rx-announced.json"))
    status, html, err = report(first, second, first)
    assert status == 0, err
    tree = parse(html)
    text = " ".join(tree.itertext())
    assert "3 results" in text and "Comparison" in text and "same" in text and "Key figures" in text
    ids = [e.attrib["id"] for e in tree.iter() if "id" in e.attrib]
    assert len(ids) == len(set(ids))

    # Long runs stay small, and no spike is lost: 20,000 intervals.
    with open(os.path.join(DIRECTORY, "run.json"), encoding="utf-8") as file:
        document = json.load(file)
    one = document["intervals"][0]
    document["intervals"] = [json.loads(json.dumps(one)) for _ in range(20000)]
    for i, interval in enumerate(document["intervals"]):
        interval["sum"]["start"], interval["sum"]["end"] = i, i + 1
    document["intervals"][12345]["sum"]["xmit_pps"] = 4000000.0
    status, html, err = report(write("long.json", json.dumps(document)))
    assert status == 0 and len(html) < 3_000_000, (len(html), err)
    assert "4 M/s" in html, "the spike is not on the axis"

    for text, wanted in (("", "empty"), ("{", "neither"), ("[]", "no result"), ('{"a": 1}', "no result"),
                         ("[" * 100000, "neither")):
        status, html, err = report(write("wrong.json", text))
        assert status == 2 and html == "" and err.count("\n") == 1 and wanted in err, (text[:20], status, err)
    status, html, err = report("/no/such/file")
    assert status == 2 and err.count("\n") == 1 and "/no/such/file" in err, err
    for output in (DIRECTORY, "/dev/null", "/no/such/folder/x.html", "/proc/x.html"):
        status, html, err = report(first, "-o", output)
        assert status == 2 and err.count("\n") == 1 and output in err, (output, status, err)
    target = write("report.html", "old")
    os.chmod(target, 0o640)
    status, html, err = report(first, "-o", target)
    assert status == 0 and html == "", err
    assert os.stat(target).st_mode & 0o777 == 0o640
    with open(target, encoding="utf-8") as file:
        parse(file.read())
    assert not [n for n in os.listdir(DIRECTORY) if n.endswith(".tmp")]
    print(f"{len(names)} results, {seen} histograms")


main()
