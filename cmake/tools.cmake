# Build tools that make the edit loop short; each is used when present and never required.
find_program(SLUICE_CCACHE ccache)
if(SLUICE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Depend mode: what a unit includes is read off the compiler's own list, so that a miss costs no second preprocessing.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_DEPEND=1 "${SLUICE_CCACHE}")
endif()

find_program(SLUICE_MOLD ld.mold)
find_program(SLUICE_LLD ld.lld)
if(SLUICE_MOLD)
  add_link_options(-fuse-ld=mold)
elseif(SLUICE_LLD)
  add_link_options(-fuse-ld=lld)
endif()

if(SLUICE_SANITIZE)
  add_compile_options(-fsanitize=${SLUICE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SLUICE_SANITIZE})
endif()

if(SLUICE_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "SLUICE_FUZZ needs clang++ (ci/setup --tests installs it); configure with `cmake --preset fuzz`")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
