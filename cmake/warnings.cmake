# Warning flags for our own code.
# SPDX-License-Identifier: Apache-2.0
set(millrace_warnings -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
                      -Woverloaded-virtual -Wold-style-cast -Wcast-qual
                    # Designated initialisers leave out what has a default.
                    -Wno-missing-field-initializers
                    # g++ 12 sees overlap in "text" + string (its bug 105651).
                    $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
                    # Epoch{1} has an initialiser for each of its members that needs one.
                    $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-braces>
                    $<$<CXX_COMPILER_ID:Clang>:-Wreserved-identifier>)
if(MILLRACE_WERROR)
  list(APPEND millrace_warnings -Werror)
endif()
set(millrace_cuda_warnings -Xcompiler=-Wall,-Wextra,-Wshadow)
if(MILLRACE_WERROR)
  list(APPEND millrace_cuda_warnings -Werror=all-warnings -Xcompiler=-Werror)
endif()
add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:${millrace_warnings}>"
                    "$<$<COMPILE_LANGUAGE:CUDA>:${millrace_cuda_warnings}>")
