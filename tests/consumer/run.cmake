# Installs BUILD to a fresh place in WORK, builds the consumer against it, runs it.
# SPDX-License-Identifier: Apache-2.0
function(must)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
must(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
must(${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK}/build -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${WORK}/prefix
     -DCMAKE_BUILD_TYPE=${TYPE} -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_FLAGS=${FLAGS})
must(${CMAKE_COMMAND} --build ${WORK}/build)
file(WRITE ${WORK}/text "to be or\nto be\n")
must(${WORK}/build/consumer ${WORK}/text)
if(PROGRAM)
  must(${WORK}/prefix/bin/millrace version)
endif()
