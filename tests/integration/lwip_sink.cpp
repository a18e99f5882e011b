// SPDX-License-Identifier: BSD-2-Clause
// A TCP receiver other than Linux's: lwIP, as built by Debian, at the other end of a TAP device. It
// has the interface of sink.cpp. Arguments are NAME=VALUE:
//   device       of the TAP, which exists
//   port         to listen at; the addresses are 198.18.0.2/24 and 2001:2::2
//   check        zeros, pattern, or the path of a file that is sent repeatedly; default: nothing
//   mtu          of lwIP's interface, which decides the MSS it announces
//   lose-in, lose-out   one in so many TCP segments to or from lwIP is lost
//   pause-at, pause     after so many bytes, stops opening the window for so many seconds
//   end-at, end  after so many bytes: close, reset, or half (FIN, and continues to read)
// Two threads, this one and lwIP's for its timers; lwIP's lock protects all that they share.
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "core/unique_fd.h"
#include "expected.h"

extern "C" {
#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/netif.h>
#include <lwip/tcp.h>
#include <lwip/tcpip.h>
#include <netif/ethernet.h>
}

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxFrame = 2048;
constexpr int kFramesPerTurn = 64; // before lwIP's timers get the lock again

struct Options {
  std::string device = "tap0", check, end = "close";
  std::uint64_t port = 10'000, mtu = 1500, lose_in = 0, lose_out = 0, pause_at = ~0ULL,
                end_at = ~0ULL;
  double pause = 0;
};

Options parse(int argc, char** argv) {
  Options out;
  const std::map<std::string, std::string*> words = {
      {"device", &out.device}, {"check", &out.check}, {"end", &out.end}};
  const std::map<std::string, std::uint64_t*> numbers = {
      {"port", &out.port},         {"mtu", &out.mtu},           {"lose-in", &out.lose_in},
      {"lose-out", &out.lose_out}, {"pause-at", &out.pause_at}, {"end-at", &out.end_at}};
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (const auto w = words.find(name); w != words.end())
      *w->second = value;
    else if (const auto n = numbers.find(name); n != numbers.end())
      *n->second = std::stoull(value);
    else if (name == "pause")
      out.pause = std::stod(value);
    else
      throw std::invalid_argument(word);
  }
  return out;
}

/// Holds lwIP's lock.
class Locked {
public:
  Locked() { LOCK_TCPIP_CORE(); }
  ~Locked() { UNLOCK_TCPIP_CORE(); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;
};

bool is_tcp(const std::uint8_t* frame, std::size_t size) {
  if (size < 54) return false;
  const int type = frame[12] << 8 | frame[13];
  return (type == 0x0800 && frame[23] == 6) || (type == 0x86dd && frame[20] == 6);
}

/// Decides which segments of one direction are lost.
class Loss {
public:
  explicit Loss(std::uint64_t every) : every_(every) {}
  bool takes(const std::uint8_t* frame, std::size_t size) {
    return every_ != 0 && is_tcp(frame, size) && ++segments_ % every_ == 0;
  }

private:
  std::uint64_t every_, segments_ = 0;
};

class Tap {
public:
  explicit Tap(const Options& options) : in_(options.lose_in), out_(options.lose_out) {
    // Without blocking writes: only then does the driver run native XDP.
    fd_.reset(open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
    ifreq request{};
    options.device.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (!fd_.valid() || ioctl(fd_.get(), TUNSETIFF, &request) != 0)
      throw std::system_error(errno, std::generic_category(), options.device);
  }

  [[nodiscard]] int fd() const { return fd_.get(); }

  /// The next frame that is not lost, in `frame`; its size, or 0.
  std::size_t take(std::array<std::uint8_t, kMaxFrame>& frame) {
    for (;;) {
      const ssize_t n = read(fd_.get(), frame.data(), frame.size());
      if (n <= 0) return 0;
      if (!in_.takes(frame.data(), static_cast<std::size_t>(n))) return static_cast<std::size_t>(n);
    }
  }

  void send(const std::uint8_t* frame, std::size_t size) {
    if (out_.takes(frame, size)) return;
    (void)!write(fd_.get(), frame, size); // a full queue is a loss like any other
  }

private:
  xtg::UniqueFd fd_;
  Loss in_, out_;
};

struct Connection {
  tcp_pcb* pcb = nullptr;
  std::uint16_t port = 0; ///< of the far end
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> wrong; ///< offset of the first unexpected byte
  std::string end = "open";           ///< eof, reset, closed (by us), half (by us, still reading)
  std::uint16_t held = 0;             ///< bytes that were read but not yet acknowledged to lwIP
  std::optional<Clock::time_point> until; ///< of a pause
};

class Sink {
public:
  explicit Sink(Options options)
      : options_(std::move(options)), expected_(options_.check), tap_(options_) {
    std::binary_semaphore up{0};
    tcpip_init([](void* arg) { static_cast<std::binary_semaphore*>(arg)->release(); }, &up);
    up.acquire();
    const Locked locked;
    add_interface();
    listen();
  }

