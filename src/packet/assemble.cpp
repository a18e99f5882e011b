// SPDX-License-Identifier: BSD-2-Clause
#include "packet/assemble.h"

#include <algorithm>
#include <map>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "packet/plain.h"

namespace xtg::packet {

namespace {

Status check_room(std::size_t used, std::size_t room, std::string_view what) {
  if (used <= room) return {};
  return fail(Errc::InvalidArgument,
              fmt::format("the streams have {} {}: at most {} are kept", used, what, room));
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

/// One frame size of one stream, and what it leaves on a page.
struct Use {
  std::uint32_t frame_len = 0;
  std::uint32_t payload_end = 0; ///< the signature, and what belongs to it, starts here
};

std::vector<Use> uses_of(const EncodedStream& one) {
  const xtg_stream& s = one.stream;
  const auto use = [&s](std::uint32_t len, std::uint32_t sig, std::uint32_t reflector) {
    if (s.sig_form == XTG_SIG_NONE) return Use{len, len};
    return Use{len, s.reflector_off != 0 ? reflector : sig};
  };
  if (one.sizes.empty()) return {use(s.frame_len, s.sig_off, s.reflector_off)};
  std::vector<Use> out;
  for (const xtg_size& size : one.sizes)
    out.push_back(use(size.frame_len, size.sig_off, size.reflector_off));
  return out;
}

constexpr std::uint32_t kLongestTail = XTG_SIG_REFLECTOR_LEN + XTG_SIG_FULL_LEN;

/// Signature and reflector's bytes.
std::uint32_t tail_of(const xtg_stream& s) {
  if (s.sig_form == XTG_SIG_NONE) return 0;
  return (s.sig_form == XTG_SIG_FULL ? XTG_SIG_FULL_LEN : XTG_SIG_COMPACT_LEN) +
         (s.reflector_off != 0 ? XTG_SIG_REFLECTOR_LEN : 0);
}

std::uint32_t copied(const xtg_stream& s) {
  return s.copy_u64s * 8 + s.copy_tail;
}

/// Every stream writes as much of its template as the longest header needs, so that no bytes of
/// another stream's header remain in its payload.
void copy_to(xtg_stream& s, std::uint32_t longest, std::uint32_t shortest_frame) {
  const std::uint32_t bytes = std::min(std::max(copied(s), longest), shortest_frame);
  const std::uint32_t whole = (bytes + 7) / 8 * 8;
  s.copy_u64s = (whole <= shortest_frame ? whole : bytes) / 8;
  s.copy_tail = whole <= shortest_frame ? 0 : bytes % 8 & ~1U;
}

/// Length of the largest frame that fits into a page, or of both ends of a longer one.
std::uint32_t page_length(const std::vector<EncodedStream>& streams) {
  std::uint32_t out = 0, header = 0, tail = 0;
  for (const EncodedStream& one : streams) {
    header = std::max(header, (copied(one.stream) + 7) / 8 * 8);
    for (const Use& use : uses_of(one))
      if (use.frame_len <= XTG_FRAME_MAX)
        out = std::max(out, use.frame_len);
      else
        tail = std::max(tail, tail_of(one.stream) + 8);
  }
  return tail != 0 ? std::max(out, header + tail) : out;
}

/// Lets the program write frames that are longer than a page into one (xtg/abi/long.h).
void shorten(xtg_stream& s, std::span<xtg_size> sizes, RunTables& out) {
  const auto extra = [&out](std::uint32_t length) {
    return length > out.page_len ? length - out.page_len : 0;
  };
  xtg_long& one = out.longs.emplace_back();
  one.tail = tail_of(s);
  one.extra = extra(s.frame_len);
  s.frame_len -= one.extra;
  if (s.sig_form != XTG_SIG_NONE) s.sig_off -= one.extra;
  if (s.reflector_off != 0) s.reflector_off -= one.extra;
  for (xtg_size& size : sizes) {
    const auto more = static_cast<__u16>(extra(size.frame_len));
    out.size_extra.push_back(more);
    size.frame_len -= more;
    if (s.sig_form != XTG_SIG_NONE) size.sig_off -= more;
    if (s.reflector_off != 0) size.reflector_off -= more;
  }
}

/// Decides the initial content of all pages, and what each frame must restore in them.
Status share_page(const std::vector<EncodedStream>& streams, RunTables& out) {
  std::uint32_t longest = 0;
  for (const xtg_stream& s : out.streams)
    longest = std::max(longest, copied(s));
  std::vector<bool> known;
  std::map<std::uint32_t, std::uint32_t> places; // signature offsets -> length
  std::uint32_t furthest = 0;                    // largest end of any payload within the page
  for (std::size_t i = 0; i < streams.size(); i++) {
    const EncodedStream& one = streams[i];
    const std::vector<Use> uses = uses_of(one);
    std::uint32_t shortest = one.stream.frame_len, payload_end = 0;
    for (const Use& use : uses) {
      shortest = std::min(shortest, use.frame_len);
      payload_end = std::max(payload_end, use.payload_end);
      const std::uint32_t tail = use.frame_len - use.payload_end;
      const std::uint32_t end = std::min(use.frame_len, out.page_len) - tail; // within the page
      if (tail != 0) places[end] = std::max(places[end], tail);
      furthest = std::max(furthest, end);
    }
    if (one.page.size() > out.page.size()) {
      out.page.resize(one.page.size());
      known.resize(one.page.size());
    }
    copy_to(out.streams[i], longest, shortest);
    for (std::uint32_t at = copied(out.streams[i]); at < payload_end; at++) {
      if (known[at] && out.page[at] != one.page[at])
        return fail(Errc::InvalidArgument,
                    fmt::format("streams with different payloads: stream {} has another byte than "
                                "those before it at {} of its frames; the payloads of one run must "
                                "be the same at the same place",
                                i, at));
      known[at] = true;
      out.page[at] = one.page[at];
    }
  }
  const std::size_t after = out.page_len - std::min(out.page_len, kLongestTail);
  out.fill = out.page.size() > out.page_len &&
             std::any_of(out.page.begin() + static_cast<std::ptrdiff_t>(after), out.page.end(),
                         [](std::uint8_t byte) { return byte != 0; });
  std::erase_if(places, [furthest](const auto& place) { return place.first >= furthest; });
  if (places.empty()) return {};
  out.clean_from = places.begin()->first;
  if (places.size() > XTG_MAX_PLACES) return {};
  for (const auto& [at, length] : places)
    out.places.push_back({static_cast<__u16>(at), static_cast<__u16>((length + 7) / 8)});
  return {};
}

} // namespace

Result<RunTables> assemble(std::vector<EncodedStream> streams) {
  RunTables out;
  std::vector<std::size_t> first_size;
  for (EncodedStream& one : streams) {
    xtg_stream& s = one.stream;
    first_size.push_back(out.sizes.size());
    s.size_base += static_cast<__u32>(out.sizes.size());
    s.hop_base += static_cast<__u32>(out.next_hops.size());
    for (std::uint32_t i = 0; i < s.n_fields; i++)
      if (s.fields[i].list != 0) s.fields[i].list += static_cast<__u32>(out.values.size());
    append(out.sizes, one.sizes);
    append(out.values, one.values);
    append(out.next_hops, one.next_hops);
    out.streams.push_back(s);
  }
  out.page_len = page_length(streams);
  for (std::size_t i = 0; i < streams.size(); i++)
    shorten(out.streams[i], std::span(out.sizes).subspan(first_size[i], streams[i].sizes.size()),
            out);
  if (auto same = share_page(streams, out); !same)
    return tl::unexpected<Error>(std::move(same.error()));
  if (out.streams.size() == 1) make_plain(out.streams.front(), out.sizes);
  for (const Status& fits : {check_room(out.streams.size(), XTG_MAX_STREAMS, "members"),
                             check_room(out.sizes.size(), XTG_MAX_SIZES, "sizes"),
                             check_room(out.values.size(), XTG_MAX_VALUES, "listed values"),
                             check_room(out.next_hops.size(), XTG_MAX_NEXT_HOPS, "next hops")})
    if (!fits) return tl::unexpected<Error>(fits.error());
  return out;
}

} // namespace xtg::packet
