#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/core/verdict.hpp"

namespace sluice {

/// One thing a check found, with the evidence and the way to see it again.
struct Finding {
  /// Stable name of what was violated, such as "row-changed" or "status-differs"; waivers select by it.
  std::string rule;
  Severity severity = Severity::error;
  /// One sentence for a reader who has not seen the system.
  std::string summary;
  /// Where, most general first: {"table","captures"},{"key","id=7"},{"column","user_text"}, or
  /// {"route",...},{"pointer",...}.
  std::vector<std::pair<std::string, std::string>> where;
  /// The two values as printable UTF-8 text (see printable()); absent where there is none, e.g. the new value of a
  /// missing row.
  std::optional<std::string> old_value;
  std::optional<std::string> new_value;
  /// A command line that shows the finding again.
  std::string reproduce;
  /// How many times the same thing was seen; the finding itself is the first of them.
  std::uint64_t occurrences = 1;
};

/// A two-sided interval at the given confidence (0..1).
struct Interval {
  double low = 0;
  double high = 0;
  double confidence = 0.95;
};

/// One measured number, with what the rule allowed where there was a rule.
struct Metric {
  std::string name;  ///< unit last where it helps: "p99_ratio", "latency_old_ms_p99", "rows_compared"
  double value = 0;
  std::string unit;  ///< "ms", "rows", "1/s", "ratio", ""
  std::optional<Interval> interval = std::nullopt;
  std::optional<double> limit = std::nullopt;
  std::uint64_t samples = 0;
};

/// How much was really looked at. A check with nothing examined cannot pass.
struct Coverage {
  std::string unit;  ///< "rows", "exchanges", "trials", "samples", "bytes"
  std::uint64_t examined = 0;
  std::optional<std::uint64_t> expected = std::nullopt;  ///< how much there was, where it is known
};

/// A file that the check left in the output folder.
struct Artifact {
  std::string name;
  std::filesystem::path path;
  std::string media_type;
};

/// The proof, in this run and environment, that the check can fail: what was planted, and whether the check caught it.
struct Control {
  std::string planted;  ///< "agent_text of captures id=20001 altered by one character"
  bool caught = false;
  std::string observed;  ///< what the check said about it
};

/// What a check returns. The default is the closed state: errored, with nothing examined.
struct Outcome {
  Verdict verdict = Verdict::errored;
  std::string reason;                ///< one sentence: why this verdict
  std::vector<Finding> findings;     ///< a bounded sample
  std::uint64_t findings_total = 0;  ///< the exact number, also of those not in the sample
  std::vector<Metric> metrics;
  std::vector<Coverage> coverage;  ///< what the check is about first; the gate counts that one
  std::vector<Artifact> artifacts;
  std::optional<Control> control = std::nullopt;  ///< filled by the runner after a pass

  static Outcome passed(std::string reason) { return {.verdict = Verdict::passed, .reason = std::move(reason)}; }
  static Outcome failed(std::string reason) { return {.verdict = Verdict::failed, .reason = std::move(reason)}; }
  static Outcome inconclusive(std::string reason) {
    return {.verdict = Verdict::inconclusive, .reason = std::move(reason)};
  }
  static Outcome errored(std::string reason) { return {.verdict = Verdict::errored, .reason = std::move(reason)}; }
};

}  // namespace sluice
