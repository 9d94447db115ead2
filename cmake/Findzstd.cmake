# Zstandard, as it is installed: millrace::zstd. Goes with the package, as who links millrace links it, too.
# SPDX-License-Identifier: Apache-2.0
find_path(MILLRACE_ZSTD_HEADERS zstd.h)
find_library(MILLRACE_ZSTD_LIBRARY zstd)
mark_as_advanced(MILLRACE_ZSTD_HEADERS MILLRACE_ZSTD_LIBRARY)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(zstd
  REQUIRED_VARS MILLRACE_ZSTD_LIBRARY MILLRACE_ZSTD_HEADERS
  REASON_FAILURE_MESSAGE "on Debian it is in the package libzstd-dev")
if(zstd_FOUND AND NOT TARGET millrace::zstd)
  add_library(millrace::zstd UNKNOWN IMPORTED GLOBAL)
  set_target_properties(millrace::zstd PROPERTIES
    IMPORTED_LOCATION ${MILLRACE_ZSTD_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${MILLRACE_ZSTD_HEADERS})
endif()
