# How the project builds its parts. One folder = one library = one target, and the arrow of
# dependencies is kept by the compiler: a library sees only the headers of what it DEPENDS on.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Relative to the tree, so that one clone finds what another has compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1
    CCACHE_SLOPPINESS=pch_defines,time_macros "${CCACHE_PROGRAM}")
endif()

add_library(mpsec_flags INTERFACE)
target_compile_options(mpsec_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wno-sign-conversion
  -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Wcast-align -Wunused)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 takes std::optional and std::expected for uninitialised when it inlines them; Clang and MSan keep watch.
  target_compile_options(mpsec_flags INTERFACE -Wno-maybe-uninitialized)
  # The libraries are position-independent for the Python module's sake. Nobody replaces their functions at load time,
  # but GCC, unlike Clang, would keep that possible and inline no function that other files can see.
  target_compile_options(mpsec_flags INTERFACE -fno-semantic-interposition)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # libstdc++ 12's own std::stable_partition asks for a buffer in a way that C++17 deprecated.
  target_compile_options(mpsec_flags INTERFACE -Wno-deprecated-declarations)
endif()
if(MPSEC_SANITIZE)
  target_compile_options(mpsec_flags INTERFACE -fsanitize=${MPSEC_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(mpsec_flags INTERFACE -fsanitize=${MPSEC_SANITIZE})
endif()
if(MPSEC_SANITIZE MATCHES "address.*undefined")
  # What lies beyond an object is the address sanitizer's to see. This check, of sizes that the optimiser happens to
  # know, takes an eighth of the time that the libraries are compiled for.
  target_compile_options(mpsec_flags INTERFACE -fno-sanitize=object-size)
endif()
if(MPSEC_FUZZ_ENGINE STREQUAL "libfuzzer")
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "MPSEC_FUZZ_ENGINE=libfuzzer needs Clang, the compiler is ${CMAKE_CXX_COMPILER_ID}: "
      "take the preset 'fuzz'")
  endif()
  target_compile_options(mpsec_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# What tests and the main files of programs are compiled with, last: the engine's own sources keep every check, and
# these keep the address sanitizer. The rest is a third of the time that they take to compile.
add_library(mpsec_test_flags INTERFACE)
if(MPSEC_SANITIZE MATCHES "undefined")
  target_compile_options(mpsec_test_flags INTERFACE -fno-sanitize=undefined)
endif()
if(MPSEC_FUZZ_ENGINE STREQUAL "libfuzzer")
  target_compile_options(mpsec_test_flags INTERFACE -fno-sanitize=fuzzer-no-link)
endif()

# The order of the layers: a library may depend only on those before it.
set(MPSEC_LAYERS base wire crypto wire_ike crypto_openssl crypto_ipsec_mb crypto_open crypto_select ipsec cluster ike handover sim sim_ike sim_cluster sim_scenarios sim_program trace_files
  trace gateway_settings gateway_io gateway_workers gateway_core gateway_control gateway_ctl gateway_program gateway)

# mpsec_library(NAME wire DEPENDS base [LINK fmt::fmt] [PRIVATE_LINK OpenSSL::Crypto] [FOLDER crypto/openssl]
#               [TEST_DEPENDS ...] [TEST_LINK ...] [TEST_LABELS threads])
# Every *.cpp of the folder but *_test.cpp belongs to the library mpsec::NAME, and its headers are
# included as "FOLDER/header.hpp"; every *_test.cpp belongs to the program NAME_test.
function(mpsec_library)
  cmake_parse_arguments(ARG "" "NAME;FOLDER" "DEPENDS;LINK;PRIVATE_LINK;TEST_DEPENDS;TEST_LINK;TEST_LABELS" ${ARGN})
  if(NOT ARG_FOLDER)
    set(ARG_FOLDER ${ARG_NAME})
  endif()
  list(FIND MPSEC_LAYERS ${ARG_NAME} own_rank)
  foreach(dependency ${ARG_DEPENDS})
    list(FIND MPSEC_LAYERS ${dependency} rank)
    if(rank EQUAL -1 OR NOT rank LESS own_rank)
      message(FATAL_ERROR "layering: ${ARG_NAME} may not depend on ${dependency}; the order is ${MPSEC_LAYERS}")
    endif()
  endforeach()

  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")

  set(target mpsec_${ARG_NAME})
  set(layer "${CMAKE_BINARY_DIR}/layers/${ARG_NAME}")
  cmake_path(GET ARG_FOLDER PARENT_PATH parent)
  file(MAKE_DIRECTORY "${layer}/${parent}")
  file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}" "${layer}/${ARG_FOLDER}" SYMBOLIC)

  list(TRANSFORM ARG_DEPENDS PREPEND "mpsec::")
  if(sources)
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} PUBLIC "${layer}")
    target_link_libraries(${target} PUBLIC ${ARG_DEPENDS} ${ARG_LINK} PRIVATE ${ARG_PRIVATE_LINK} mpsec_flags)
    mpsec_borrow_headers(${target} engine ${ARG_NAME})
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE "${layer}")
    target_link_libraries(${target} INTERFACE ${ARG_DEPENDS} ${ARG_LINK})
  endif()
  add_library(mpsec::${ARG_NAME} ALIAS ${target})
  if(tests AND MPSEC_TESTS)
    mpsec_test(NAME ${ARG_NAME}_test SOURCES ${tests} DEPENDS ${ARG_NAME} ${ARG_TEST_DEPENDS} LINK ${ARG_TEST_LINK}
      LABELS ${ARG_TEST_LABELS})
  endif()
