# SPDX-License-Identifier: BSD-2-Clause
# cmake -DOUTPUT=page_files.cpp "-DFILES=PATH|TYPE|FILE;..." -P embed_page.cmake: files as they are in a list of bytes,
# for src/serve/page.h.
set(texts "")
set(rows "")
foreach(entry IN LISTS FILES)
  string(REPLACE "|" ";" entry "${entry}")
  list(GET entry 0 path)
  list(GET entry 1 type)
  list(GET entry 2 file)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
  string(REGEX REPLACE "((\\\\x..)(\\\\x..)?(\\\\x..)?(\\\\x..)?(\\\\x..)?(\\\\x..)?(\\\\x..)?(\\\\x..)?)" "\"\\1\"\n" bytes
                       "${bytes}")
  string(MAKE_C_IDENTIFIER "${path}" name)
  string(APPEND texts "constexpr char k${name}[] =\n${bytes};\n")
  string(APPEND rows "    {\"${path}\", \"${type}\", {k${name}, sizeof k${name} - 1}},\n")
endforeach()
list(LENGTH FILES count)
if(count EQUAL 0)
  set(body "  return {};\n")
else()
  set(body "  static constexpr std::array<PageFile, ${count}> kFiles{{\n${rows}  }};\n  return kFiles;\n")
endif()
file(WRITE ${OUTPUT} "// Made by embed_page.cmake.
#include \"serve/page.h\"

#include <array>

namespace xtg::serve {
namespace {
${texts}} // namespace

std::span<const PageFile> page_files() {
${body}}

} // namespace xtg::serve
")
