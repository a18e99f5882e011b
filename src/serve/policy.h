// SPDX-License-Identifier: BSD-2-Clause
// What a server lets its clients do. Every refusal says what would be accepted.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/http.h"
#include "core/result.h"
#include "core/units.h"
#include "packet/prefix.h"
#include "plan/facts.h"
#include "plan/port_test_plan.h"
#include "plan/plan.h"
#include "plan/reflect_plan.h"
#include "plan/rx_plan.h"
#include "plan/tcp_plan.h"
#include "plan/tcp_sink_plan.h"
#include "spec/draft.h"
#include "spec/test.h"

namespace xtg::serve {

/// Any run, everything decided.
using AnyPlan = std::variant<plan::Plan, plan::PortTestPlan, plan::TcpPlan, plan::RxPlan,
                             plan::ReflectPlan, plan::TcpSinkPlan>;

/// Commands that clients may ask for.
inline constexpr std::array<std::string_view, 5> kServed = {"udp", "tcp", "rx", "reflect",
                                                            "tcp-sink"};

/// Waits of a test besides its duration: --drain, --timeout, --silence.
inline constexpr Nanoseconds kMostWait{10'000'000'000};
/// For so long beyond the duration what receives may last: its sender's start, and the drain.
inline constexpr Nanoseconds kReceiverMore = kMostWait + Nanoseconds{2'000'000'000};

struct Policy {
  std::string token;                     ///< empty: none is asked for
  std::vector<packet::IpPrefix> allow;   ///< clients; empty: any
  std::vector<packet::IpPrefix> send_to; ///< where tests may send without a challenge
  std::vector<std::string> interfaces;   ///< that tests may use
  Rate max_rate{Rate::Unit::Bps, 10e9};  ///< of a test; bits on layer 1
  Nanoseconds max_duration{300'000'000'000};
  std::optional<std::uint64_t> max_packets; ///< of a test
  std::uint32_t max_connections = 4'096;    ///< of a TCP sink, open at a time
  bool fix = false;
};

/// Compares all of it, so that the time taken says nothing of where they differ.
bool same_secret(std::string_view a, std::string_view b);

/// Whether a request is answered at all; the status and the reason where it is not. Browsers are
/// held to the page's own origin: a page of somebody else's must not start tests.
struct Denial {
  int status = 0;
  std::string why;
};
std::optional<Denial> admit(const HttpRequest& request, const Policy& policy);

/// Whether no client may give this option: it names a file of this host, or is the operator's to
/// decide.
bool is_operators(const spec::Option& option);
/// Whether it says that the other end is a server's: of a server's own tests it is not.
bool is_of_two_hosts(const spec::Option& option);
/// Options that no client may give: they name files of this host, or are the operator's to decide.
Status check_draft(const spec::Draft& draft, const Policy& policy);

/// Holds what was asked for to the ceilings: what names no end or no rate gets the ceiling, what is
/// beyond it is InvalidArgument. Enters the operator's words (--fix, the interface's choice), and
/// the interface where none is named: `own` is the one that the client reached, if it is served.
Status settle(spec::Test& test, const Policy& policy, const std::string& own);

/// Whether all that would be sent goes where it may: `proven` are the addresses that the client
/// has shown to hold.
Status check_destinations(const spec::Test& test, const Policy& policy,
                          std::span<const packet::Ip> proven);
/// Whether all that would be sent comes from where it may, so that no answer to it goes to somebody
/// else: an address of the sending interface, of which `served` has the facts, or one that tests
/// may send to.
Status check_sources(const spec::Test& test, const Policy& policy,
                     std::span<const packet::Ip> proven,
                     std::span<const plan::InterfaceFacts> served);
/// Whether what was made of it goes where it may, and whether it stays below the ceiling on the
/// rate.
Status check_plan(const AnyPlan& plan, const Policy& policy, std::span<const packet::Ip> proven);

/// Interfaces that a test sends or receives on.
struct PortUse {
  std::string interface;
  bool send = false;        ///< else it receives
  std::uint16_t listen = 0; ///< a TCP port that it listens on, which is in nobody else's way
  bool operator==(const PortUse&) const = default;
};
std::vector<PortUse> port_uses(const spec::Test& test);

} // namespace xtg::serve
