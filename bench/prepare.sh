# SPDX-License-Identifier: BSD-2-Clause
# Sourced by the benchmarks: a release build, and how to become root.
./scripts/install-packages build
cmake -G Ninja -S . -B build/bench -DCMAKE_BUILD_TYPE=Release -DXTG_TESTS=OFF >/dev/null
ninja -C build/bench --quiet
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
