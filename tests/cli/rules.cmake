# SPDX-License-Identifier: Apache-2.0
# The command's own sources as a library for its unit tests.
if(TARGET solder_command)
  file(GLOB cli_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cli/*.c)
  list(FILTER cli_sources EXCLUDE REGEX "/(main|page|cmd_[a-z]+)\\.c$")
  add_library(solder_cli STATIC ${cli_sources})
  target_include_directories(solder_cli PUBLIC ${PROJECT_SOURCE_DIR}/cli ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(solder_cli PUBLIC solder_flags solder_static
    PkgConfig::JANSSON PkgConfig::TURBOJPEG PkgConfig::PNG m)
  file(GLOB cli_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/test_cli_*.c)
  foreach(source ${cli_tests})
    get_filename_component(name ${source} NAME_WE)
    target_link_libraries(${name} PRIVATE solder_cli)
  endforeach()
endif()
