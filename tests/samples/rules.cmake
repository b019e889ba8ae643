# SPDX-License-Identifier: Apache-2.0
# Tests of whole applications read pictures as the samples do.
foreach(name test_detector test_ultraface)
  target_link_libraries(${name} PRIVATE sample_common)
endforeach()
