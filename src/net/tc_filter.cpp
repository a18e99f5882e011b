// SPDX-License-Identifier: BSD-2-Clause
#include "net/tc_filter.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "net/netlink.h"

namespace xtg::net {

namespace {

constexpr std::uint32_t kIngress = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);
constexpr std::uint32_t kEgress = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS);

tcmsg header_of(int ifindex, std::uint32_t parent) {
  tcmsg header{};
  header.tcm_family = AF_UNSPEC;
  header.tcm_ifindex = ifindex;
  header.tcm_parent = parent;
  return header;
}

tcmsg clsact(int ifindex) {
  tcmsg header = header_of(ifindex, TC_H_CLSACT);
  header.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
  return header;
}

/// Whether it was made now: false if it is there already.
Result<bool> make_clsact(nl::Socket& socket, int ifindex) {
  nl::Message request(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, clsact(ifindex));
  request.put_string(TCA_KIND, "clsact");
  auto made = socket.request(request, "make a clsact queueing discipline");
  if (made) return true;
  if (made.error().sys == EEXIST) return false;
  if (made.error().sys == ENOENT)
    return fail(Errc::NotSupported, "this kernel has no clsact queueing discipline (module "
                                    "sch_ingress), which tc ingress needs before Linux 6.6");
  return tl::unexpected<Error>(std::move(made.error()));
}

/// The filter's priority and handle, which the kernel chooses, are in the answer.
Result<tcmsg> add_filter(nl::Socket& socket, int program_fd, int ifindex, const char* name) {
  tcmsg header = header_of(ifindex, kIngress);
  header.tcm_info = TC_H_MAKE(0, htons(ETH_P_ALL));
  nl::Message request(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ECHO | NLM_F_ACK, header);
  request.put_string(TCA_KIND, "bpf");
  request.nest(TCA_OPTIONS, [&] {
    request.put<std::uint32_t>(TCA_BPF_FD, static_cast<std::uint32_t>(program_fd));
    request.put_string(TCA_BPF_NAME, name);
    request.put<std::uint32_t>(TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
  });
  auto replies = socket.query(request, "attach the tc program");
  if (!replies && replies.error().sys == ENOENT)
    return fail(Errc::NotSupported, "this kernel has no tc programs (module cls_bpf), which tc "
                                    "ingress needs before Linux 6.6");
  if (!replies) return tl::unexpected<Error>(std::move(replies.error()));
  for (const nl::Reply& reply : *replies)
    if (reply.type() == RTM_NEWTFILTER) return reply.header<tcmsg>();
  return fail(Errc::System, "attach the tc program: the kernel does not name the filter");
}

void delete_clsact(nl::Socket& socket, int ifindex) {
  nl::Message request(RTM_DELQDISC, NLM_F_ACK, clsact(ifindex));
  (void)socket.request(request, "remove clsact");
}

bool has_filters(nl::Socket& socket, int ifindex) {
  for (const std::uint32_t parent : {kIngress, kEgress}) {
    nl::Message request(RTM_GETTFILTER, NLM_F_DUMP, header_of(ifindex, parent));
    const auto replies = socket.query(request, "list filters");
    if (!replies || !replies->empty()) return true;
  }
  return false;
}

struct Attached {
  int ifindex = 0;
  bool own_clsact = false;
  tcmsg filter{};
};

void detach(nl::Socket& socket, const Attached& attached) {
  nl::Message request(RTM_DELTFILTER, NLM_F_ACK, attached.filter);
  request.put_string(TCA_KIND, "bpf");
  (void)socket.request(request, "remove the tc program"); // fails if the interface is gone
  if (attached.own_clsact && !has_filters(socket, attached.ifindex))
    delete_clsact(socket, attached.ifindex);
}

/// In the child: keeps two descriptors of all, out of reach of the signals that end a command.
[[noreturn]] void remove_at_end(nl::Socket& socket, int end, const Attached& attached) {
  setsid();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE})
    std::signal(signal, SIG_IGN);
  const int netlink = nl_socket_get_fd(socket.raw());
  const auto [low, high] = std::minmax(end, netlink);
  const auto close_from = [](unsigned from, unsigned to) {
    if (from <= to) syscall(SYS_close_range, from, to, 0);
  };
  if (low > 0) close_from(0, static_cast<unsigned>(low) - 1);
  close_from(static_cast<unsigned>(low) + 1, static_cast<unsigned>(high) - 1);
  close_from(static_cast<unsigned>(high) + 1, ~0U);
  char byte = 0;
  while (read(end, &byte, 1) < 0 && errno == EINTR) {
  }
  detach(socket, attached);
  _exit(0);
}

} // namespace

Result<TcFilter> TcFilter::attach(int program_fd, int ifindex, const char* name) {
  auto socket = nl::Socket::open();
  if (!socket) return tl::unexpected<Error>(std::move(socket.error()));
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_sys(errno, "make a pipe");
  const UniqueFd end(ends[0]);
  UniqueFd alive(ends[1]);
  const auto own_clsact = make_clsact(*socket, ifindex);
  if (!own_clsact) return tl::unexpected<Error>(own_clsact.error());
  const auto filter = add_filter(*socket, program_fd, ifindex, name);
  if (!filter) {
    if (*own_clsact) delete_clsact(*socket, ifindex);
    return tl::unexpected<Error>(filter.error());
  }
  const Attached attached{ifindex, *own_clsact, *filter};
  const pid_t child = fork();
  if (child == 0) remove_at_end(*socket, end.get(), attached);
  if (child < 0) {
    const int error = errno;
    detach(*socket, attached);
    return fail_sys(error, "start a process that removes the tc program");
  }
  return TcFilter(std::move(alive), child);
}

TcFilter& TcFilter::operator=(TcFilter&& other) noexcept {
  if (this == &other) return *this;
  remove();
  alive_ = std::move(other.alive_);
  remover_ = std::exchange(other.remover_, -1);
  return *this;
}

void TcFilter::remove() {
  alive_.reset();
  if (remover_ < 0) return;
  while (waitpid(remover_, nullptr, 0) < 0 && errno == EINTR) {
  }
  remover_ = -1;
}

} // namespace xtg::net
