// SPDX-License-Identifier: BSD-2-Clause
#include "packet/assemble.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

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
  for (const Status& fits : {check_room(out.streams.size(), XTG_MAX_STREAMS, "members"),
                             check_room(out.sizes.size(), XTG_MAX_SIZES, "sizes"),
                             check_room(out.values.size(), XTG_MAX_VALUES, "listed values"),
                             check_room(out.next_hops.size(), XTG_MAX_NEXT_HOPS, "next hops")})
    if (!fits) return tl::unexpected<Error>(fits.error());
  return out;
}

} // namespace xtg::packet
