# GoogleTest and rapidcheck: installed, or from .gpu/ on a machine without packages (scripts/gpu-carry).
# SPDX-License-Identifier: Apache-2.0
set(carried ${PROJECT_SOURCE_DIR}/.gpu)

find_package(GTest QUIET)
if(NOT GTest_FOUND)
  set(gtest ${carried}/googletest/googletest)
  set(gmock ${carried}/googletest/googlemock)
  if(NOT EXISTS ${gtest})
    message(FATAL_ERROR "No GoogleTest: run scripts/install-packages test (or aarch64), or scripts/gpu-carry")
  endif()
  add_library(carried_gtest STATIC ${gtest}/src/gtest-all.cc ${gmock}/src/gmock-all.cc)
  target_include_directories(carried_gtest SYSTEM
    PUBLIC ${gtest}/include ${gmock}/include PRIVATE ${gtest} ${gmock})
  target_compile_options(carried_gtest PRIVATE -w)
  target_link_libraries(carried_gtest PUBLIC Threads::Threads)
  add_library(carried_gtest_main STATIC ${gtest}/src/gtest_main.cc)
  target_compile_options(carried_gtest_main PRIVATE -w)
  target_link_libraries(carried_gtest_main PUBLIC carried_gtest)
  add_library(GTest::gtest ALIAS carried_gtest)
  add_library(GTest::gmock ALIAS carried_gtest)
  add_library(GTest::gtest_main ALIAS carried_gtest_main)
endif()

find_package(rapidcheck QUIET)
if(NOT rapidcheck_FOUND)
  if(NOT EXISTS ${carried}/rapidcheck)
    message(FATAL_ERROR "No rapidcheck: run scripts/install-packages test (or aarch64), or scripts/gpu-carry")
  endif()
  add_library(rapidcheck STATIC IMPORTED GLOBAL)
  set_target_properties(rapidcheck PROPERTIES
    IMPORTED_LOCATION ${carried}/rapidcheck/librapidcheck.a
    INTERFACE_INCLUDE_DIRECTORIES ${carried}/rapidcheck/include)
endif()
