# SPDX-License-Identifier: BSD-2-Clause
# The Debian package, by CPack: `cmake --build BUILD && cpack --config BUILD/CPackConfig.cmake`. xdp-tools has a program,
# a man page and a package of the full name. So the package's is xdp-trafficgen-ng, its program's xtg, and postinst adds
# the full name where nobody else has it.
set(XTG_MAINTAINER "" CACHE STRING "Who answers for the Debian package: Name <address>; empty: the last commit's author")
set(maintainer ${XTG_MAINTAINER})
if(NOT maintainer)
  set(maintainer "$Format:%an <%ae>$") # by git archive
endif()
if(maintainer MATCHES "Format:")
  execute_process(COMMAND git -c safe.directory=* -C ${PROJECT_SOURCE_DIR} log -1 "--format=%an <%ae>"
                  OUTPUT_VARIABLE maintainer ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
if(NOT maintainer)
  set(maintainer "The xdp-trafficgen authors <xdp-trafficgen@users.noreply.github.com>")
endif()
set(package xdp-trafficgen-ng)
set(files ${CMAKE_CURRENT_BINARY_DIR}/deb)
file(MAKE_DIRECTORY ${files})
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC) # or that of SOURCE_DATE_EPOCH
configure_file(changelog.in ${files}/changelog @ONLY)
configure_file(copyright ${files}/copyright COPYONLY)

add_custom_command(OUTPUT ${files}/xtg VERBATIM DEPENDS xdp-trafficgen
  COMMAND ${CMAKE_STRIP} --remove-section=.comment --remove-section=.note -o ${files}/xtg $<TARGET_FILE:xdp-trafficgen>)
foreach(shell IN ITEMS bash zsh fish)
  add_custom_command(OUTPUT ${files}/completion.${shell} DEPENDS ${files}/xtg VERBATIM
    COMMAND sh -c "'${files}/xtg' completion ${shell} >'${files}/completion.${shell}'")
endforeach()
set(manual ${PROJECT_SOURCE_DIR}/man/xdp-trafficgen.8)
set(changes ${PROJECT_SOURCE_DIR}/CHANGELOG.md)
add_custom_command(OUTPUT ${files}/xtg.8.gz DEPENDS ${manual} VERBATIM
  COMMAND sh -c "sed -f '${CMAKE_CURRENT_SOURCE_DIR}/short_name.sed' '${manual}' | gzip -9n >'${files}/xtg.8.gz'")
add_custom_command(OUTPUT ${files}/changelog.gz DEPENDS ${changes} VERBATIM
  COMMAND sh -c "gzip -9nc '${changes}' >'${files}/changelog.gz'")
add_custom_command(OUTPUT ${files}/changelog.Debian.gz DEPENDS ${files}/changelog VERBATIM
  COMMAND sh -c "gzip -9nc '${files}/changelog' >'${files}/changelog.Debian.gz'")
add_custom_target(deb_files ALL DEPENDS ${files}/xtg ${files}/completion.bash ${files}/completion.zsh
  ${files}/completion.fish ${files}/xtg.8.gz ${files}/changelog.gz ${files}/changelog.Debian.gz)

set(program /usr/bin/xtg) # the full name may be that of xdp-tools
set(page xtg)
configure_file(${PROJECT_SOURCE_DIR}/systemd/xdp-trafficgen.service.in ${files}/xdp-trafficgen.service @ONLY)
file(WRITE ${files}/conffiles "/etc/default/xdp-trafficgen\n")

function(xtg_deb_install kind folder)
  install(${kind} ${ARGN} DESTINATION ${folder} COMPONENT deb EXCLUDE_FROM_ALL)
endfunction()
xtg_deb_install(PROGRAMS usr/bin ${files}/xtg)
xtg_deb_install(FILES usr/share/man/man8 ${files}/xtg.8.gz)
xtg_deb_install(FILES usr/share/bash-completion/completions ${files}/completion.bash RENAME xtg)
xtg_deb_install(FILES usr/share/zsh/vendor-completions ${files}/completion.zsh RENAME _xtg)
xtg_deb_install(FILES usr/share/fish/vendor_completions.d ${files}/completion.fish RENAME xtg.fish)
xtg_deb_install(FILES usr/share/doc/${package} ${files}/copyright ${files}/changelog.gz ${files}/changelog.Debian.gz)
xtg_deb_install(FILES usr/share/${package} ${PROJECT_SOURCE_DIR}/man/xdp-trafficgen.schema.json
  ${PROJECT_SOURCE_DIR}/man/xdp-trafficgen-profile.schema.json ${PROJECT_SOURCE_DIR}/scripts/xtg-signature.lua)
xtg_deb_install(FILES lib/systemd/system ${files}/xdp-trafficgen.service
  ${PROJECT_SOURCE_DIR}/systemd/xdp-trafficgen.socket)
xtg_deb_install(FILES etc/default ${PROJECT_SOURCE_DIR}/systemd/xdp-trafficgen.default RENAME xdp-trafficgen)

set(CPACK_GENERATOR DEB)
set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};${PROJECT_NAME};deb;/")
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_PACKAGE_NAME ${package})
set(CPACK_PACKAGE_VENDOR "")
set(CPACK_PACKAGE_CONTACT ${maintainer})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "traffic generator and receiver in XDP, with exact counts")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Sends millions of UDP packets per second and core, or fills TCP
connections, from within the kernel, and measures loss, order, delay and
jitter of every packet at the far end.
.
The command is xtg. It is also xdp-trafficgen, unless xdp-tools is
installed: that has another program of that name.")
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "wireshark-common")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/postinst ${CMAKE_CURRENT_SOURCE_DIR}/prerm
    ${CMAKE_CURRENT_SOURCE_DIR}/triggers ${files}/conffiles)
set(CPACK_OUTPUT_CONFIG_FILE ${PROJECT_BINARY_DIR}/CPackConfig.cmake)
include(CPack)
