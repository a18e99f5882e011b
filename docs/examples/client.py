#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""client.py URL TOKEN TEST.json: runs a test on a server of xdp-trafficgen and prints its result.

The standard library alone. TEST.json is a profile; the events of the run go to the standard error.
"""
import json
import sys
from urllib import error, request


def ask(url, token, body=None, method=None):
    headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
    return request.urlopen(request.Request(url, body, headers, method=method))


def main(base, token, path):
    with open(path, "rb") as file:
        test = file.read()
    try:
        with ask(base + "/v1/tests?wait=true", token, test) as answer:
            url = base + "/v1/tests/" + json.load(answer)["id"]
    except error.HTTPError as refusal:
        sys.exit(json.load(refusal)["error"])
    try:
        with ask(url + "/events", token) as events:
            for line in events:
                print(json.loads(line)["event"], file=sys.stderr)
    except KeyboardInterrupt:
        ask(url, token, method="DELETE").close()
    with ask(url, token) as answer:
        state = json.load(answer)
    print(json.dumps(state["result"], indent=2))
    return state["exit_status"]


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
