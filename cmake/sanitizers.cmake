# Sanitizers for the whole tree, chosen by MILLRACE_SANITIZE.
# SPDX-License-Identifier: Apache-2.0
if(MILLRACE_SANITIZE)
  set(millrace_sanitize_flags -fsanitize=${MILLRACE_SANITIZE})
  add_compile_options(-fsanitize=${MILLRACE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
  add_link_options(${millrace_sanitize_flags})
endif()
