#pragma once
#include <chrono>
#include <string>

#include "harness/core/result.hpp"

/// What the sample runs are made of.
namespace sluice::reports::samples {

/// When all of them began.
inline constexpr TimePoint start = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + std::chrono::hours(9) +
                                   std::chrono::minutes(41) + std::chrono::seconds(7) +
                                   std::chrono::nanoseconds(123'456'789);

Outcome same_answers();
Outcome latency();

Finding changed_row();
Finding missing_row();

/// Waivers of findings; `expires` is a day.
Waiver blanks(std::string expires);
Waiver lost_rows();

CheckResult check(std::string name, std::string kind, std::string phase, std::string stage, Outcome outcome);
Evidence foundation_was_go();
GatePolicy data_policy();
PhaseResult foundation();
PhaseResult data_phase();
LedgerEntry recorded();

/// A run without phases, decided by nobody yet.
RunResult base();

}  // namespace sluice::reports::samples
