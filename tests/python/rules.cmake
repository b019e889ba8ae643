# SPDX-License-Identifier: Apache-2.0
# The Python package's tests: every test_*.py beside this, if the machine has Python. A library with
# a sanitizer in it cannot be loaded into a plain interpreter.
find_program(PYTHON3 python3)
if(PYTHON3 AND NOT SOLDER_SANITIZE AND NOT SOLDER_TSAN AND TARGET solder_command)
  add_executable(python_layout ${CMAKE_CURRENT_LIST_DIR}/layout.c)
  target_link_libraries(python_layout PRIVATE solder_flags solder)
  add_library(python_plugin MODULE ${CMAKE_CURRENT_LIST_DIR}/plugin.c)
  target_include_directories(python_plugin PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(python_plugin PRIVATE solder_flags)
  set_target_properties(python_plugin PROPERTIES PREFIX "")
  file(GLOB python_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/test_*.py)
  foreach(test ${python_tests})
    get_filename_component(name ${test} NAME_WE)
    add_test(NAME python_${name} COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/run.py ${name})
    set_tests_properties(python_${name} PROPERTIES ENVIRONMENT
      "SOLDER_LIBRARY=$<TARGET_FILE:solder>;SOLDER_COMMAND=$<TARGET_FILE:solder_command>;PYTHON_LAYOUT=$<TARGET_FILE:python_layout>;PYTHON_PLUGIN=$<TARGET_FILE:python_plugin>;PYTHONPATH=${PROJECT_SOURCE_DIR}/python;PYTHONDONTWRITEBYTECODE=1;SOLDER_BUILD=${PROJECT_BINARY_DIR}")
  endforeach()
endif()
