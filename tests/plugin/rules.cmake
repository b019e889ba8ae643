# SPDX-License-Identifier: Apache-2.0
# Plugin libraries for the tests: they see the public headers and link against nothing of Solder.
file(GLOB plugin_libraries CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/library/*.c)
foreach(source ${plugin_libraries})
  get_filename_component(name ${source} NAME_WE)
  add_library(plugin_${name} MODULE ${source})
  target_include_directories(plugin_${name} PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(plugin_${name} PRIVATE solder_flags)
  set_target_properties(plugin_${name} PROPERTIES PREFIX "")
endforeach()

# The sample is a test too.
add_test(NAME sample_custom_layer COMMAND sample_custom_layer)
