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

# Recorded cases: every folder here is one command line with what it must say.
if(TARGET solder_command)
  add_executable(case_data ${CMAKE_CURRENT_LIST_DIR}/case_data.c)
  target_link_libraries(case_data PRIVATE solder_cli)
  file(GLOB cases CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*/cmd)
  foreach(case ${cases})
    get_filename_component(folder ${case} DIRECTORY)
    get_filename_component(name ${folder} NAME)
    add_test(NAME cli_${name} COMMAND ${CMAKE_CURRENT_LIST_DIR}/run-case ${folder})
    set_tests_properties(cli_${name} PROPERTIES ENVIRONMENT
      "SOLDER=$<TARGET_FILE:solder_command>;CASE_DATA=$<TARGET_FILE:case_data>;ROOT=${PROJECT_SOURCE_DIR}")
  endforeach()
endif()
