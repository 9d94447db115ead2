# `cmake --install`: headers, libraries, find_package(millrace) and the program.
# SPDX-License-Identifier: Apache-2.0
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

target_include_directories(millrace_core PUBLIC $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
set_target_properties(millrace_core PROPERTIES EXPORT_NAME core)
install(TARGETS millrace_core millrace EXPORT millrace)
install(DIRECTORY include/millrace DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
if(MILLRACE_PROGRAM)
  install(TARGETS millrace_program)
endif()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/millrace)
install(EXPORT millrace NAMESPACE millrace:: FILE millrace-targets.cmake DESTINATION ${package_dir})
configure_package_config_file(cmake/millrace-config.cmake.in ${PROJECT_BINARY_DIR}/millrace-config.cmake
  INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor version may break what the one before promised.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/millrace-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES cmake/Findzstd.cmake ${PROJECT_BINARY_DIR}/millrace-config.cmake
  ${PROJECT_BINARY_DIR}/millrace-config-version.cmake
  DESTINATION ${package_dir})
