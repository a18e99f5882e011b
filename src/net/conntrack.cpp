// SPDX-License-Identifier: BSD-2-Clause
#include "net/conntrack.h"

#include <fstream>
#include <string>

namespace xtg::net {

namespace {

/// -1: no such setting.
long sysctl(const std::string& name) {
  std::ifstream file("/proc/sys/net/netfilter/" + name);
  long value = -1;
  if (!(file >> value)) return -1;
  return value;
}

} // namespace

bool conntrack_is_strict() {
  return sysctl("nf_conntrack_count") > 0 && sysctl("nf_conntrack_tcp_be_liberal") == 0;
}

} // namespace xtg::net
