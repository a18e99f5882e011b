// SPDX-License-Identifier: BSD-2-Clause
#include "packet/assemble.h"

#include <algorithm>
#include <map>
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

/// One size of one stream, as a page sees it.
struct Use {
  std::uint32_t frame_len = 0;
  std::uint32_t payload_end = 0; ///< from there on the signature, with what belongs to it
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

std::uint32_t copied(const xtg_stream& s) {
  return s.copy_u64s * 8 + s.copy_tail;
}

/// Every stream writes as much of its template as the longest header takes, so that no other
/// stream's header stays in its payload.
void copy_to(xtg_stream& s, std::uint32_t longest, std::uint32_t shortest_frame) {
  const std::uint32_t bytes = std::min(std::max(copied(s), longest), shortest_frame);
  const std::uint32_t whole = (bytes + 7) / 8 * 8;
  s.copy_u64s = (whole <= shortest_frame ? whole : bytes) / 8;
  s.copy_tail = whole <= shortest_frame ? 0 : bytes % 8 & ~1U;
}

/// Decides what all pages begin as, and what each frame must put right in them.
Status share_page(const std::vector<EncodedStream>& streams, RunTables& out) {
  std::uint32_t longest = 0;
  for (const xtg_stream& s : out.streams)
    longest = std::max(longest, copied(s));
  std::vector<bool> known;
  std::map<std::uint32_t, std::uint32_t> places; // where signatures are -> how long
  std::uint32_t furthest = 0;                    // of all payload
  for (std::size_t i = 0; i < streams.size(); i++) {
    const EncodedStream& one = streams[i];
    const std::vector<Use> uses = uses_of(one);
    std::uint32_t shortest = one.stream.frame_len, payload_end = 0;
    for (const Use& use : uses) {
      shortest = std::min(shortest, use.frame_len);
      payload_end = std::max(payload_end, use.payload_end);
      if (use.payload_end < use.frame_len)
        places[use.payload_end] =
            std::max(places[use.payload_end], use.frame_len - use.payload_end);
    }
    furthest = std::max(furthest, payload_end);
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
  for (EncodedStream& one : streams) {
    xtg_stream& s = one.stream;
    s.size_base += static_cast<__u32>(out.sizes.size());
    s.hop_base += static_cast<__u32>(out.next_hops.size());
    for (std::uint32_t i = 0; i < s.n_fields; i++)
      if (s.fields[i].list != 0) s.fields[i].list += static_cast<__u32>(out.values.size());
    append(out.sizes, one.sizes);
    append(out.values, one.values);
    append(out.next_hops, one.next_hops);
    out.streams.push_back(s);
  }
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
