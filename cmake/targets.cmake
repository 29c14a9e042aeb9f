# The shapes that every folder uses, so that each CMakeLists.txt says only what is its own.

add_library(sluice_warnings INTERFACE)
target_compile_options(sluice_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wformat=2
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> # g++ 12 sees overlaps in std::string that cannot be (GCC bug 105651)
  -Wno-missing-field-initializers # designated initialisers leave the rest to the defaults on purpose
  $<$<BOOL:${SLUICE_WERROR}>:-Werror>)
if(SLUICE_SANITIZE)
  # What the sanitizers put in hides from g++ 12 that a member is set and that a coroutine's new and delete belong together; and
  # it warns of Asio's fences, which the thread sanitizer does not know.
  target_compile_options(sluice_warnings INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
    $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>
    $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
endif()

# Half the time of a cold build goes to reading the same headers and to instantiating the same templates in every source of a
# library: four sources are compiled as one. A name in one source's anonymous namespace must be the only one of its kind in its
# library; where two need the same function, it has a header.
option(SLUICE_UNITY "Compile the sources of a library four at a time" ON)

# sluice_library(NAME SOURCES... [LINK targets...]): a static library whose headers are included from the project's root.
function(sluice_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINK")
  add_library(${name} STATIC ${arg_UNPARSED_ARGUMENTS})
  if(SLUICE_UNITY)
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 4)
    # g++ takes what stands in an included source for a header's.
    target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  endif()
  target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PUBLIC ${arg_LINK} PRIVATE sluice_warnings)
endfunction()

# sluice_executable(NAME SOURCES... [LINK targets...])
function(sluice_executable name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINK")
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${arg_LINK} sluice_warnings)
endfunction()

# sluice_test(NAME SOURCES... [LINK targets...] [TIMEOUT seconds] [SERIAL]): a GoogleTest program; each of its tests is one CTest
# test. SERIAL: it measures latencies, and another test beside it would void them.
function(sluice_test name)
  if(NOT BUILD_TESTING)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "TIMEOUT" "LINK")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  sluice_executable(${name} ${arg_UNPARSED_ARGUMENTS} LINK ${arg_LINK} GTest::gmock GTest::gtest_main)
  # A test's own code runs once: compiling it without optimisation saves a third of its build time and changes nothing measured.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O0>)
  target_compile_definitions(${name} PRIVATE SLUICE_SOURCE_DIR="${PROJECT_SOURCE_DIR}" SLUICE_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  set(properties TIMEOUT ${arg_TIMEOUT})
  if(arg_SERIAL)
    list(APPEND properties RUN_SERIAL TRUE)
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES ${properties})
endfunction()

# sluice_fuzz_target(NAME SOURCES... [LINK targets...]): a libFuzzer program; only in the fuzz preset, where everything it links is
# built to report what it covers.
function(sluice_fuzz_target name)
  if(NOT SLUICE_FUZZ)
    return()
  endif()
  sluice_executable(${name} ${ARGN})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endfunction()
