// SPDX-License-Identifier: BSD-2-Clause
// Writes a capture with signatures in all forms and places, for tests/check/dissector.sh.
#include <cstdint>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "packet/announce.h"
#include "packet/bytes.h"
#include "packet/frame.h"
#include "packet/pcap.h"
#include "support/sample_spec.h"
#include "xtg/abi/signature.h"

namespace {

using namespace xtg::packet;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t kTxNs = 0x1234'5678'9abc'def0;

FrameSpec spec(Family family, std::uint32_t size) {
  FrameSpec s = xtg::test::sample_spec(family, size);
  s.run_id = 0xdeadbeef;
  s.stream = 0x1fe;
  return s;
}

FrameSpec v4(std::uint32_t size) {
  return spec(Family::V4, size);
}

Bytes rendered(const FrameSpec& s, std::uint64_t k) {
  return render(build(s, {}).value(), k, 5, kTxNs);
}

/// The frame behind outer IPv4 and VXLAN (protocol 17) or GRE (47).
/// (47).
Bytes tunnelled(const Bytes& inner, std::uint8_t protocol) {
  Bytes shim{0, 0, 0x65, 0x58}; // GRE, transparent Ethernet
  if (protocol == 17) {
    const auto length = static_cast<std::uint16_t>(16 + inner.size());
    shim = {0xd9,
            3,
            0x12,
            0xb5,
            static_cast<std::uint8_t>(length >> 8),
            static_cast<std::uint8_t>(length),
            0,
            0,
            8,
            0,
            0,
            0,
            0,
            0,
            7,
            0};
  }
  const auto total = static_cast<std::uint16_t>(20 + shim.size() + inner.size());
  Bytes frame{2,
              0,
              0,
              0,
              0,
              4,
              2,
              0,
              0,
              0,
              0,
              3,
              8,
              0,
              0x45,
              0,
              static_cast<std::uint8_t>(total >> 8),
              static_cast<std::uint8_t>(total),
              0,
              0,
              0,
              0,
              64,
              protocol,
              0,
              0,
              10,
              0,
              0,
              1,
              10,
              0,
              0,
              2};
  frame.insert(frame.end(), shim.begin(), shim.end());
  frame.insert(frame.end(), inner.begin(), inner.end());
  return frame;
}

Bytes followed_by(Bytes frame, std::size_t zeros) {
  frame.resize(frame.size() + zeros);
  return frame;
}

/// The end of a run of the 64-byte stream.
Bytes announced(bool reflector) {
  Announcement what;
  what.kind = AnnouncementKind::End;
  what.frames = 1'000'000;
  what.driver_drops = 17;
  what.threads = 3;
  return render_announcement(build(v4(64), {}).value(), what, reflector, 2, kTxNs).value();
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: xtg_signature_samples FILE\n";
    return 2;
  }
  FrameSpec each = v4(128);
  each.signature_flags = XTG_SIG_F_STAMP_EACH;
  FrameSpec dns = v4(128);
  dns.dst_port = 53;
  FrameSpec bare = v4(128);
  bare.signature = false;
  Bytes other_version = rendered(v4(128), 10);
  other_version[other_version.size() - 5] += 1;

  // As they come back from a reflector, and an announcement.
  FrameSpec room = v4(128);
  room.reflector = true;
  FrameSpec stamped = room;
  stamped.signature_flags = XTG_SIG_F_STAMP_EACH | XTG_SIG_F_REFLECTED;
  Bytes words = rendered(stamped, 13);
  const auto at = std::span(words).subspan(words.size() - XTG_SIG_FULL_LEN - XTG_SIG_REFLECTOR_LEN);
  store_be(at.subspan(0, 8), 0x0102'0304'0506'0708);
  store_be(at.subspan(8, 8), 1'234'567'890'123'456'789);
  store_be(at.subspan(16, 8), 9'876'543'210'987'654'321U);
  Bytes brief = rendered(v4(64), 14);
  brief.back() |= XTG_SIG_COMPACT_REFLECTED;
  Bytes end = rendered(v4(128), 15);
  end[end.size() - 6] = XTG_SIG_END;

  // Tags, and a mix whose short frames have room for the compact form only.
  FrameSpec tagged = v4(128);
  tagged.tags = {{0x88a8, 0, 200}, {0x8100, 5, 100}};
  FrameSpec mix = v4(64);
  mix.tags = {{0x8100, 0, 7}};
  mix.stream = 0x77;
  mix.frame_size = xtg::packet::SizeLaw::parse("70:1,594:1").value();

  std::vector<TimedFrame> frames;
  for (Bytes& bytes : std::vector<Bytes>{
           rendered(each, 0x1'0000'0001),   // 1 full
           rendered(v4(64), 0x1'0000'0002), // 2 compact
           rendered(spec(Family::V6, 98),
                    3),                         // 3 full, nothing else in the payload
           rendered(spec(Family::V6, 97), 4),   // 4 compact, largest payload
           followed_by(rendered(v4(64), 5), 4), // 5 compact, behind it an FCS
           tunnelled(rendered(v4(128), 6), 17), // 6 full in VXLAN
           tunnelled(rendered(v4(64), 7), 47),  // 7 compact in GRE
           rendered(dns, 8),                    // 8 full on a port of another protocol
           rendered(bare, 9),                   // 9 none
           other_version,                       // 10 none that is known
           followed_by(rendered(spec(Family::V6, 66), 11), 2), // 11 no payload
           rendered(room, 12), // 12 room for a reflector's timestamps
           words,              // 13 the words in it
           brief,              // 14 compact, sent back
           end,                // 15 end of a stream, without its words
           announced(false),   // 16 the end of a run
           announced(true),    // 17 the same with room for a reflector's timestamps
           rendered(tagged, 18),
           rendered(mix, 20), // 19 compact, which makes the next one known
           rendered(mix, 21), // 20 compact in a long frame
       })
    frames.push_back({0, std::move(bytes)});
  if (const auto written = write_pcap(argv[1], frames); !written) {
    std::cerr << written.error().message() << '\n';
    return 1;
  }
  return 0;
}
