# A first configure: without the libraries of tests it succeeds and says so; a parent project gets the library alone.
# SPDX-License-Identifier: Apache-2.0
function(configure source build said)
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${source} -B ${WORK}/${build} -G ${GENERATOR} -DMILLRACE_CUDA=OFF
                          -DCMAKE_CXX_COMPILER=${COMPILER} -DMILLRACE_SOURCE=${SOURCE} ${ARGN}
                  OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE code)
  if(NOT code EQUAL 0 OR NOT output MATCHES "${said}")
    message(FATAL_ERROR "${build}: exit code ${code}, and \"${said}\" is looked for in\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
configure(${SOURCE} bare "Tests: not built, without GTest, rapidcheck \\(scripts/install-packages test\\)"
          -DCMAKE_DISABLE_FIND_PACKAGE_GTest=ON -DCMAKE_DISABLE_FIND_PACKAGE_rapidcheck=ON)
if(EXISTS ${WORK}/bare/tests)
  message(FATAL_ERROR "tests are configured without their libraries")
endif()
configure(${SOURCE} full "Build files have been written")
if(NOT EXISTS ${WORK}/full/tests/CTestTestfile.cmake)
  message(FATAL_ERROR "no tests are configured, though their libraries are there")
endif()
configure(${SOURCE}/tests/configure/parent parent "The library alone")
