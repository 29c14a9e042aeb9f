# Build tools that make the edit loop short; each is used when present and never required.
find_program(SLUICE_CCACHE ccache)
if(SLUICE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${SLUICE_CCACHE}")
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
