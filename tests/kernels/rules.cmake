# SPDX-License-Identifier: Apache-2.0
# check_kernels: every kernel the processor has, against the references; --bench times them.
file(GLOB check_sources CONFIGURE_DEPENDS kernels/check_*.c)
add_executable(check_kernels ${check_sources})
target_include_directories(check_kernels PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
target_compile_definitions(check_kernels PRIVATE SOURCE_DIR="${PROJECT_SOURCE_DIR}")
target_link_libraries(check_kernels PRIVATE solder_flags solder_runtime_static)
add_test(NAME check_kernels COMMAND check_kernels)
add_test(NAME check_kernels_avx2 COMMAND check_kernels --cpu avx2)
add_test(NAME check_kernels_portable COMMAND check_kernels --cpu x86-64)
