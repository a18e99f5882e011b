// SPDX-License-Identifier: BSD-2-Clause
// Netfilter's connection tracking in the calling thread's network namespace.
#pragma once

namespace xtg::net {

/// True if connections are tracked and a TCP segment outside the window that conntrack saw is
/// invalid (nf_conntrack_tcp_be_liberal=0).
bool conntrack_is_strict();

} // namespace xtg::net
