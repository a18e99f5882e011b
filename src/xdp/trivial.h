// SPDX-License-Identifier: BSD-2-Clause
// Programs of two instructions, written without a compiler.
#pragma once

#include <array>

#include <linux/bpf.h>

namespace xtg::xdp {

/// return value;
constexpr std::array<bpf_insn, 2> return_constant(int value) {
  bpf_insn move{};
  move.code = BPF_ALU64 | BPF_MOV | BPF_K;
  move.dst_reg = BPF_REG_0;
  move.imm = value;
  bpf_insn exit{};
  exit.code = BPF_JMP | BPF_EXIT;
  return {move, exit};
}

} // namespace xtg::xdp
