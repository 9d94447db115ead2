# Rooms: one static target for each, which links only what stands below it, so that a wrong arrow does not link.
# SPDX-License-Identifier: Apache-2.0
#
# Presets that no user waits for (sanitizers, clang-tidy, aarch64) compile 16 files of a room as one, which takes much
# less time: a name in an anonymous namespace is that of one thing in the whole room.

# millrace_room(NAME [SOURCES...] [USES room...]) makes millrace_NAME; one of headers alone has no archive.
function(millrace_room name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES" ${ARGN})
  list(TRANSFORM arg_USES PREPEND millrace_)
  if(arg_SOURCES)
    add_library(millrace_${name} STATIC ${arg_SOURCES})
    target_include_directories(millrace_${name}
      PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
      PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(millrace_${name} PUBLIC ${arg_USES} Threads::Threads)
    set_property(GLOBAL APPEND PROPERTY MILLRACE_ROOMS millrace_${name})
  else()
    add_library(millrace_${name} INTERFACE)
    target_link_libraries(millrace_${name} INTERFACE ${arg_USES})
  endif()
endfunction()

# millrace_archive(NAME room...) puts rooms together into one archive, which is what others link and what is installed.
function(millrace_archive name)
  add_library(${name} STATIC)
  foreach(room IN LISTS ARGN)
    target_sources(${name} PRIVATE $<TARGET_OBJECTS:millrace_${room}>)
  endforeach()
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_include_directories(${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
  target_compile_features(${name} PUBLIC cxx_std_20)
endfunction()
