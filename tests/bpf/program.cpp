// SPDX-License-Identifier: BSD-2-Clause
#include "program.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sys/syscall.h>
#include <unistd.h>

// The skeleton names the types of the shared ABI, so that header comes first.
#include "xtg/abi/tx.h"
#include "xtg_bpf.skel.h"

#include "core/clock.h"
#include "packet/assemble.h"
#include "packet/checksum.h"
#include "support/hex.h"
#include "support/sample_spec.h"

namespace xtg::test {

namespace {

constexpr std::uint64_t kCompactMask = (std::uint64_t{1} << 48) - 1;

} // namespace

bool drop_tracing() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  for (const int cap : {CAP_NET_ADMIN, CAP_BPF})
    data[cap / 32].effective = data[cap / 32].permitted |= 1U << (cap % 32);
  return syscall(SYS_capset, &header, data) == 0;
}

void Program::Closer::operator()(xtg_bpf* skeleton) const {
  xtg_bpf::destroy(skeleton);
}

Program::Program(const ProgramSetup& setup)
    : frames_(setup.frames), worker_streams_(setup.worker_streams) {
  libbpf_set_print(nullptr);
  load(setup);
}

Program::~Program() = default;

void Program::load(const ProgramSetup& setup) {
  if (worker_streams_.size() > 1) {
    auto devices = net::IngressDevices::create(static_cast<unsigned>(worker_streams_.size()));
    if (!devices) {
      error_ = devices.error().message();
      return;
    }
    devices_.emplace(std::move(*devices));
  }
  std::vector<packet::EncodedStream> streams;
  for (const packet::Frame& frame : frames_) {
    streams.push_back(packet::encode(frame));
    streams.back().stream.paced = setup.paced ? 1 : 0;
  }
  if (setup.edit) setup.edit(streams);
  auto tables = packet::assemble(std::move(streams));
  if (!tables) {
    error_ = tables.error().message();
    return;
  }
  tables_ = std::move(*tables);
  skel_.reset(xtg_bpf::open(nullptr));
  if (!skel_) {
    error_ = "open";
    return;
  }
  auto& progs = skel_->progs;
  bpf_program* program = progs.xtg_tx_no_perfmon;
  if (setup.which == Which::Multi) program = progs.xtg_tx_multi;
  if (setup.which == Which::Renew) program = progs.xtg_tx_renew;
  if (setup.which == Which::Any) program = progs.xtg_tx_single;
  if (setup.which == Which::Single) {
    const xtg_stream& one = tables_.streams.front();
    program = one.stamp_each != 0 ? progs.xtg_tx_stamp : progs.xtg_tx;
    if (one.n_sizes > 1) program = progs.xtg_tx_sized;
    if (one.plain == 0) program = progs.xtg_tx_single;
  }
  bpf_program* other = nullptr;
  bpf_object__for_each_program(other, skel_->obj) {
    bpf_program__set_autoload(other, other == program);
  }
  auto& config = skel_->rodata->config;
  config.n_workers = static_cast<__u32>(worker_streams_.size());
  config.tai = std::ranges::any_of(tables_.streams, &xtg_stream::stamp_tai) ? 1 : 0;
  config.renew = setup.renew ? 1 : 0;
  config.resend = setup.resend ? 1 : 0;
  if (devices_) config.ingress_base = static_cast<__u32>(devices_->base_ifindex());
  config.n_streams = static_cast<__u32>(frames_.size());
  config.page_len = static_cast<__u32>(tables_.page.size());
  config.n_places = static_cast<__u32>(tables_.places.size());
  config.clean_from = tables_.clean_from;
  std::copy(tables_.streams.begin(), tables_.streams.end(), skel_->rodata->streams);

  if (const int error = load_object(setup.which); error != 0) {
    error_ = fmt::format("load: {}", std::strerror(-error));
    return;
  }
  prog_fd_ = bpf_program__fd(program);
  auto* bss = skel_->bss;
  std::copy(tables_.next_hops.begin(), tables_.next_hops.end(), bss->next_hops);
  std::copy(tables_.values.begin(), tables_.values.end(), bss->listed_values);
  std::copy(tables_.sizes.begin(), tables_.sizes.end(), bss->sizes);
  std::copy(tables_.places.begin(), tables_.places.end(), bss->places);
  std::copy(tables_.page.begin(), tables_.page.end(), bss->page_template);
  control().end_ns = ~__u64{0};
  for (std::size_t i = 0; i < frames_.size(); i++)
    progress(i).total = ~__u64{0};
  every_ = setup.every;
  for (std::size_t i = 0; i < worker_streams_.size(); i++)
    seat(i);
  if (!setup.target) return;
  const __u32 slot = 0;
  const __u32 lo = if_nametoindex("lo");
  if (bpf_map_update_elem(bpf_map__fd(skel_->maps.targets), &slot, &lo, 0) != 0)
    error_ = fmt::format("aim at lo: {}", std::strerror(errno));
}

