#pragma once
#include <chrono>
#include <string>
#include <vector>

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

/// Throws InputError when the parameters cannot lead to a pass whatever the services do: no limit, a budget too short
/// for the pairs, fewer requests than a percentile or the error share needs, or more than fit into memory.
Settings read_settings(const Parameters& parameters, std::uint64_t seed);

}  // namespace sluice::load
