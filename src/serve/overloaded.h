// SPDX-License-Identifier: BSD-2-Clause
// std::visit with a handler for each alternative. Internal to serve.
#pragma once

namespace xtg::serve {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>; // clang 14 deduces none for aggregates

} // namespace xtg::serve
