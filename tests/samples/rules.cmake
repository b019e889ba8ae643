# SPDX-License-Identifier: Apache-2.0
# Tests of whole applications read pictures as the samples do.
foreach(name test_detector test_ultraface test_mtcnn test_picture test_camera test_tracker test_gallery test_mtcnn_plugins)
  target_link_libraries(${name} PRIVATE sample_common solder_static)
endforeach()
target_link_options(test_camera PRIVATE -Wl,--wrap=ioctl)