  void run() {
    std::cout << "ready" << std::endl;
    for (;;) {
      std::array<pollfd, 2> polled = {{{STDIN_FILENO, POLLIN, 0}, {tap_.fd(), POLLIN, 0}}};
      poll(polled.data(), polled.size(), 10);
      if (polled[0].revents != 0 && !asked()) return;
      const Locked locked;
      if (polled[1].revents != 0) receive_frames();
      for (const auto& c : all_)
        if (c->until && *c->until <= Clock::now()) go_on(*c);
    }
  }

private:
  void add_interface() {
    ip4_addr_t address, mask, none;
    IP4_ADDR(&address, 198, 18, 0, 2);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    IP4_ADDR(&none, 0, 0, 0, 0);
    // ethernet_input is called directly and not through lwIP's thread: we hold the lock.
    netif_add(&netif_, &address, &mask, &none, this, start_interface, ethernet_input);
    netif_.mtu = static_cast<u16_t>(options_.mtu);
    netif_.mtu6 = netif_.mtu;
    netif_set_default(&netif_);
    netif_set_link_up(&netif_);
    netif_set_up(&netif_);
    ip6_addr_t v6;
    IP6_ADDR(&v6, lwip_htonl(0x20010002), 0, 0, lwip_htonl(2));
    s8_t index = -1;
    netif_add_ip6_address(&netif_, &v6, &index);
    netif_ip6_addr_set_state(&netif_, index, IP6_ADDR_PREFERRED);
  }

  static err_t start_interface(netif* interface) {
    interface->name[0] = 't';
    interface->name[1] = 'p';
    interface->hwaddr_len = 6;
    const std::array<u8_t, 6> mac = {2, 0, 0, 0, 0, 2};
    std::memcpy(interface->hwaddr, mac.data(), mac.size());
    interface->flags =
        NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_MLD6;
    interface->output = etharp_output;
    interface->output_ip6 = ethip6_output;
    interface->linkoutput = [](netif* from, pbuf* frame) -> err_t {
      std::array<std::uint8_t, kMaxFrame> flat;
      const u16_t size = pbuf_copy_partial(frame, flat.data(), flat.size(), 0);
      static_cast<Sink*>(from->state)->tap_.send(flat.data(), size);
      return ERR_OK;
    };
    return ERR_OK;
  }

  void listen() {
    tcp_pcb* pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);
    tcp_bind(pcb, IP_ANY_TYPE, static_cast<u16_t>(options_.port));
    pcb = tcp_listen(pcb);
    tcp_arg(pcb, this);
    tcp_accept(pcb, [](void* arg, tcp_pcb* fresh, err_t) -> err_t {
      static_cast<Sink*>(arg)->accept(fresh);
      return ERR_OK;
    });
  }

  void accept(tcp_pcb* pcb) {
    Connection& c = *all_.emplace_back(std::make_unique<Connection>());
    c.pcb = pcb;
    c.port = pcb->remote_port;
    tcp_arg(pcb, &c);
    tcp_recv(pcb, [](void* arg, tcp_pcb* from, pbuf* data, err_t) -> err_t {
      return self(from).receive(*static_cast<Connection*>(arg), data);
    });
    tcp_err(pcb, [](void* arg, err_t) {
      Connection& gone = *static_cast<Connection*>(arg);
      gone.pcb = nullptr;
      if (gone.end != "closed" && gone.end != "eof") gone.end = "reset";
    });
  }

