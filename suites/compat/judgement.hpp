#pragma once
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "harness/core/outcome.hpp"
#include "suites/compat/compare_rules.hpp"
#include "suites/compat/noise.hpp"
#include "suites/compat/recording.hpp"

namespace sluice::compat {

/// A place of one answer of the new side.
struct AnswerPlace {
  std::size_t session = 0;
  std::size_t step = 0;
  std::string place;
};

/// What comparing a whole recording came to.
struct Judgement {
  std::vector<Finding> findings;  ///< aggregated by route, place pattern and rule; worst first
  std::uint64_t errors = 0;       ///< findings that fail the check
  std::uint64_t warnings = 0;
  std::uint64_t expected = 0;  ///< exchanges in the corpus
  std::uint64_t compared = 0;
  std::uint64_t values_compared = 0;  ///< strictly
  std::uint64_t ids_mapped = 0;
  std::set<std::string> routes_expected;
  std::set<std::string> routes_compared;
  std::uint64_t old_failures = 0;  ///< exchanges that the old side did not answer, or not twice with one status
  std::string first_old_failure;
  Noise noise;
  std::optional<AnswerPlace> sample;  ///< one of the strictly compared values, drawn at random
};

/// Pure: the same recording and rules give the same judgement. `sample_seed` draws the sample; `reproduce` starts each
/// finding's command.
Judgement judge_recording(const Recording& recording, const CompareRules& rules, std::uint64_t sample_seed,
                          const std::string& reproduce);

/// "GET /api/items/{id}": the step's method and path without query, with templates and literal ids as parameters.
std::string route_of(const scenario::Step& step);

}  // namespace sluice::compat
