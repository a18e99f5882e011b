// SPDX-License-Identifier: BSD-2-Clause
#include "table.h"

#include <algorithm>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/utsname.h>

#include "interrupt.h"

namespace xtg::bench {

namespace {

/// A contestant's values for one column, without missing ones.
std::vector<double> column(const Contestant& contestant, std::size_t number) {
  std::vector<double> out;
  for (const Figures& figures : contestant.turns) {
    if (number < figures.size() && figures[number]) out.push_back(*figures[number]);
  }
  return out;
}

void print_row(const TableSpec& spec, const Contestant& contestant, const Contestant& first) {
  fmt::print("| {} |", contestant.name);
  for (std::size_t i = 0; i < spec.columns.size(); i++) {
    const std::vector<double> values = column(contestant, i);
    if (i == 0 && !contestant.absent.empty()) {
      fmt::print(" {} |{}", contestant.absent, spec.ratio.empty() ? "" : " |");
      continue;
    }
    if (values.empty() || !contestant.absent.empty()) {
      fmt::print(" |");
    } else {
      fmt::print(" {:.{}f} |", median(values), spec.columns[i].digits);
    }
    if (i == 0 && !spec.ratio.empty())
      fmt::print(" {:.3f} |", median_ratio(values, column(first, 0)));
  }
  fmt::print("\n");
}

} // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t mid = values.size() / 2;
  return values.size() % 2 != 0 ? values[mid] : (values[mid - 1] + values[mid]) / 2;
}

double median_ratio(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); i++) {
    if (b[i] > 0) ratios.push_back(a[i] / b[i]);
  }
  return median(std::move(ratios));
}

std::string machine() {
  utsname name{};
  uname(&name);
  std::string cpu = "unknown CPU";
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const auto colon = line.find(": ");
    if (line.rfind("model name", 0) != 0 || colon == std::string::npos) continue;
    cpu = line.substr(colon + 2);
    break;
  }
  return fmt::format("kernel {}, {}, {} CPUs", name.release, cpu,
                     std::thread::hardware_concurrency());
}

std::optional<double> figure(const nlohmann::json& report, const char* pointer) {
  const nlohmann::json::json_pointer place(pointer);
  if (!report.contains(place) || !report.at(place).is_number()) return std::nullopt;
  return report.at(place).get<double>();
}

Status run_table(const TableSpec& spec, std::vector<Contestant>& contestants, unsigned rounds) {
  for (unsigned round = 0; round < rounds; round++) {
    for (Contestant& contestant : contestants) {
      if (!contestant.absent.empty()) continue;
      auto figures = contestant.turn();
      if (interrupted()) return fail(Errc::System, "interrupted");
      if (figures) {
        contestant.turns.push_back(std::move(*figures));
      } else if (contestant.guest) {
        contestant.absent = figures.error().message();
      } else {
        return forward(std::move(figures), contestant.name);
      }
    }
  }
  fmt::print("\n| {} |", spec.title);
  std::string line = "\n|---|";
  for (std::size_t i = 0; i < spec.columns.size(); i++) {
    fmt::print(" {} |", spec.columns[i].name);
    line += "---|";
    if (i != 0 || spec.ratio.empty()) continue;
    fmt::print(" {} |", spec.ratio);
    line += "---|";
  }
  fmt::print("{}", line);
  fmt::print("\n");
  for (const Contestant& contestant : contestants)
    print_row(spec, contestant, contestants[0]);
  std::fflush(stdout);
  return {};
}

} // namespace xtg::bench
