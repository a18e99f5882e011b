# SPDX-License-Identifier: BSD-2-Clause
# The texts beside the program: man page and completion scripts.
if(TARGET xdp-trafficgen)
  xtg_check(man ${XTG_SH} ${CMAKE_CURRENT_LIST_DIR}/man_check.sh $<TARGET_FILE:xdp-trafficgen>
            ${PROJECT_SOURCE_DIR}/man/xdp-trafficgen.8)
  xtg_check(completion ${XTG_SH} ${CMAKE_CURRENT_LIST_DIR}/completion_check.sh $<TARGET_FILE:xdp-trafficgen>)
endif()
xtg_check(man_lint ${XTG_SH} ${CMAKE_CURRENT_LIST_DIR}/man_lint.sh ${PROJECT_SOURCE_DIR}/man/xdp-trafficgen.8)
