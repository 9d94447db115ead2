# The CUDA compiler, if it is wanted and there is one. Sets MILLRACE_CUDA_FOUND and MILLRACE_CUDA_STATUS.
# SPDX-License-Identifier: Apache-2.0
set(MILLRACE_CUDA AUTO CACHE STRING "Build the CUDA backend: AUTO (if nvcc is found), ON or OFF")
set_property(CACHE MILLRACE_CUDA PROPERTY STRINGS AUTO ON OFF)
set(MILLRACE_CUDA_FOUND FALSE)

if(NOT MILLRACE_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "MILLRACE_CUDA is \"${MILLRACE_CUDA}\": give AUTO, ON or OFF")
endif()
if(MILLRACE_CUDA STREQUAL "OFF")
  set(MILLRACE_CUDA_STATUS "not compiled, switched off")
  message(STATUS "CUDA: ${MILLRACE_CUDA_STATUS}")
  return()
endif()

include(CheckLanguage)
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
  if(MILLRACE_CUDA STREQUAL "ON")
    message(FATAL_ERROR "MILLRACE_CUDA is ON and no nvcc was found: "
                        "install the CUDA toolkit, or name its nvcc with -DCMAKE_CUDA_COMPILER=PATH")
  endif()
  set(MILLRACE_CUDA_STATUS "not compiled, no toolkit")
  message(STATUS "CUDA: ${MILLRACE_CUDA_STATUS}")
  return()
endif()

# Machine code for the large generations; the others (from 7.5 on) compile the nearest PTX when they start.
if(DEFINED CMAKE_CUDA_ARCHITECTURES)
  set(millrace_cuda_test_architectures ${CMAKE_CUDA_ARCHITECTURES})
else()
  set(CMAKE_CUDA_ARCHITECTURES 75-virtual 80-real 90-real 100-real 120)
  set(millrace_cuda_test_architectures 75-virtual 90-real)  # of code that is not shipped
endif()
enable_language(CUDA)
find_package(CUDAToolkit REQUIRED)
set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
# CMake before 3.26 does not know that newer toolkits take C++20.
if(CMAKE_VERSION VERSION_LESS 3.26 AND NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
endif()
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(MILLRACE_CUDA_FOUND TRUE)
set(MILLRACE_CUDA_STATUS "toolkit ${CMAKE_CUDA_COMPILER_VERSION}")
message(STATUS "CUDA: ${MILLRACE_CUDA_STATUS}, ${CMAKE_CUDA_COMPILER}")