endfunction()

# Headers that many files read, read once: with MPSEC_PCH a library that nobody links lends them to all others. It takes
# a third off a build with sanitizers. The presets without it see to it that each file includes what it uses, and that
# a layer reads only what is below it.
# Lenders: "engine" for what stands on the IKE engine; "tests" for tests below it, "engine_tests" for those above.
function(mpsec_lend_headers lender)
  cmake_parse_arguments(ARG "" "" "HEADERS;LINK;OPTIONS" ${ARGN})
  set(target mpsec_${lender}_headers)
  file(WRITE "${CMAKE_BINARY_DIR}/${lender}_headers/lender.cpp" "")
  add_library(${target} STATIC EXCLUDE_FROM_ALL "${CMAKE_BINARY_DIR}/${lender}_headers/lender.cpp")
  target_link_libraries(${target} PRIVATE fmt::fmt mpsec_flags ${ARG_LINK})
  target_compile_options(${target} PRIVATE ${ARG_OPTIONS})
  target_compile_definitions(${target} PRIVATE MPSEC_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    MPSEC_SHARED_DIR="${PROJECT_SOURCE_DIR}/../shared")
  if(lender MATCHES "engine")
    foreach(layer base wire crypto wire_ike crypto_openssl ipsec ike)
      target_include_directories(${target} PRIVATE "${CMAKE_BINARY_DIR}/layers/${layer}")
    endforeach()
  endif()
  target_precompile_headers(${target} PRIVATE ${ARG_HEADERS} <fmt/format.h> <map> <memory> <set> <string> <vector>)
endfunction()

# mpsec_borrow_headers(TARGET LENDER LAYERS...): takes the lender's headers where one of the target's layers, its own
# or one that it depends on, is the IKE engine's or above; "tests" takes what is lent to tests in any case.
function(mpsec_borrow_headers target lender)
  if(NOT MPSEC_PCH)
    return()
  endif()
  set(from "")
  if(lender STREQUAL "tests")
    set(from mpsec_tests_headers)
  endif()
  list(FIND MPSEC_LAYERS ike engine)
  foreach(layer ${ARGN})
    list(FIND MPSEC_LAYERS "${layer}" rank)
    if(rank GREATER_EQUAL engine OR layer STREQUAL "fuzz_support")
      set(from mpsec_engine_headers)
      if(lender STREQUAL "tests")
        set(from mpsec_engine_tests_headers)
      endif()
    endif()
  endforeach()
  if(from)
    target_precompile_headers(${target} REUSE_FROM ${from})
    target_compile_options(${target} PRIVATE -fPIC)  # a program's own -fPIE would not fit what was read for a library
  endif()
