#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/core/verdict.hpp"

namespace sluice {

/// A check that a gate requires, at the stage ("before", "during", "after") at which it must have passed.
struct RequiredCheck {
  std::string check;
  std::string stage;
};

/// How much a check must have examined at least, in its first unit of coverage.
struct MinimumCoverage {
  std::string check;
  std::uint64_t examined = 0;
};

/// A bound on one metric of a check; one of the two ends at least is set.
struct MetricLimit {
  std::string check;
  std::string metric;
  std::optional<double> at_most = std::nullopt;
  std::optional<double> at_least = std::nullopt;
};

/// A named person's dated, expiring acceptance of findings.
struct Waiver {
  std::string check;  ///< glob over check names
  std::string rule;   ///< glob over the findings' rules
  /// Globs over the findings' places, by name: {"table","captures"}. A place that is not named may be any.
  std::vector<std::pair<std::string, std::string>> where;
  std::string owner;
  std::string reason;
  std::string expires;       ///< "2026-12-31": the last day on which it holds, in UTC
  std::string severity_ack;  ///< "critical" where findings of that severity are meant too, else empty
  std::string source;        ///< "plan.yaml:40:5": where it is written
  std::string phase = "*";   ///< glob over the phases in which it holds
};

/// Findings of one check that a waiver hides.
struct HiddenFindings {
  std::string check;
  std::string stage;
  std::uint64_t findings = 0;
  std::uint64_t occurrences = 0;  ///< of all of them together
};

/// What a waiver did in one phase.
struct WaiverUse {
  Waiver waiver;
  std::string state;                  ///< "used", "unused", "expired"
  std::uint64_t hidden = 0;           ///< how many findings it hides
  std::vector<HiddenFindings> hides;  ///< where they are
};

/// A required check that did not pass and that the gate counts as passed all the same.
struct Concession {
  std::string check;
  std::string stage;
  Verdict verdict = Verdict::failed;  ///< `failed`: every finding is waived; `inconclusive`: the plan allows that
  std::uint64_t findings = 0;         ///< how many are waived, each counted once
  std::string why;                    ///< "waived by Ada Lovelace until 2026-12-31"
};

/// What a phase's gate demands, with every name spelled out, so that it can be decided from a report alone.
struct GatePolicy {
  std::vector<RequiredCheck> required;
  std::vector<std::string> actions;  ///< all must have succeeded
  std::vector<MinimumCoverage> coverage;
  std::vector<MetricLimit> limits;
  std::vector<std::string> allow_inconclusive;  ///< checks that may be inconclusive, by name
  std::vector<Waiver> waivers;                  ///< those that concern one of the required checks
  bool controls = true;                         ///< passes count only with their control caught
};

}  // namespace sluice
