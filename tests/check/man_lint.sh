#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# man_lint.sh MANPAGE: correct mdoc.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/skip.sh"
command -v mandoc >/dev/null || skip "mandoc is missing"
found=$(mandoc -T lint -W warning "$1" 2>&1 | grep -v 'outdated mandoc.db' || true)
[ -z "$found" ] || { echo "$found"; exit 1; }
