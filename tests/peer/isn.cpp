// SPDX-License-Identifier: BSD-2-Clause
#include "isn.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <map>
#include <vector>

#include "wire.h"

namespace xtg::peer {

namespace {

constexpr std::uint16_t kFirstPort = 20'000;
constexpr std::uint16_t kPorts =
    500; // the space takes 275 s, so a fair moment is half a second off

std::uint64_t real_ns() {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(t.tv_nsec);
}

sockaddr_in address(const packet::Ip& ip, std::uint16_t port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  std::memcpy(&a.sin_addr, ip.bytes.data(), 4);
  return a;
}

/// Begins to connect, and gives up when the socket goes.
UniqueFd try_connect(const Ends& ends, std::uint16_t from, std::uint16_t to) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const auto here = address(ends.src, from), there = address(ends.dst, to);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&here), sizeof(here)) != 0) return {};
  connect(fd.get(), reinterpret_cast<const sockaddr*>(&there), sizeof(there));
  return fd;
}

/// Passes a descriptor through a socket, in one direction or the other.
struct Parcel {
  char byte = 0;
  iovec vec{&byte, 1};
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  Parcel() {
    message.msg_iov = &vec;
    message.msg_iovlen = 1;
    message.msg_control = room;
    message.msg_controllen = sizeof(room);
  }
};

bool send_fd(int socket, int fd) {
  Parcel p;
  cmsghdr* head = CMSG_FIRSTHDR(&p.message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(head), &fd, sizeof(fd));
  return sendmsg(socket, &p.message, 0) == 1;
}

UniqueFd receive_fd(int socket) {
  Parcel p;
  int fd = -1;
  if (recvmsg(socket, &p.message, MSG_CMSG_CLOEXEC) != 1) return {};
  const cmsghdr* head = CMSG_FIRSTHDR(&p.message);
  if (head != nullptr && head->cmsg_type == SCM_RIGHTS)
    std::memcpy(&fd, CMSG_DATA(head), sizeof(fd));
  return UniqueFd(fd);
}

/// The port that a held connect() is for; 0 for something else than IPv4.
std::uint16_t port_asked(const seccomp_notif& held) {
  sockaddr_in there{};
  iovec local{&there, sizeof(there)};
  iovec remote{reinterpret_cast<void*>(held.data.args[1]), sizeof(there)};
  if (process_vm_readv(static_cast<pid_t>(held.pid), &local, 1, &remote, 1, 0) != sizeof(there))
    return 0;
  return there.sin_family == AF_INET ? ntohs(there.sin_port) : 0;
}

void wait_until(std::uint64_t real) {
  constexpr std::uint64_t kSpinNs = 300'000;
  const std::uint64_t early = real - kSpinNs;
  const timespec t{static_cast<time_t>(early / 1'000'000'000U),
                   static_cast<long>(early % 1'000'000'000U)};
  clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, nullptr);
  while (real_ns() < real) {
  }
}

} // namespace

Result<Moment> find_moment(std::uint16_t port, std::uint32_t isn, std::uint64_t lead_ns) {
  auto wire = Wire::make({});
  if (!wire) return tl::unexpected<Error>(std::move(wire.error()));
  const Ends& ends = (*wire)->ends(packet::Family::V4);
  std::vector<UniqueFd> sockets;
  std::map<std::uint16_t, std::uint64_t> times;
  Moment best;
  for (std::uint16_t i = 0; i < kPorts; ++i) {
    const auto from = static_cast<std::uint16_t>(kFirstPort + i);
    times[from] = real_ns();
    sockets.push_back(try_connect(ends, from, port));
  }
  while (const auto frame = (*wire)->read(20)) {
    const Parsed syn = parse(*frame, ends);
    const auto at = times.find(syn.segment.src_port);
    if (!syn.relevant || syn.segment.flags != kSyn || at == times.end()) continue;
    const std::uint64_t earliest = at->second + lead_ns;
    const auto then =
        syn.segment.seq + static_cast<std::uint32_t>((earliest >> 6) - (at->second >> 6));
    const std::uint64_t when = earliest + (std::uint64_t{isn - then} << 6);
    if (best.real_ns == 0 || when < best.real_ns) best = {syn.segment.src_port, when};
  }
  if (best.real_ns == 0) return fail(Errc::System, "no SYN came");
  return best;
}

Result<ConnectGate> ConnectGate::make(std::uint16_t port) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_sys(errno, "make a socket pair");
  ConnectGate gate(port, UniqueFd(ends[0]), UniqueFd(ends[1]));
  gate.stop_.reset(eventfd(0, EFD_CLOEXEC));
  return gate;
}

ConnectGate::~ConnectGate() {
  if (!thread_.joinable()) return;
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void ConnectGate::install() const {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_connect, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{4, code};
  const UniqueFd held(static_cast<int>(
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program)));
  if (!held.valid() || !send_fd(childs_.get(), held.get())) _exit(126);
}

void ConnectGate::open_at(std::uint64_t real) {
  childs_.reset(); // an end of file then tells of a child that could not
  thread_ = std::thread([this, real] {
    const UniqueFd held = receive_fd(ours_.get());
    while (held.valid()) {
      pollfd p[2] = {{held.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
      if (poll(p, 2, -1) < 0 || p[0].revents != POLLIN || p[1].revents != 0) return;
      seccomp_notif request{};
      if (ioctl(held.get(), SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) return;
      if (port_asked(request) == port_) wait_until(real);
      seccomp_notif_resp answer{};
      answer.id = request.id;
      answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
      ioctl(held.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
  });
}

} // namespace xtg::peer
