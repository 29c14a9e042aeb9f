#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/result.hpp"

namespace sluice::reports {

/// How the checks of one suite came out. Errored checks ran, but count for nothing.
struct SuiteCount {
  std::string suite;
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  std::uint64_t inconclusive = 0;
  std::uint64_t errored = 0;
  std::uint64_t waived = 0;   ///< of the failed ones, how many count as passed
  std::uint64_t allowed = 0;  ///< of the inconclusive ones, how many count as passed
  std::uint64_t not_run = 0;  ///< skipped, or planned and never started

  std::uint64_t ran() const { return passed + failed + inconclusive + errored; }
};

/// The four suites in their fixed order, then any others that the run names, by first appearance. A check that never
/// started tells no suite of its own: it counts where a check of its name ran in another phase, and otherwise in none
/// (see unplaced_not_run).
std::vector<SuiteCount> count_suites(const RunResult& run);

/// Checks that never started and whose suite no other phase tells.
std::uint64_t unplaced_not_run(const RunResult& run);

/// Everything that was planned and not judged, with the reason: what the run lists (also the checks of phases that were
/// only entered), and skipped checks.
std::vector<NotRun> everything_not_run(const RunResult& run);

/// The decision in words that never let a GO look plain when it is not: "NO-GO", "GO with 2 waived findings and 1 check
/// allowed to be inconclusive".
std::string headline(const RunResult& run);
std::string headline(const PhaseResult& phase);

/// Why a check that did not pass counts as passed; nullptr when it does not. `check` must be one of the phase.
const Concession* concession_for(const PhaseResult& phase, const CheckResult& check);

/// Whether the rule is kept only because the gate puts up with its check.
bool is_conceded(const PhaseResult& phase, const RuleResult& rule);

/// How many days after the phase started the waiver still holds; negative once it has expired, nullopt when its date
/// is none.
std::optional<std::int64_t> days_left(const Waiver& waiver, const PhaseResult& phase);

/// Where the run was recorded, or why it was not: "Recorded as #12 in runs.db: 3f79bb…".
std::string ledger_line(const LedgerEntry& entry);
/// "took 2.3 s of the 5.0 s that it has", for a rollback with a window.
std::string window_text(const ActionResult& rollback);
/// Whether it succeeded, and within its window where it has one.
bool in_time(const ActionResult& rollback);

/// A sign for the verdict or decision, for eyes that do not see its colour. One character wide.
std::string_view mark(Verdict verdict);
std::string_view mark(Decision decision);

/// "1,234,567".
std::string grouped(std::uint64_t count);
/// For people: "12,345", "1.034", "0.00021", "not a number".
std::string number(double value);
/// `count` with the noun in the right number: "1 check", "2 checks".
std::string counted(std::uint64_t count, std::string_view noun);
/// "1.034 ratio (95% interval 1.01 to 1.06)": value, unit and, where there is one, the interval.
std::string measured(const Metric& metric);
/// "20,000 of 20,000 rows", "312 exchanges".
std::string examined(const Coverage& coverage);
/// "table captures › key id=7".
std::string location(const Finding& finding, std::string_view separator = " › ");

/// "2026-11-20 11:29:29 UTC"; "unknown" for the epoch, which no run starts at.
std::string human_time(TimePoint time);
/// "2026-11-20T11:29:29.123456789Z", exact.
std::string iso_time(TimePoint time);

}  // namespace sluice::reports
