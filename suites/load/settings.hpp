#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/core/parameter_problems.hpp"
#include "harness/core/parameters.hpp"
#include "harness/measure/arrival.hpp"
#include "suites/load/generator.hpp"
#include "suites/load/judgement.hpp"

namespace sluice::load {

/// The parameters of `load.compare`, typed.
struct Settings {
  Rules rules;
  GeneratorOptions generator;
  measure::Arrival arrival = measure::Arrival::poisson;
  double rate = 100;
  std::chrono::nanoseconds block{0};
  std::chrono::nanoseconds budget{0};
  std::chrono::nanoseconds warmup{0};
};

std::vector<ParameterSpec> compare_parameters();

/// What the budget holds when no answer is late.
struct ExpectedLoad {
  std::uint64_t pairs = 0;     ///< of blocks
  std::uint64_t requests = 0;  ///< to each side
};
ExpectedLoad expected_load(const Settings& settings);

/// What keeps the parameters from leading to a pass whatever the services do: no limit, a budget too short for the
/// pairs, fewer requests than a percentile or the error share needs, or more than fit into memory.
void examine_compare(const Parameters& parameters, ParameterProblems& problems);

/// Throws InputError with all of that.
Settings read_settings(const Parameters& parameters, std::uint64_t seed);

}  // namespace sluice::load
