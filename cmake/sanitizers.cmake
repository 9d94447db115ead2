# Sanitizers for the whole tree, chosen by MILLRACE_SANITIZE.
# SPDX-License-Identifier: Apache-2.0
if(MILLRACE_SANITIZE)
  set(millrace_sanitize_flags -fsanitize=${MILLRACE_SANITIZE})
  add_compile_options(${millrace_sanitize_flags} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  add_link_options(${millrace_sanitize_flags})
  if(MILLRACE_SANITIZE MATCHES "address" AND MILLRACE_SANITIZE MATCHES "undefined")
    # What is no object any more AddressSanitizer sees when it is used; asked before each use of a pointer, these
    # three double the time to compile.
    add_compile_options(-fno-sanitize=null,vptr,object-size)
  endif()
  if(MILLRACE_SANITIZE MATCHES thread)
    # TSan does not understand fences. Asio's are an extra: its queues are guarded by mutexes.
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()
