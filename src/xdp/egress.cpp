// SPDX-License-Identifier: BSD-2-Clause
#include "xdp/egress.h"

#include <cerrno>
#include <memory>
#include <string_view>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

namespace xtg::xdp {

namespace {

constexpr auto kTcxIngress = static_cast<bpf_attach_type>(46); // BPF_TCX_INGRESS of Linux 6.6

Status attach_classifier(int prog_fd, int ifindex) {
  LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS);
  int error = bpf_tc_hook_create(&hook);
  if (error == -ENOENT)
    return fail(Errc::NotSupported, "this kernel has no clsact queueing discipline (module "
                                    "sch_ingress), which --via tc and receive need before Linux "
                                    "6.6");
  if (error != 0 && error != -EEXIST) return fail_sys(-error, "make a clsact queueing discipline");
  LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = prog_fd);
  error = bpf_tc_attach(&hook, &opts);
  if (error == -ENOENT)
    return fail(Errc::NotSupported, "this kernel has no tc programs (module cls_bpf), which --via "
                                    "tc and receive need before Linux 6.6");
  if (error != 0) return fail_sys(-error, "attach the tc program");
  return {};
}

struct BtfFree {
  void operator()(btf* types) const { btf__free(types); }
};

std::map<std::uint32_t, std::string> read_drop_reasons() {
  constexpr std::string_view kPrefix = "SKB_DROP_REASON_", kOldPrefix = "SKB_";
  std::map<std::uint32_t, std::string> names;
  const std::unique_ptr<btf, BtfFree> types(btf__load_vmlinux_btf());
  if (!types) return names;
  const int id = btf__find_by_name_kind(types.get(), "skb_drop_reason", BTF_KIND_ENUM);
  if (id < 0) return names;
  const btf_type* type = btf__type_by_id(types.get(), static_cast<__u32>(id));
  const struct btf_enum* values = btf_enum(type);
  for (__u32 i = 0; i < btf_vlen(type); i++) {
    std::string_view name = btf__name_by_offset(types.get(), values[i].name_off);
    for (const std::string_view prefix : {kPrefix, kOldPrefix})
      if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    names.emplace(static_cast<std::uint32_t>(values[i].val), name);
  }
  return names;
}

} // namespace

Result<UniqueFd> attach_tcx(int prog_fd, int ifindex, const char* what) {
  constexpr std::uint32_t kBefore = 1U << 3; // BPF_F_BEFORE of Linux 6.6
  LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = kBefore);
  const int fd = bpf_link_create(prog_fd, ifindex, kTcxIngress, &opts);
  if (fd < 0)
    return fail_sys(-fd, fmt::format("attach {} to tc ingress of interface {}", what, ifindex));
  return UniqueFd(fd);
}

Result<UniqueFd> attach_tc_ingress(int prog_fd, int ifindex) {
  if (auto link = attach_tcx(prog_fd, ifindex, "the tc program")) return link;
  if (auto attached = attach_classifier(prog_fd, ifindex); !attached)
    return tl::unexpected<Error>(std::move(attached.error()));
  return UniqueFd();
}

std::string drop_reason_name(std::uint32_t reason) {
  static const auto names = read_drop_reasons();
  const auto name = names.find(reason);
  return name != names.end() ? name->second : fmt::format("reason {}", reason);
}

std::map<std::uint32_t, std::uint64_t> read_counts(int map_fd) {
  std::map<std::uint32_t, std::uint64_t> out;
  __u32 key = 0, next = 0;
  for (__u32* at = nullptr; bpf_map_get_next_key(map_fd, at, &next) == 0; at = &key) {
    __u64 count = 0;
    key = next;
    if (bpf_map_lookup_elem(map_fd, &key, &count) == 0) out[key] = count;
  }
  return out;
}

} // namespace xtg::xdp
