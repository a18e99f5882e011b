// SPDX-License-Identifier: BSD-2-Clause
#include "app/sample_file.h"

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/clock.h"
#include "core/text.h"
#include "core/units.h"

namespace xtg::app {

xtg_rx_sampling sampling_of(const plan::RxSpec& spec) {
  xtg_rx_sampling out{};
  out.verify = spec.verify ? 1 : 0;
  if (spec.pcap_path.empty()) return out;
  const plan::SampleLaw& law = spec.sample;
  out.every = law.every.value_or(0);
  out.first = law.first.value_or(0);
  out.why = (law.every ? XTG_RX_SHOW_EVERY : 0) | (law.first ? XTG_RX_SHOW_FIRST : 0) |
            (law.late ? XTG_RX_SHOW_LATE : 0) | (law.lost ? XTG_RX_SHOW_GAP : 0) |
            (law.duplicate ? XTG_RX_SHOW_DUPLICATE : 0) | (law.corrupt ? XTG_RX_SHOW_CORRUPT : 0);
  return out;
}

std::string sample_comment(const xtg_rx_sample& sample) {
  std::vector<std::string> parts;
  const auto say = [&](unsigned bit, std::string words) {
    if ((sample.why & bit) != 0) parts.push_back(std::move(words));
  };
  say(XTG_RX_SHOW_CORRUPT, "corrupt: wrong checksum");
  say(XTG_RX_SHOW_LATE, "late: after a higher number");
  say(XTG_RX_SHOW_DUPLICATE, "duplicate: its number has arrived before");
  say(XTG_RX_SHOW_GAP,
      fmt::format("lost before it: {}, {:.3f} us since the packet before",
                  with_thousands(sample.gap), static_cast<double>(sample.since_ns) / 1e3));
  say(XTG_RX_SHOW_EVERY, "by its number");
  say(XTG_RX_SHOW_FIRST, "one of the first");
  if ((sample.why & XTG_RX_SHOW_CORRUPT) == 0)
    parts.push_back(fmt::format("number {}", sample.seq));
  return fmt::format("{}", fmt::join(parts, "; "));
}

SampleFile::SampleFile(packet::PcapWriter writer, std::uint64_t epoch_ns)
    : writer_(std::move(writer)), epoch_ns_(epoch_ns) {
  told_.file = writer_.path();
}

Result<SampleFile> SampleFile::create(const std::string& path) {
  auto writer = packet::PcapWriter::create(path);
  if (!writer) {
    if (writer.error().sys == EISDIR)
      return fail(Errc::InvalidArgument,
                  fmt::format("--write-pcap {}: a directory, not a file", xtg::quoted(path)));
    writer.error().code = Errc::InvalidArgument; // the user named the file
    return tl::unexpected<Error>(std::move(writer.error()));
  }
  // Read once, so that setting the clock during the run does not split the capture.
  return SampleFile(std::move(*writer), realtime_ns() - monotonic_ns());
}

Status SampleFile::write(const xtg_rx_sample& sample, std::span<const std::uint8_t> bytes) {
  told_.written++;
  if (sample.captured < sample.length) told_.cut++;
  for (std::size_t i = 0; i < told_.why.size(); i++)
    if ((sample.why >> i & 1) != 0) told_.why[i]++;
  return writer_.write({epoch_ns_ + sample.arrival_ns, bytes, sample.length},
                       sample_comment(sample));
}

Status SampleFile::take(xdp::Receiver& receiver) {
  const std::uint64_t before = told_.written;
  auto taken = receiver.take_samples(
      [this](const xtg_rx_sample& sample, std::span<const std::uint8_t> bytes) {
        return write(sample, bytes);
      });
  told_.lost = receiver.samples_lost();
  if (!taken || told_.written == before) return taken;
  return writer_.flush(); // so that the file can be read during the run
}

Status SampleFile::finish(xdp::Receiver& receiver) {
  std::uint64_t before = 0;
  do { // one pass does not empty a full ring
    before = told_.written;
    if (auto taken = take(receiver); !taken) return taken;
  } while (told_.written != before);
  return writer_.close();
}

} // namespace xtg::app
