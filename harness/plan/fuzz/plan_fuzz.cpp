#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "harness/plan/fuzz/plan_property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string violation = sluice::plan::fuzz::violation_by_plan({reinterpret_cast<const char*>(data), size});
  if (violation.empty()) return 0;
  std::fprintf(stderr, "violated: %s\n", violation.c_str());
  std::abort();
}
