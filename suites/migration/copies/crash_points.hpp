#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "suites/migration/copies/action_trial.hpp"

namespace sluice::migration {

/// Every point of a clean run at which it can be killed, of the kinds asked for: those at statements in
/// order, then those at writes.
std::vector<CrashPoint> crash_points(const std::vector<net::StatementRecord>& statements,
                                     const std::vector<std::string>& writes, const std::set<CrashKind>& kinds);

/// `count` of the points, or all when there are no more. Each different statement is taken once in each kind before any
/// is taken twice, and what is taken is spread evenly over the run; the same for the same seed. In order.
std::vector<CrashPoint> choose_points(const std::vector<CrashPoint>& points, std::size_t count, std::uint64_t seed);

/// Reads "37 commit"; nullopt when it is not a point.
std::optional<CrashPoint> parse_point(const std::string& text);

}  // namespace sluice::migration
