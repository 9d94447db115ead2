# Wrong uses of the fluent API, which the compiler must refuse or warn of.
# SPDX-License-Identifier: Apache-2.0
# does_not_compile(NAME EXPRESSION MESSAGE): the compiler refuses the expression, for the reason given.
function(does_not_compile name expression message)
  add_test(NAME stream_misuse.${name}
    COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -fsyntax-only -I${PROJECT_SOURCE_DIR}/include
            "-DMISUSE=${expression}" ${CMAKE_CURRENT_SOURCE_DIR}/stream_misuse.cpp)
  set_tests_properties(stream_misuse.${name} PROPERTIES PASS_REGULAR_EXPRESSION "${message}")
endfunction()

set(no_member "no member named|has no member")
add_test(NAME stream_misuse.right_order_compiles
  COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -fsyntax-only -I${PROJECT_SOURCE_DIR}/include
          "-DMISUSE=millrace::run(read(\"a\").words().count().every(1s).write(\"-\"))"
          ${CMAKE_CURRENT_SOURCE_DIR}/stream_misuse.cpp)
does_not_compile(words_have_no_sum "read(\"a\").words().sum()" "${no_member}")
does_not_compile(every_before_count "read(\"a\").words().every(1s)" "${no_member}")
does_not_compile(write_before_count "read(\"a\").words().write(\"-\")" "${no_member}")
does_not_compile(count_before_words "read(\"a\").count()" "${no_member}")
does_not_compile(every_after_write "read(\"a\").words().count().write(\"-\").every(1s)" "${no_member}")
does_not_compile(words_of_pairs
  "read(\"a\").map([](std::string_view r) { return std::pair(std::string(r), 1)\\; }).words()" "${no_member}")
does_not_compile(run_without_write "millrace::run(read(\"a\").words().count())" "could not convert|no viable conversion|no matching function")
does_not_compile(start_without_write "millrace::start(read(\"a\").words().count())" "could not convert|no viable conversion|no matching function")
does_not_compile(map_to_nothing "read(\"a\").map([](std::string_view) {})" "no matching")
does_not_compile(map_with_memory
  "read(\"a\").map([n = 0](std::string_view r) mutable { ++n\\; return std::string(r)\\; })" "no matching")
foreach(number double bool std::size_t)
  string(MAKE_C_IDENTIFIER map_to_${number} name)
  does_not_compile(${name}
    "read(\"a\").map([](std::string_view r) { return std::pair(std::string(r), ${number}(1))\\; })" "no matching")
endforeach()

add_test(NAME stream_misuse.dropped_steps
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/stream_discarded.sh ${CMAKE_CURRENT_SOURCE_DIR}/stream_discarded.cpp
          ${CMAKE_CXX_COMPILER} -I${PROJECT_SOURCE_DIR}/include)
