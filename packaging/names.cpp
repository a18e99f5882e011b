// SPDX-License-Identifier: BSD-2-Clause
// Host names in the static executable. glibc would load what /etc/nsswitch.conf names, libraries of
// the glibc that it was linked with, and no other machine has exactly that one. /etc/hosts and DNS
// are part of it and need nothing.
#include <nss.h>

namespace {

[[gnu::constructor]] void use_what_is_built_in() {
  __nss_configure_lookup("hosts", "files dns");
}

} // namespace
