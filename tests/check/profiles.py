#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""profiles.py SCHEMA BINARY: the schema of profiles takes what the program takes, and refuses what it refuses."""
import json
import subprocess
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError:
    sys.exit(print("profiles: skipped: Debian package python3-jsonschema (4.0 or later) is missing",
                   file=sys.stderr) or 77)

# Of an interface that does not exist, so that the program is done with the profile and sends nothing.
GOOD = (
    {"command": "udp", "interface": "xtgnone0"},
    {"$schema": "x", "command": "udp", "interface": "xtgnone0", "pkt_size": 200, "dst_port": "10-19", "tos": "0xb8",
     "no_udp_checksum": True, "num_packets": "1.5M", "session": "1a2b3c4d"},
    {"command": "udp", "interface": "xtgnone0", "rate": "1kpps", "dry_run": True,
     "streams": [{"name": "voice", "dscp": "EF"}, {"burst": 32}]},
    {"command": "udp", "rate": "1kpps", "expect": "loss=0%",
     "ports": [{"interface": "xtgnone0", "rate": "2kpps", "once": True}, "xtgnone1,threads=1"]},
    {"command": "udp", "interface": "xtgnone0", "rx": ["xtgnone1"], "bidir": True},
    {"command": "tcp", "host": "198.18.0.2", "interface": "xtgnone0", "ipv4": True, "flows": 8, "close": "rst"},
    {"command": "rx", "interface": "xtgnone0", "match": ["udp", "tcp port 80"], "mode": "native"},
    {"command": "rx", "interface": "xtgnone0", "match": "udp"},
    {"command": "reflect", "interface": "xtgnone0", "allow": ["any"], "max_rate": "2Mpps"},
)
BAD = (
    {"interface": "xtgnone0"},
    {"command": "probe", "interface": "xtgnone0"},
    {"command": "demo", "queues": 0.5},
    {"command": "udp", "interface": "xtgnone0", "ratte": "1kpps"},
    {"command": "udp", "interface": "xtgnone0", "rate": 1000},
    {"command": "udp", "interface": "xtgnone0", "pkt_size": -1},
    {"command": "udp", "interface": "xtgnone0", "fix": "yes"},
    {"command": "udp", "interface": "xtgnone0", "payload": "ones"},
    {"command": "udp", "interface": "xtgnone0", "streams": []},
    {"command": "udp", "interface": "xtgnone0", "streams": [{}] * 65},
    {"command": "udp", "interface": "xtgnone0", "streams": [{"duration": "1s"}]},
    {"command": "udp", "ports": [{"rate": "1kpps"}]},
    {"command": "udp", "ports": [{"interface": "xtgnone0", "clock": "tai"}]},
    {"command": "tcp", "host": "198.18.0.2", "mss": None},
    {"command": "rx", "interface": "xtgnone0", "match": [1]},
    {"command": "reflect", "interface": "xtgnone0", "streams": [{}]},
)

schema_file, binary = sys.argv[1:]
with open(schema_file, encoding="utf-8") as file:
    schema = json.load(file)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
failed = 0
for profile, good in [(p, True) for p in GOOD] + [(p, False) for p in BAD]:
    text = json.dumps(profile)
    if validator.is_valid(profile) != good:
        print(f"the schema {'refuses' if good else 'takes'} {text}")
        failed = 1
    result = subprocess.run([binary, "--profile", "-"], input=text, capture_output=True, text=True, timeout=20)
    said = result.stderr.startswith("xdp-trafficgen: --profile -: ") and result.stderr.count("\n") == 1
    if good == said or (not good and result.returncode != 2):
        print(f"the program {'refuses' if good else 'takes'} {text}: {result.stderr}")
        failed = 1
sys.exit(failed)
