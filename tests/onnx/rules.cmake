# SPDX-License-Identifier: Apache-2.0
# ONNX's own tests. Their data is made by scripts/onnx-node-tests; without it the test is skipped.
add_executable(onnx_node_tests onnx/onnx_node_tests.c onnx/node_case.c onnx/node_tensor.c)
target_include_directories(onnx_node_tests PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(onnx_node_tests PRIVATE solder_flags solder_static)
add_test(NAME onnx_node_tests COMMAND onnx_node_tests ${PROJECT_BINARY_DIR}/onnx-data/node
  WORKING_DIRECTORY ${PROJECT_BINARY_DIR})
set_tests_properties(onnx_node_tests PROPERTIES SKIP_RETURN_CODE 77)