int Program::load_object(Which which) {
  if (which != Which::NoPerfmon) return xtg_bpf::load(skel_.get());
  int error = -EPERM;
  std::jthread([&] {
    if (drop_tracing()) error = xtg_bpf::load(skel_.get());
  }).join();
  return error;
}

void Program::seat(std::size_t worker_id) {
  xtg_tx_worker& w = worker(worker_id);
  w = {};
  w.number = static_cast<__u16>(worker_id);
  w.batch = 1;
  for (std::size_t i = 0; i < frames_.size(); i++) {
    xtg_tx_cursor& c = cursor(worker_id, i);
    c = {};
    c.first_u64 = skel_->rodata->streams[i].header[0];
    c.worker_u64 = packet::worker_u64(frames_[i].signature, static_cast<std::uint8_t>(worker_id));
    c.value_seq = ~__u64{0};
    c.slot_frames = 1;
    c.batch_slots = 1;
    if (every_ || i == worker_streams_[worker_id]) continue;
    c.done = 1; // another thread's
    w.n_done++;
  }
}

Outcome Program::run(std::size_t worker_id, std::size_t page_len) {
  Outcome out;
  // A page as it comes back: of the streams' payloads what no frame wrote over, else garbage.
  std::vector<std::uint8_t> page(page_len != 0 ? page_len : tables_.page.size());
  for (std::uint8_t& byte : page)
    byte = static_cast<std::uint8_t>(garbage_());
  const auto longest_header = std::ranges::max(tables_.streams, {}, &xtg_stream::copy_u64s);
  std::size_t from = longest_header.copy_u64s * 8 + longest_header.copy_tail;
  for (const packet::Frame& frame : frames_)
    from = std::min<std::size_t>(from, frame.header_len);
  for (std::size_t i = from; i < std::min(page.size(), tables_.page.size()); i++)
    page[i] = tables_.page[i];
  const auto spoil = [&](std::size_t at, std::size_t end) {
    for (; at < std::min(page.size(), end); at++)
      page[at] = static_cast<std::uint8_t>(garbage_());
  };
  for (const xtg_stream& s : tables_.streams) {
    spoil(0, frames_[static_cast<std::size_t>(&s - tables_.streams.data())].header_len);
    if (s.sig_form == XTG_SIG_NONE) continue;
    // The signature, and the timestamps that a reflector wrote into the page before.
    if (s.n_sizes <= 1) spoil(s.reflector_off != 0 ? s.reflector_off : s.sig_off, s.frame_len);
    for (std::uint32_t i = 0; s.n_sizes > 1 && i < s.n_sizes; i++) {
      const xtg_size& size = tables_.sizes[s.size_base + i];
      spoil(s.reflector_off != 0 ? size.reflector_off : size.sig_off, size.frame_len);
    }
  }
  constexpr std::size_t kMostMetadata = 32;
  out.bytes.resize(kMostMetadata + page.size());

  xdp_md context{};
  context.data_end = static_cast<__u32>(page.size());
  if (devices_)
    context.ingress_ifindex =
        static_cast<__u32>(devices_->base_ifindex() + static_cast<int>(worker_id));
  bpf_test_run_opts opts{};
  opts.sz = sizeof opts;
  opts.data_in = page.data();
  opts.data_size_in = static_cast<__u32>(page.size());
  opts.data_out = out.bytes.data();
  opts.data_size_out = static_cast<__u32>(out.bytes.size());
  opts.ctx_in = &context;
  opts.ctx_size_in = sizeof context;
  xdp_md after{};
  opts.ctx_out = &after;
  opts.ctx_size_out = sizeof after;
  opts.repeat = 1;
  const auto call = [&]() -> Status {
    out.before_ns = monotonic_ns();
    const int failed = bpf_prog_test_run_opts(prog_fd_, &opts);
    const int error = errno;
    out.after_ns = monotonic_ns();
    if (failed != 0) return fail_sys(error, "run the program");
    return {};
  };
  const Status ran = devices_ ? devices_->run(call) : call();
  EXPECT_TRUE(ran) << ran.error().message();
  out.action = opts.retval;
  out.metadata = after.data - after.data_meta; // which comes out first
  out.bytes.resize(opts.data_size_out);
  out.bytes.erase(out.bytes.begin(), out.bytes.begin() + out.metadata);
  return out;
}

