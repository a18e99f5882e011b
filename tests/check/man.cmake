# SPDX-License-Identifier: BSD-2-Clause
# The texts beside the program: man page and completion scripts.
find_program(XTG_PYTHON3 python3 REQUIRED)
if(TARGET xdp-trafficgen)
  xtg_check(man ${XTG_SH} ${CMAKE_CURRENT_LIST_DIR}/man_check.sh $<TARGET_FILE:xdp-trafficgen>
            ${PROJECT_SOURCE_DIR}/man/xdp-trafficgen.8)
  xtg_check(profiles ${XTG_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/profiles.py
            ${PROJECT_SOURCE_DIR}/man/xdp-trafficgen-profile.schema.json $<TARGET_FILE:xdp-trafficgen>)
  xtg_check(html_report ${XTG_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/html_report_check.py $<TARGET_FILE:xdp-trafficgen>
            $<TARGET_FILE:xtg_report_samples> ${CMAKE_CURRENT_BINARY_DIR}/html)
  xtg_check(install ${XTG_SH} ${CMAKE_CURRENT_LIST_DIR}/install.sh ${CMAKE_COMMAND} ${PROJECT_BINARY_DIR})
  xtg_check(completion ${XTG_SH} ${CMAKE_CURRENT_LIST_DIR}/completion_check.sh $<TARGET_FILE:xdp-trafficgen>)
endif()
xtg_check(generated ${XTG_SH} ${CMAKE_CURRENT_LIST_DIR}/generated.sh $<TARGET_FILE:xtg_generate> ${PROJECT_SOURCE_DIR}/man)
xtg_check(man_lint ${XTG_SH} ${CMAKE_CURRENT_LIST_DIR}/man_lint.sh ${PROJECT_SOURCE_DIR}/man/xdp-trafficgen.8)
