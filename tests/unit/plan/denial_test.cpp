// SPDX-License-Identifier: BSD-2-Clause
#include "plan/denial.h"

#include <gtest/gtest.h>

namespace xtg::plan {
namespace {

bool has(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

TEST(Denial, ReadsWhatIsInForce) {
  EXPECT_EQ(parse_guards("Name:\tx\nSeccomp:\t2\nSeccomp_filters:\t1\n",
                         "none [integrity] confidentiality\n",
                         "lockdown,capability,yama,selinux,bpf\n"),
            (Guards{true, "integrity", "selinux, bpf"}));
}

TEST(Denial, WhatIsNotInForceIsNotSuspected) {
  EXPECT_EQ(parse_guards("Name:\tx\nSeccomp:\t0\n", "[none] integrity confidentiality\n",
                         "capability,landlock,yama\n"),
            Guards{});
  EXPECT_EQ(parse_guards("", "", ""), Guards{});
}

TEST(Denial, NamesTheCheckedCapabilitiesAndTheSuspects) {
  const std::string all = explain_denial({true, "confidentiality", "apparmor"});
  for (const char* part :
       {"CAP_BPF", "CAP_NET_ADMIN", "CAP_PERFMON", "seccomp", "confidentiality", "apparmor"})
    EXPECT_TRUE(has(all, part)) << part;
  const std::string one = explain_denial({true, "", ""});
  EXPECT_FALSE(has(one, "locked down"));
  EXPECT_FALSE(has(one, "security module"));
  EXPECT_TRUE(has(explain_denial({}), "not known"));
}

TEST(Denial, AClosedTunDeviceIsNotRepairedByCapabilities) {
  const auto repair = [](Errc code, int sys, bool net_admin = true) {
    return ingress_repair(Error{code, sys, "/dev/net/tun cannot be opened"}, net_admin);
  };
  EXPECT_TRUE(has(repair(Errc::NoPermission, EACCES), "chmod 666 /dev/net/tun"));
  EXPECT_TRUE(has(repair(Errc::NoPermission, EPERM), "--device /dev/net/tun"));
  EXPECT_EQ(repair(Errc::NoPermission, EPERM, false), "");
  EXPECT_EQ(repair(Errc::NotSupported, 0), "modprobe tun");
}

} // namespace
} // namespace xtg::plan
