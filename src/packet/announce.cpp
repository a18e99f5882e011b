// SPDX-License-Identifier: BSD-2-Clause
#include "packet/announce.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <span>

#include "packet/bytes.h"
#include "xtg/abi/announce.h"
#include "xtg/abi/signature.h"

namespace xtg::packet {

namespace {

xtg_sig_announce wire_form(const Announcement& what, std::uint32_t frame_size) {
  xtg_sig_announce out{};
  store_be(out.frames, what.frames);
  store_be(out.driver_drops, what.driver_drops);
  store_be(out.duration_ns, what.duration_ns);
  store_be(out.rate, what.rate_millipps);
  store_be(out.host, what.host);
  store_be(out.clock_error, what.clock_error_ns);
  store_be(out.frame_size, frame_size);
  store_be(out.streams, what.streams);
  store_be(out.threads, what.threads);
  return out;
}

std::uint64_t sum_of(const xtg_sig_announce& form, std::span<const std::uint8_t> signature,
                     const xtg_sip_key& key) {
  std::array<__u64, (XTG_SIG_ANNOUNCE_LEN - XTG_SIG_ANNOUNCE_SUM) / 8> fields{};
  std::array<__u64, XTG_SIG_FULL_LEN / 8> words{};
  std::memcpy(fields.data(), form.frames, sizeof fields);
  std::memcpy(words.data(), signature.data(), sizeof words);
  return xtg_announce_sum(&key, fields.data(), words.data());
}

} // namespace

Result<std::vector<std::uint8_t>> render_announcement(const Frame& stream, const Announcement& what,
                                                      bool reflector, std::uint64_t copy,
                                                      std::uint64_t tx_ns, const xtg_sip_key& key) {
  const std::size_t words = reflector ? XTG_SIG_REFLECTOR_LEN : 0;
  FrameSpec spec = stream.spec;
  spec.payload = Payload::Zeros; // the reflector timestamps
  spec.signature = true;
  spec.frame_size = static_cast<std::uint32_t>(stream.header_len + XTG_SIG_ANNOUNCE_LEN + words +
                                               XTG_SIG_FULL_LEN + kFcsBytes);
  spec.reflector = reflector;
  auto frame = build(spec, stream.sweep);
  if (!frame) return tl::unexpected<Error>(std::move(frame.error()));

  auto bytes = render(*frame, copy, 0, tx_ns);
  // Fields that vary stand as in packet 0, whatever the copy.
  frame->sweep.apply(bytes, 0);
  bytes[frame->signature_offset + offsetof(xtg_sig_full, type)] =
      what.kind == AnnouncementKind::Start ? XTG_SIG_START : XTG_SIG_END;
  const auto all = std::span(bytes);
  const auto mean_size = static_cast<std::uint32_t>(std::lround(stream.mix.mean()));
  xtg_sig_announce form = wire_form(what, mean_size);
  store_be(form.sum, sum_of(form, all.subspan(frame->signature_offset), key));
  std::memcpy(bytes.data() + frame->header_len, &form, sizeof form);
  write_checksums(*frame, bytes);
  return bytes;
}

} // namespace xtg::packet
