// SPDX-License-Identifier: BSD-2-Clause
// What is generated from the table of options: the JSON Schema of profiles, and the option heads of
// the man page, whose paragraphs are written by hand in xdp-trafficgen.8.in. There "@option NAME"
// stands for the head of an option of the command of the section; its default is put at the end of
// its paragraph.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>
#include <string>

#include "spec/option.h"
#include "spec/profile.h"

namespace {

using xtg::spec::CommandInfo;
using xtg::spec::Option;

std::string mdoc_head(const Option& option) {
  std::string head = ".It";
  if (option.letter != 0) head += std::string(" Fl ") + option.letter;
  if (!option.name.empty()) head += (option.letter != 0 ? " , Fl -" : " Fl -") + option.name;
  if (!option.value.empty()) head += " Ar " + option.value;
  return head;
}

class Page {
public:
  explicit Page(std::ostream& out) : out_(out) {}

  void line(const std::string& text) {
    if (text.starts_with(".Ss ")) section(text.substr(4));
    if (text.starts_with(".Sh ")) section({});
    if (text.starts_with("@option ")) return option(text.substr(8));
    if (text.starts_with(".It ") && depth_ == item_depth_) flush();
    if (text.starts_with(".It Va ")) keys_.insert(text.substr(7));
    if (text.starts_with(".Bl")) depth_++;
    if (text.starts_with(".El") && depth_-- == item_depth_) flush();
    out_ << text << '\n';
  }
  /// Whether every option has its paragraph.
  bool finish() {
    for (const CommandInfo& command : xtg::spec::commands())
      for (const Option& option : command.options) {
        const bool there =
            option.on_argv ? option.plain || seen_.contains(&option) : keys_.contains(option.key);
        if (!there) report_error(command.name + ": " + option.shown() + " has no paragraph");
      }
    return good_;
  }

private:
  void section(const std::string& name) {
    flush();
    command_ = name.empty() ? nullptr : xtg::spec::find_command(name);
  }
  void option(const std::string& name) {
    flush();
    const Option* found =
        command_ == nullptr ? nullptr : command_->by_word((name.size() == 1 ? "-" : "--") + name);
    if (found == nullptr) return report_error("no such option: " + name);
    if (!seen_.insert(found).second) report_error("a second paragraph: " + name);
    out_ << mdoc_head(*found) << '\n';
    fallback_ = found->fallback;
    item_depth_ = depth_;
  }
  void flush() {
    if (!fallback_.empty()) out_ << ".Pq default: " << fallback_ << '\n';
    fallback_.clear();
    item_depth_ = -1;
  }
  void report_error(const std::string& what) {
    std::cerr << "man page: " << what << '\n';
    good_ = false;
  }

  std::ostream& out_;
  const CommandInfo* command_ = nullptr;
  std::string fallback_;
  int depth_ = 0, item_depth_ = -1;
  std::set<const Option*> seen_;
  std::set<std::string> keys_;
  bool good_ = true;
};

int man_page(const char* path) {
  std::ifstream in(path);
  if (!in) {
    std::cerr << path << ": cannot be read\n";
    return EXIT_FAILURE;
  }
  std::ostringstream text;
  Page page(text);
  for (std::string line; std::getline(in, line);)
    page.line(line);
  if (!page.finish()) return EXIT_FAILURE;
  std::cout << text.str();
  return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "schema" && argc == 2) {
    std::cout << xtg::spec::profile_schema();
    return EXIT_SUCCESS;
  }
  if (what == "man" && argc == 3) return man_page(argv[2]);
  std::cerr << "usage: xtg_generate schema | man TEMPLATE\n";
  return EXIT_FAILURE;
}
