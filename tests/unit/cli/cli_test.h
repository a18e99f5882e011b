// SPDX-License-Identifier: BSD-2-Clause
// Command lines to requests or messages, for the tests of every command.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "cli/cli.h"

namespace xtg::cli {

using Args = std::vector<std::string>;

inline std::string shown(const Args& args) {
  std::string text;
  for (const auto& arg : args)
    text += (text.empty() ? "" : " ") + arg;
  return text;
}

inline Args operator+(Args left, const Args& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

template <class T>
T parsed(const Args& args) {
  auto request = parse(args);
  if (!request) {
    ADD_FAILURE() << shown(args) << ": " << request.error().message();
    return {};
  }
  const auto* test = std::get_if<spec::Test>(&*request);
  if (test == nullptr) {
    ADD_FAILURE() << shown(args) << ": a text";
    return {};
  }
  const T* spec = std::get_if<T>(&test->of);
  if (spec == nullptr) {
    ADD_FAILURE() << shown(args) << ": another kind of test";
    return {};
  }
  return *spec;
}

/// The message of a command line that has to be refused.
inline std::string refused(const Args& args) {
  const auto request = parse(args);
  if (request) {
    ADD_FAILURE() << shown(args) << ": accepted";
    return {};
  }
  EXPECT_EQ(request.error().code, Errc::InvalidArgument) << shown(args);
  EXPECT_EQ(request.error().what.find('\n'), std::string::npos) << shown(args);
  return request.error().what;
}

struct BadCase {
  Args args;
  std::vector<std::string> parts; ///< of the message: the option, the value, what is accepted
};

inline void expect_refused(const std::vector<BadCase>& cases) {
  for (const auto& [args, parts] : cases) {
    const std::string message = refused(args);
    for (const auto& part : parts)
      EXPECT_NE(message.find(part), std::string::npos)
          << shown(args) << "\n  says: " << message << "\n  without: " << part;
  }
}

} // namespace xtg::cli
