// SPDX-License-Identifier: BSD-2-Clause
#include "net/netlink.h"

#include <sys/socket.h>

#include <cerrno>
#include <span>

#include <fmt/format.h>
#include <netlink/errno.h>

namespace xtg::net::nl {

namespace {

/// Collects the results of one request from the callbacks.
struct Exchange {
  std::vector<Reply> replies;
  std::string detail; ///< the kernel's error message
  int error = 0;
  bool done = false;
  bool interrupted = false; ///< the table changed during the dump
};

int on_valid(nl_msg* msg, void* arg) {
  static_cast<Exchange*>(arg)->replies.emplace_back(nlmsg_hdr(msg));
  return NL_OK;
}

int on_ack(nl_msg*, void* arg) {
  static_cast<Exchange*>(arg)->done = true;
  return NL_STOP;
}

int on_finish(nl_msg* msg, void* arg) {
  auto& exchange = *static_cast<Exchange*>(arg);
  const nlmsghdr* header = nlmsg_hdr(msg);
  int status = 0; // a dump that fails midway reports it in its last message
  if (nlmsg_datalen(header) >= static_cast<int>(sizeof(status)))
    std::memcpy(&status, nlmsg_data(header), sizeof(status));
  if (status < 0) exchange.error = -status;
  exchange.done = true;
  return NL_STOP;
}

int on_interrupted(nl_msg*, void* arg) {
  static_cast<Exchange*>(arg)->interrupted = true;
  return NL_OK;
}

/// The text attribute that follows an error message (NETLINK_EXT_ACK).
std::string extended_text(nlmsgerr* error) {
  auto* header = reinterpret_cast<nlmsghdr*>(reinterpret_cast<char*>(error) - NLMSG_HDRLEN);
  if ((header->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
  std::size_t offset = sizeof(nlmsgerr);
  if ((header->nlmsg_flags & NLM_F_CAPPED) == 0 && error->msg.nlmsg_len > NLMSG_HDRLEN)
    offset += NLMSG_ALIGN(error->msg.nlmsg_len - NLMSG_HDRLEN);
  if (static_cast<std::size_t>(nlmsg_datalen(header)) <= offset) return {};
  const auto* head = reinterpret_cast<const nlattr*>(reinterpret_cast<char*>(error) + offset);
  return Attrs(head, nlmsg_datalen(header) - static_cast<int>(offset)).string(NLMSGERR_ATTR_MSG);
}

int on_error(sockaddr_nl*, nlmsgerr* error, void* arg) {
  auto& exchange = *static_cast<Exchange*>(arg);
  exchange.error = -error->error;
  exchange.detail = extended_text(error);
  exchange.done = true;
  return NL_STOP;
}

struct FreeCallbacks {
  void operator()(nl_cb* cb) const { nl_cb_put(cb); }
};

} // namespace

Attrs Attrs::in(const nlattr* attr) {
  if (attr == nullptr) return {nullptr, 0};
  return {static_cast<const nlattr*>(nla_data(attr)), nla_len(attr)};
}

const nlattr* Attrs::find(int type) const {
  return length_ > 0 ? nla_find(head_, length_, type) : nullptr;
}

std::string Attrs::string(int type) const {
  const nlattr* attr = find(type);
  if (attr == nullptr) return {};
  const auto* text = static_cast<const char*>(nla_data(attr));
  return {text, strnlen(text, static_cast<std::size_t>(nla_len(attr)))};
}

Reply::Reply(const nlmsghdr* message)
    : bytes_(reinterpret_cast<const std::uint8_t*>(message),
             reinterpret_cast<const std::uint8_t*>(message) + message->nlmsg_len) {}

Message& Message::put_bytes(int type, const void* data, std::size_t size) {
  if (msg_ == nullptr || nla_put(msg_.get(), type, static_cast<int>(size), data) < 0) fits_ = false;
  return *this;
}

Message& Message::put_string(int type, const std::string& text) {
  return put_bytes(type, text.c_str(), text.size() + 1);
}

void Message::append(const void* data, std::size_t size) {
  if (msg_ == nullptr || nlmsg_append(msg_.get(), const_cast<void*>(data), size, NLMSG_ALIGNTO) < 0)
    fits_ = false;
}

nlattr* Message::begin_nest(int type) {
  nlattr* start = msg_ != nullptr ? nla_nest_start(msg_.get(), type) : nullptr;
  if (start == nullptr) fits_ = false;
  return start;
}

void Message::end_nest(nlattr* start) {
  if (start != nullptr) nla_nest_end(msg_.get(), start);
}

Result<Socket> Socket::open(int protocol) {
  nl_sock* raw = nl_socket_alloc();
  if (raw == nullptr) return fail_sys(ENOMEM, "allocate a netlink socket");
  Socket socket(raw);
  errno = 0;
  if (int err = nl_connect(raw, protocol); err < 0) {
    if (errno != 0) return fail_sys(errno, "open a netlink socket");
    return fail(Errc::System, fmt::format("open a netlink socket: {}", nl_geterror(err)));
  }
  const int one = 1; // both only add detail to errors
  setsockopt(nl_socket_get_fd(raw), SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
  setsockopt(nl_socket_get_fd(raw), SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
  return socket;
}

void Socket::set_strict() {
  const int one = 1;
  setsockopt(nl_socket_get_fd(sock_.get()), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
}

Result<std::vector<Reply>> Socket::query(Message& request, std::string_view what) {
  if (!request.complete())
    return fail(Errc::Internal, fmt::format("{}: request does not fit its message", what));
  Exchange exchange;
  std::unique_ptr<nl_cb, FreeCallbacks> callbacks(nl_cb_alloc(NL_CB_DEFAULT));
  if (callbacks == nullptr) return fail_sys(ENOMEM, std::string(what));
  nl_cb_set(callbacks.get(), NL_CB_VALID, NL_CB_CUSTOM, on_valid, &exchange);
  nl_cb_set(callbacks.get(), NL_CB_ACK, NL_CB_CUSTOM, on_ack, &exchange);
  nl_cb_set(callbacks.get(), NL_CB_FINISH, NL_CB_CUSTOM, on_finish, &exchange);
  nl_cb_set(callbacks.get(), NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, &exchange);
  nl_cb_err(callbacks.get(), NL_CB_CUSTOM, on_error, &exchange);

  constexpr int kTries = 5; // for a dump whose table keeps changing; then the last answer is used
  for (int i = 0; i < kTries; ++i) {
    exchange = {};
    nlmsg_hdr(request.raw())->nlmsg_seq = NL_AUTO_SEQ;
    if (int err = nl_send_auto(sock_.get(), request.raw()); err < 0)
      return fail(Errc::System, fmt::format("{}: send request: {}", what, nl_geterror(err)));
    while (!exchange.done) {
      if (int err = nl_recvmsgs(sock_.get(), callbacks.get()); err < 0 && !exchange.done)
        return fail(Errc::System, fmt::format("{}: read answer: {}", what, nl_geterror(err)));
    }
    if (exchange.error != 0 || !exchange.interrupted) break;
  }
  if (exchange.error != 0) {
    std::string text(what);
    if (!exchange.detail.empty()) text += ": " + exchange.detail;
    return fail_sys(exchange.error, std::move(text));
  }
  return std::move(exchange.replies);
}

Status Socket::request(Message& request, std::string_view what) {
  auto replies = query(request, what);
  if (!replies) return tl::unexpected<Error>(std::move(replies.error()));
  return {};
}

} // namespace xtg::net::nl
