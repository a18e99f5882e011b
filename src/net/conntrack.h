// SPDX-License-Identifier: BSD-2-Clause
// The connection tracking of netfilter in the calling thread's network namespace.
#pragma once

namespace xtg::net {

/// It tracks connections here, and takes a TCP segment outside of the window that it saw for
/// invalid (nf_conntrack_tcp_be_liberal=0).
bool conntrack_is_strict();

} // namespace xtg::net