endfunction()

# For a library of many small files, whose compiling is reading headers: some of them at a time are one for the compiler.
# Names in their unnamed namespaces must differ. Not where each file is to be seen by itself (MPSEC_TOGETHER).
function(mpsec_compile_together target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${MPSEC_TOGETHER} UNITY_BUILD_BATCH_SIZE 6)
endfunction()

# mpsec_test(NAME wire_test SOURCES a_test.cpp DEPENDS wire LINK extra [LABELS threads]): GoogleTest + RapidCheck.
# The label "threads" puts a test among those that run under the thread sanitizer.
function(mpsec_test)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPENDS;LINK;LABELS" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  set(depends ${ARG_DEPENDS})
  list(TRANSFORM ARG_DEPENDS PREPEND "mpsec::")
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPENDS} ${ARG_LINK} GTest::gmock GTest::gtest_main rapidcheck
    mpsec_flags mpsec_test_flags)
  # The libraries are what is tried; the optimiser's work on templates of the tests is most of a build's time.
  target_compile_options(${ARG_NAME} PRIVATE -O0)
  target_compile_definitions(${ARG_NAME} PRIVATE MPSEC_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    MPSEC_SHARED_DIR="${PROJECT_SOURCE_DIR}/../shared")
  mpsec_borrow_headers(${ARG_NAME} tests ${depends})
  set(labels "")
  if(ARG_LABELS)
    set(labels LABELS "${ARG_LABELS}")
  endif()
  if("threads" IN_LIST ARG_LABELS)
    add_dependencies(tests_with_threads ${ARG_NAME})
  endif()
  if(MPSEC_WHOLE_TEST_PROGRAMS)
    # ci/test_report.py counts the cases.
    add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME} "--gtest_output=xml:${CMAKE_BINARY_DIR}/cases/${ARG_NAME}.xml")
    set_tests_properties(${ARG_NAME} PROPERTIES TIMEOUT 900 ${labels})
  else()
    gtest_discover_tests(${ARG_NAME} DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 300 ${labels})
  endif()
endfunction()

# mpsec_program(NAME mpsec-replay SOURCES main.cpp DEPENDS ipsec LINK CLI11::CLI11)
function(mpsec_program)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPENDS;LINK" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  list(TRANSFORM ARG_DEPENDS PREPEND "mpsec::")
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPENDS} ${ARG_LINK} mpsec_flags mpsec_test_flags)
  if(MPSEC_SANITIZE)
    target_compile_options(${ARG_NAME} PRIVATE -O0)
  endif()
  target_compile_definitions(${ARG_NAME} PRIVATE MPSEC_VERSION="${PROJECT_VERSION}")
  add_dependencies(programs ${ARG_NAME})
endfunction()

# The libraries that a source file asks for in its line "// depends: wire ipsec" (ours by name, others as
# "nlohmann_json::nlohmann_json"). So a fuzz target or a benchmark is one file, and the build finds it.
function(mpsec_depends_of source result)
  file(STRINGS "${source}" line REGEX "^// depends: " LIMIT_COUNT 1)
  if(NOT line)
    message(FATAL_ERROR "${source}: expected a line '// depends: LIBRARY...', as in '// depends: base wire'")
  endif()
  string(REGEX REPLACE "^// depends: *" "" line "${line}")
  separate_arguments(line)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
  set(${result} ${line} PARENT_SCOPE)
endfunction()

