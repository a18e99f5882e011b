# SPDX-License-Identifier: BSD-2-Clause
# cmake -DSOURCE_DIR=... -DOUTPUT=... [-DOBJECTS=...] [-DLIBRARIES=...] -P build_info.cmake: writes what --version says of
# this build. It runs in every build, and leaves the file alone where nothing has changed. The commit is git's, or what
# git archive wrote into this file; a git repository around an unpacked archive is not asked.
set(archived "$Format:%H$")
set(commit "")
set(git git -c safe.directory=* -C ${SOURCE_DIR})
execute_process(COMMAND ${git} rev-parse --show-toplevel OUTPUT_VARIABLE top ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
file(REAL_PATH "${SOURCE_DIR}" source)
if(top STREQUAL source)
  execute_process(COMMAND ${git} describe --always --abbrev=12 --exclude=* --dirty
                  OUTPUT_VARIABLE commit ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
else()
  string(REGEX MATCH "^[0-9a-f]+" commit "${archived}")
  string(SUBSTRING "${commit}" 0 12 commit)
endif()

# Sections that hold programs; an ELF string table keeps "xdp" within ".relxdp".
set(programs "")
foreach(object IN LISTS OBJECTS)
  file(STRINGS ${object} sections REGEX "^\\.rel(xdp|tc|tcx|iter|tp_btf|fentry|fexit|kprobe|tracepoint|classifier)([/.][a-z/._]+)?$")
  list(APPEND programs ${sections})
endforeach()
list(TRANSFORM programs REPLACE "^\\.rel" "")
list(REMOVE_DUPLICATES programs)
list(SORT programs)
list(JOIN programs ", " programs)

set(text "// Made by packaging/build_info.cmake.
#include \"core/version.h\"

namespace xtg {
const char* const kCommit = \"${commit}\";
const char* const kKernelPrograms = \"${programs}\";
const char* const kLibraries = \"${LIBRARIES}\";
} // namespace xtg
")
set(before "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} before)
endif()
if(NOT text STREQUAL before)
  file(WRITE ${OUTPUT} "${text}")
endif()
