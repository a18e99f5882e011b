// SPDX-License-Identifier: BSD-2-Clause
#include "net/peer.h"

#include <dirent.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/stat.h>

#include <charconv>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "net/ethtool.h"
#include "net/netns.h"

namespace xtg::net {

namespace {

/// The search for a peer gives up after this many namespaces.
constexpr std::size_t kMaxNamespaces = 4096;

struct Place {
  NetNs ns;
  std::string name;
  int pid = 0;
};

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};

template <class F>
void for_each_entry(const char* directory, F&& visit) {
  std::unique_ptr<DIR, CloseDir> dir(opendir(directory));
  if (dir == nullptr) return;
  while (const dirent* entry = readdir(dir.get()))
    if (entry->d_name[0] != '.' && !visit(std::string(entry->d_name))) return;
}

/// Finds the namespace that has the id `nsid` in the socket's namespace.
class Search {
public:
  Search(nl::Socket& socket, int nsid) : socket_(socket), nsid_(nsid) {}

  std::optional<Place> find() {
    std::optional<Place> found;
    for_each_entry(kNetNsDir, [&](const std::string& name) {
      if (is_new(fmt::format("{}/{}", kNetNsDir, name))) {
        if (auto ns = NetNs::open(name); ns && matches(*ns))
          found.emplace(Place{std::move(*ns), name, 0});
      }
      return !found && seen_.size() < kMaxNamespaces;
    });
    if (found) return found;
    for_each_entry("/proc", [&](const std::string& name) {
      int pid = 0;
      const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
      if (parsed.ec == std::errc{} && is_new(fmt::format("/proc/{}/ns/net", pid))) {
        if (auto ns = NetNs::of_pid(pid); ns && matches(*ns))
          found.emplace(Place{std::move(*ns), {}, pid});
      }
      return !found && seen_.size() < kMaxNamespaces;
    });
    return found;
  }

private:
  bool is_new(const std::string& path) {
    struct stat st {};
    return stat(path.c_str(), &st) == 0 && seen_.insert(st.st_ino).second;
  }

  bool matches(const NetNs& ns) {
    nl::Message request(RTM_GETNSID, 0, rtgenmsg{});
    request.put<std::uint32_t>(NETNSA_FD, static_cast<std::uint32_t>(ns.fd()));
    auto replies = socket_.query(request, "identify a network namespace");
    return replies && !replies->empty() &&
           replies->front().attrs<rtgenmsg>().get<std::int32_t>(NETNSA_NSID) == nsid_;
  }

  nl::Socket& socket_;
  int nsid_;
  std::set<ino_t> seen_;
};

void fill(const LinkInfo& link, plan::VethPeer& peer) {
  peer.reachable = true;
  peer.name = link.name;
  peer.up = (link.flags & IFF_UP) != 0;
  peer.mtu = link.mtu;
  peer.mac = link.mac;
  peer.xdp_native = link.xdp_native;
  peer.xdp_generic = !link.xdp_mode.empty() && !link.xdp_native;
  peer.has_master = link.master_ifindex != 0;
  peer.gro = ethtool::gro(link.name).value_or(false);
}

} // namespace

std::optional<plan::VethPeer> find_peer(nl::Socket& socket, const LinkInfo& link) {
  if (!link.other_ifindex) return {};
  plan::VethPeer peer;
  peer.ifindex = *link.other_ifindex;
  if (!link.other_nsid) {
    peer.same_netns = true;
    if (auto other = read_link(socket, peer.ifindex)) fill(*other, peer);
    return peer;
  }
  auto place = Search(socket, *link.other_nsid).find();
  if (!place) return peer;
  peer.netns = place->name;
  peer.netns_pid = place->pid;
  (void)place->ns.run([&]() -> Status { // not permitted: the peer stays unreachable
    auto inside = nl::Socket::open();
    if (!inside) return forward(std::move(inside), "read the veth peer");
    auto other = read_link(*inside, peer.ifindex);
    if (!other) return forward(std::move(other), "read the veth peer");
    fill(*other, peer);
    return {};
  });
  return peer;
}

} // namespace xtg::net
