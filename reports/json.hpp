#pragma once
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "harness/core/result.hpp"

namespace sluice::reports {

/// What a report may be at most; beyond it from_json refuses before it has filled the memory.
struct ReportLimits {
  std::size_t bytes = 64u << 20;
  std::size_t depth = 24;
  std::size_t values = 4'000'000;  ///< names of members count too
  std::size_t members = 256;       ///< of one object
};

/// The run as report.json holds it (schemas/report.schema.json). Exact: from_json gives the same result back, with one
/// exception: bytes that are no UTF-8 become U+FFFD. Times are UTC with nanoseconds, durations whole nanoseconds, the
/// seed a decimal string (most readers lose integers above 2^53), and numbers that JSON cannot hold the strings "NaN",
/// "Infinity", "-Infinity".
nlohmann::ordered_json to_json(const RunResult& run);

/// to_json as text: indented by two, ending in a newline.
std::string json(const RunResult& run);

/// Reads the text of a report. Throws InputError with the JSON Pointer of what is wrong: text that is no JSON or
/// exceeds the limits, another schema version, a missing, unknown or doubled member, a wrong type, a value out of
/// range.
RunResult from_json(std::string_view text, const ReportLimits& limits = {});

}  // namespace sluice::reports
