# Warning flags for our own code.
# SPDX-License-Identifier: Apache-2.0
add_compile_options(-Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
                    -Woverloaded-virtual -Wold-style-cast -Wcast-qual)
if(MILLRACE_WERROR)
  add_compile_options(-Werror)
endif()
