// SPDX-License-Identifier: BSD-2-Clause
// Netlink requests as values, on top of libnl's sockets and messages: build a Message, pass it to a
// Socket, get copies of the answers. Internal to net. A Socket belongs to the namespace in which it
// was opened; one thread at a time may use it.
#pragma once

#include <linux/netlink.h>

#include <concepts>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "core/result.h"

namespace xtg::net::nl {

/// A sequence of attributes; a view of memory owned elsewhere.
class Attrs {
public:
  Attrs(const nlattr* head, int length) : head_(head), length_(length) {}
  /// The attributes nested in `attr`; empty if that is null.
  static Attrs in(const nlattr* attr);

  [[nodiscard]] const nlattr* find(int type) const;
  [[nodiscard]] Attrs nested(int type) const { return in(find(type)); }
  [[nodiscard]] std::string string(int type) const; ///< empty if absent
  /// Empty if the attribute is absent or shorter than a T.
  template <class T>
  [[nodiscard]] std::optional<T> get(int type) const {
    const nlattr* attr = find(type);
    if (attr == nullptr || static_cast<std::size_t>(nla_len(attr)) < sizeof(T)) return {};
    T value;
    std::memcpy(&value, nla_data(attr), sizeof(T));
    return value;
  }

private:
  const nlattr* head_;
  int length_;
};

/// One message of an answer, with its netlink header.
class Reply {
public:
  explicit Reply(const nlmsghdr* message);
  [[nodiscard]] int type() const { return message()->nlmsg_type; }
  /// The family header after the netlink header; zeros if the message is too short.
  template <class T>
  [[nodiscard]] T header() const {
    T value{};
    if (nlmsg_valid_hdr(message(), sizeof(T)))
      std::memcpy(&value, nlmsg_data(message()), sizeof(T));
    return value;
  }
  /// The attributes after a family header of type T.
  template <class T>
  [[nodiscard]] Attrs attrs() const {
    if (!nlmsg_valid_hdr(message(), sizeof(T))) return {nullptr, 0};
    return {nlmsg_attrdata(message(), sizeof(T)), nlmsg_attrlen(message(), sizeof(T))};
  }

private:
  [[nodiscard]] nlmsghdr* message() const {
    return const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(bytes_.data()));
  }
  std::vector<std::uint8_t> bytes_;
};

/// A request under construction. An attribute that does not fit makes the query fail.
class Message {
public:
  template <class T>
  Message(int type, int flags, const T& header) : msg_(nlmsg_alloc_simple(type, flags)) {
    append(&header, sizeof(T));
  }
  /// Appends a T in its exact size; name the type: put<std::uint32_t>(IFLA_MTU, mtu).
  template <class T>
  Message& put(int type, const std::type_identity_t<T>& value) {
    return put_bytes(type, &value, sizeof(T));
  }
  Message& put_bytes(int type, const void* data, std::size_t size);
  Message& put_string(int type, const std::string& text);
  /// Nests the attributes that `fill` adds in one of type `type`.
  template <std::invocable<> F>
  Message& nest(int type, F&& fill) {
    nlattr* start = begin_nest(type);
    fill();
    end_nest(start);
    return *this;
  }
  void append(const void* data, std::size_t size); ///< a family header, also inside a nest
  [[nodiscard]] nl_msg* raw() { return msg_.get(); }
  [[nodiscard]] bool complete() const { return msg_ != nullptr && fits_; }

private:
  nlattr* begin_nest(int type);
  void end_nest(nlattr* start);

  struct Free {
    void operator()(nl_msg* m) const { nlmsg_free(m); }
  };
  std::unique_ptr<nl_msg, Free> msg_;
  bool fits_ = true;
};

class Socket {
public:
  static Result<Socket> open(int protocol = NETLINK_ROUTE);
  /// Makes the kernel apply the filters of a dump request instead of ignoring them (Linux 4.20).
  void set_strict();
  /// Sends the request and collects all answers: one, or those of a dump (repeated if the table
  /// changed meanwhile). `what` names the request in errors.
  Result<std::vector<Reply>> query(Message& request, std::string_view what);
  /// As query(), for requests that the kernel only acknowledges.
  Status request(Message& request, std::string_view what);
  [[nodiscard]] nl_sock* raw() { return sock_.get(); }

private:
  struct Free {
    void operator()(nl_sock* s) const { nl_socket_free(s); }
  };
  explicit Socket(nl_sock* sock) : sock_(sock) {}
  std::unique_ptr<nl_sock, Free> sock_;
};

} // namespace xtg::net::nl
