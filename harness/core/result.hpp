#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/gate_policy.hpp"
#include "harness/core/outcome.hpp"

namespace sluice {

using TimePoint = std::chrono::system_clock::time_point;

/// One check of one phase, as it ran.
struct CheckResult {
  std::string name;
  std::string kind;   ///< "migration.rows"
  std::string suite;  ///< "migration"
  std::string phase;
  std::string stage;  ///< "before", "during", "after"
  Outcome outcome;
  TimePoint started{};
  std::chrono::nanoseconds duration{0};
  std::string reproduce;
  std::string parameters;  ///< as the plan says, defaults filled in, references not: JSON
  /// For a check that runs beside its phase's actions: how long both were under way at once.
  std::chrono::nanoseconds overlapped{0};
};

/// One action, as it ran.
struct ActionResult {
  std::string name;
  std::string phase;
  std::string command;  ///< as run, secrets redacted
  std::string outcome;  ///< "exit code 0", "killed by signal 9", "timed out after 5 min", "could not start: ..."
  bool succeeded = false;
  TimePoint started{};
  std::chrono::nanoseconds duration{0};
  std::string output_tail;                                        ///< the last lines of stdout and stderr together
  std::string log;                                                ///< path of the whole output
  std::optional<std::chrono::nanoseconds> within = std::nullopt;  ///< the window that a rollback must keep
  /// The processes that it had started and that went on when it had ended, and what became of them: "daemon (4711)
  /// until the end of the run, ...".
  std::optional<std::string> left_running = std::nullopt;
};

/// One service, over the run.
struct ServiceResult {
  std::string name;
  std::string kind;
  std::string state;    ///< "ready", "failed to start", "died", "not started"
  std::string detail;   ///< why it failed or died; empty when all was well
  std::string address;  ///< URL or address while it ran, secrets redacted
  std::chrono::nanoseconds ready_after{0};
  std::string log;       ///< path of its log
  std::string log_tail;  ///< its last lines, filled when it failed or died
};

/// One rule of a gate and what it saw.
struct RuleResult {
  std::string rule;  ///< "require captures-equal", "coverage of captures-equal"
  Decision decision = Decision::inconclusive;
  std::string observed;  ///< "failed: 14 rows differ"
  std::string limit;     ///< "passed"
  std::optional<std::uint64_t> samples = std::nullopt;
  std::string explanation;  ///< a sentence; empty where `observed` says it all

  friend bool operator==(const RuleResult&, const RuleResult&) = default;
};

/// The ledger's word that a needed phase was GO.
struct Evidence {
  std::string phase;
  std::string run_id;
  TimePoint at{};      ///< when that run was recorded
  std::string record;  ///< its hash in the ledger
};

/// One phase, as it ran.
struct PhaseResult {
  std::string name;
  Decision decision = Decision::inconclusive;
  std::string deciding_rule;  ///< a sentence
  bool entered_only = false;  ///< true: entered without its checks because a later phase needed it
  std::vector<RuleResult> rules;
  std::vector<ActionResult> actions;
  std::vector<CheckResult> checks;
  TimePoint started{};
  std::chrono::nanoseconds duration{0};
  GatePolicy policy;                ///< what the gate demanded
  std::vector<WaiverUse> waivers;   ///< what the policy's waivers did
  std::string environment_failure;  ///< "service v2 died: killed by signal 9"; empty when it held
  bool interrupted = false;         ///< the run was told to stop before the phase was over
  bool partial = false;             ///< only some of its checks were selected: such a phase opens no gate
  std::vector<Evidence> evidence;   ///< of the phases it needs, where they are not of this run
  std::optional<ActionResult> rollback = std::nullopt;  ///< the step taken back, where that was asked for
  std::vector<Concession> concessions;                  ///< what a GO of this phase puts up with
};

/// Something that was planned and did not run, and why.
struct NotRun {
  std::string what;  ///< "check" or "action" or "phase"
  std::string name;
  std::string phase;
  std::string why;
};

/// A rule that is less strict than when the phase was last GO, or that is gone.
struct Weakening {
  std::string phase;
  std::string rule;  ///< "limit.p99 of latency", "require captures-equal"
  std::string was;
  std::string now;  ///< "gone" when it is no longer there
};

/// Whether and where the run was recorded.
struct LedgerEntry {
  std::string path;  ///< empty when no ledger was asked for
  std::uint64_t sequence = 0;
  std::string record;   ///< the record's hash; empty when it was not recorded
  std::string problem;  ///< why it was not
  bool asked = false;   ///< somebody named this ledger; a run that is not in it then did not do what it was told to

  /// Whether the run should have been recorded and was not.
  bool missing() const { return asked && record.empty() && !problem.empty(); }
};

/// What exactly was judged.
struct Identity {
  std::string name;  ///< "plan", "service v2", "corpus corpus/answers.jsonl", "sluice"
  std::string path;
  std::string sha256;  ///< lower-case hex
  std::uint64_t bytes = 0;
};

/// One run, whole: the only thing that reports are made from.
struct RunResult {
  static constexpr int schema_version = 1;

  std::string run_id;
  std::string plan_name;
  std::string plan_path;
  std::string sluice_version;
  std::string host;
  std::string command;  ///< the command line that makes this run again
  std::uint64_t seed = 0;
  bool controls_enabled = true;
  std::string interrupted;  ///< empty, or "SIGINT"
  TimePoint started{};
  std::chrono::nanoseconds duration{0};

  Decision decision = Decision::inconclusive;
  std::string deciding_rule;  ///< one sentence for the release manager
  int exit_code = 4;

  std::vector<PhaseResult> phases;
  std::vector<ServiceResult> services;
  std::vector<NotRun> not_run;
  std::vector<Identity> identities;
  std::map<std::string, std::string> versions;  ///< "kernel", "postgres", ...
  std::string environment_failure;              ///< what kept the run from being judged; empty when nothing did
  std::vector<Weakening> weakened;              ///< against the last GO that the ledger knows
  LedgerEntry ledger;
};

}  // namespace sluice