xtg_tx_worker& Program::worker(std::size_t worker_id) const {
  return skel_->bss->workers[worker_id];
}
xtg_tx_cursor& Program::cursor(std::size_t worker_id, std::size_t stream) const {
  return skel_->bss->cursors[worker_id][stream];
}
xtg_stream_progress& Program::progress(std::size_t stream) const {
  return skel_->bss->progress[stream];
}
xtg_tx_control& Program::control() const {
  return skel_->bss->control;
}
std::vector<std::uint64_t> Program::release_delay(std::size_t worker_id) const {
  const auto& cells = skel_->bss->release_delay[worker_id];
  return {std::begin(cells), std::end(cells)};
}
std::uint64_t Program::attempts(std::size_t worker_id) const {
  const xtg_tx_worker& w = worker(worker_id);
  std::uint64_t claimed = 0;
  for (std::size_t i = 0; i < frames_.size(); i++)
    claimed += cursor(worker_id, i).claimed;
  return claimed - (w.send_end - w.seq);
}

std::uint64_t sent_at(const Outcome& out) {
  const auto signature = packet::find_signature(out.bytes);
  if (!signature) return 0;
  if (signature->form == packet::SignatureForm::Full) return signature->tx_ns;
  // No frame of a test is older than the 78 hours after which the compact form's clock wraps.
  return out.after_ns - ((out.after_ns - signature->tx_ns) & kCompactMask);
}

testing::AssertionResult sends(const Outcome& out, const packet::Frame& frame, std::uint64_t k,
                               std::uint8_t worker_id, std::uint64_t not_before_ns) {
  if (out.action != XDP_REDIRECT) return testing::AssertionFailure() << "action " << out.action;
  const std::uint64_t tx_ns = sent_at(out);
  const auto expected = packet::render(frame, k, worker_id, tx_ns);
  if (out.bytes != expected) {
    return testing::AssertionFailure() << "packet " << k << "\n  is        " << to_hex(out.bytes)
                                       << "\n  should be " << to_hex(expected);
  }
  if (frame.signature == packet::SignatureForm::None) return testing::AssertionSuccess();
  if (tx_ns < not_before_ns || tx_ns > out.after_ns) {
    return testing::AssertionFailure() << "send time " << tx_ns << " is not between "
                                       << not_before_ns << " and " << out.after_ns;
  }
  return testing::AssertionSuccess();
}

testing::AssertionResult sends(const Outcome& out, const packet::Frame& frame, std::uint64_t k,
                               std::uint8_t worker_id) {
  return sends(out, frame, k, worker_id, out.before_ns);
}

packet::FrameSpec plain_spec(packet::Family family, std::uint32_t size) {
  packet::FrameSpec spec = sample_spec(family, size);
  spec.payload = packet::Payload::Pattern;
  return spec;
}

packet::Frame plain_frame(std::uint32_t size, packet::Sweep sweep) {
  return packet::build(plain_spec(packet::Family::V4, size), std::move(sweep)).value();
}

packet::Field vary(packet::FieldKind kind, std::uint64_t first, std::uint64_t count) {
  packet::Field field;
  field.kind = kind;
  field.first = first;
  field.count = count;
  return field;
}

} // namespace xtg::test