# mpsec_fuzz_target(NAME hex SOURCES targets/hex.cpp DEPENDS base [LINK extra])
# The program fuzz_NAME: a libFuzzer binary with the preset "fuzz", else a driver that runs each file it is
# given once. Both replay fuzz/corpus/NAME and fuzz/regressions/NAME in the test fuzz_replay_NAME.
function(mpsec_fuzz_target)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPENDS;LINK" ${ARGN})
  set(target fuzz_${ARG_NAME})
  set(inputs "")
  foreach(kind corpus regressions)
    if(IS_DIRECTORY "${PROJECT_SOURCE_DIR}/fuzz/${kind}/${ARG_NAME}")
      list(APPEND inputs "${PROJECT_SOURCE_DIR}/fuzz/${kind}/${ARG_NAME}")
    endif()
  endforeach()
  if(NOT inputs)
    message(FATAL_ERROR "fuzz target ${ARG_NAME} has no seeds: put some into fuzz/corpus/${ARG_NAME}")
  endif()

  add_executable(${target} ${ARG_SOURCES})
  mpsec_borrow_headers(${target} engine ${ARG_DEPENDS})
  list(TRANSFORM ARG_DEPENDS PREPEND "mpsec::" REGEX "^[a-z0-9_]+$")
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/fuzz")
  target_link_libraries(${target} PRIVATE ${ARG_DEPENDS} ${ARG_LINK} mpsec_flags)
  if(MPSEC_FUZZ_ENGINE STREQUAL "libfuzzer")
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    add_test(NAME fuzz_replay_${ARG_NAME} COMMAND ${target} -runs=0 ${inputs})
  else()
    target_sources(${target} PRIVATE "${PROJECT_SOURCE_DIR}/fuzz/support/replay_main.cpp")
    add_test(NAME fuzz_replay_${ARG_NAME} COMMAND ${target} ${inputs})
  endif()
  set_tests_properties(fuzz_replay_${ARG_NAME} PROPERTIES LABELS fuzz TIMEOUT 120)
endfunction()

# mpsec_benchmark(NAME esp SOURCES micro/esp.cpp DEPENDS ipsec [LINK extra]): the program bench_NAME, Google Benchmark.
function(mpsec_benchmark)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPENDS;LINK" ${ARGN})
  list(TRANSFORM ARG_DEPENDS PREPEND "mpsec::" REGEX "^[a-z0-9_]+$")
  add_executable(bench_${ARG_NAME} ${ARG_SOURCES})
  target_include_directories(bench_${ARG_NAME} PRIVATE "${PROJECT_SOURCE_DIR}/bench")
  target_link_libraries(bench_${ARG_NAME} PRIVATE ${ARG_DEPENDS} ${ARG_LINK} benchmark::benchmark_main
    benchmark::benchmark mpsec_flags)
  target_compile_definitions(bench_${ARG_NAME} PRIVATE MPSEC_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    MPSEC_SHARED_DIR="${PROJECT_SOURCE_DIR}/../shared")
  add_dependencies(programs bench_${ARG_NAME})
endfunction()

# What ci/test needs of the release build: programs, benchmarks, the Python module; the tests run sanitized.
add_custom_target(programs)

enable_testing()
find_package(OpenSSL 3 REQUIRED)
find_package(fmt REQUIRED)
if(MPSEC_TESTS)
  add_custom_target(tests_with_threads)
  include(GoogleTest)
  find_package(GTest REQUIRED)
  find_package(rapidcheck REQUIRED)
  find_package(nlohmann_json REQUIRED)
endif()
if(MPSEC_PCH)
  set(test_headers <gtest/gtest.h> <gmock/gmock.h> <rapidcheck/gtest.h>)
  set(test_links GTest::gmock GTest::gtest_main rapidcheck mpsec_test_flags)
  mpsec_lend_headers(engine HEADERS <ike/engine.hpp>)
  mpsec_lend_headers(tests HEADERS ${test_headers} LINK ${test_links} OPTIONS -O0)
  mpsec_lend_headers(engine_tests HEADERS ${test_headers} <nlohmann/json.hpp> <ike/test_world.hpp>
    LINK ${test_links} OPTIONS -O0)
endif()