  static Sink& self(const tcp_pcb*) { return *static_cast<Sink*>(netif_default->state); }

  void receive_frames() {
    std::array<std::uint8_t, kMaxFrame> frame;
    for (int i = 0; i < kFramesPerTurn; ++i) {
      const std::size_t size = tap_.take(frame);
      if (size == 0) return;
      pbuf* copy = pbuf_alloc(PBUF_RAW, static_cast<u16_t>(size), PBUF_RAM);
      if (copy == nullptr) return;
      pbuf_take(copy, frame.data(), static_cast<u16_t>(size));
      if (netif_.input(copy, &netif_) != ERR_OK) pbuf_free(copy);
    }
  }

  err_t receive(Connection& c, pbuf* data) {
    if (data == nullptr) {
      c.end = "eof";
      return close(c);
    }
    const u16_t size = data->tot_len;
    for (const pbuf* piece = data; piece != nullptr; piece = piece->next)
      check(c, static_cast<const char*>(piece->payload), piece->len);
    pbuf_free(data);
    if (c.bytes >= options_.pause_at && c.held == 0 && !paused_) {
      paused_ = true;
      c.until =
          Clock::now() + std::chrono::microseconds(static_cast<std::int64_t>(options_.pause * 1e6));
    }
    if (c.until)
      c.held = static_cast<std::uint16_t>(c.held + size);
    else
      tcp_recved(c.pcb, size);
    return c.bytes >= options_.end_at && c.end == "open" ? finish(c) : static_cast<err_t>(ERR_OK);
  }

  void check(Connection& c, const char* data, std::size_t size) {
    if (const auto at = expected_.first_wrong(c.bytes, data, size); at && !c.wrong)
      c.wrong = c.bytes + *at;
    c.bytes += size;
  }

  void go_on(Connection& c) {
    c.until.reset();
    if (c.pcb != nullptr && c.held > 0) tcp_recved(c.pcb, std::exchange(c.held, 0));
  }

  /// Takes the action requested at this offset; tells lwIP whether the connection still exists.
  err_t finish(Connection& c) {
    if (options_.end == "half") {
      c.end = "half";
      return tcp_shutdown(c.pcb, 0, 1);
    }
    c.end = "closed";
    if (options_.end != "reset") return close(c);
    tcp_abort(std::exchange(c.pcb, nullptr));
    return ERR_ABRT;
  }

  static err_t close(Connection& c) {
    if (const err_t full = tcp_close(c.pcb); full != ERR_OK) return full;
    tcp_recv(c.pcb, nullptr);
    tcp_err(c.pcb, nullptr);
    c.pcb = nullptr;
    return ERR_OK;
  }

  bool asked() {
    std::array<char, 64> line;
    const ssize_t n = read(STDIN_FILENO, line.data(), line.size());
    if (n <= 0) return false;
    const Locked locked;
    for (ssize_t i = 0; i < n; ++i)
      if (line[static_cast<std::size_t>(i)] == '\n') tell();
    return true;
  }

  void tell() const {
    std::string out = "[";
    for (const auto& c : all_)
      out += fmt::format("{}[{},{},0,{},\"{}\"]", out.size() > 1 ? "," : "", c->port, c->bytes,
                         c->wrong ? std::to_string(*c->wrong) : "null", c->end);
    std::cout << out << "]" << std::endl;
  }

  Options options_;
  xtg::sink::Expected expected_;
  Tap tap_;
  netif netif_ = {};
  bool paused_ = false;
  std::vector<std::unique_ptr<Connection>> all_;
};

} // namespace

int main(int argc, char** argv) {
  try {
    Sink(parse(argc, argv)).run();
  } catch (const std::exception& error) {
    std::cerr << "xtg-lwip-sink: " << error.what() << '\n';
    return 1;
  }
  _exit(0); // lwIP's thread has no end
}
