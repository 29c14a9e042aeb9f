#include "harness/cli/ledger_options.hpp"

#include <fmt/core.h>

#include <cstdio>

#include "harness/core/printable.hpp"
#include "harness/run/exit_code.hpp"
#include "harness/run/ledger/history.hpp"
#include "harness/run/ledger/weakening.hpp"

namespace sluice::cli {
namespace {

constexpr const char* refused = "--no-ledger was given";

void compare_with_history(const std::filesystem::path& path, const plan::Plan& plan, RunResult& result) {
  std::error_code none;
  if (!std::filesystem::exists(path, none)) return;
  std::vector<std::string> phases;
  for (const auto& phase : result.phases) {
    if (!phase.entered_only) phases.push_back(phase.name);
  }
  const auto history = ledger::read_recent(path, result.plan_name, phases, ledger::Sought::go);
  if (!history.verification.holds()) {
    throw ledger::LedgerError(
        fmt::format("the ledger {} cannot be believed: {}; move it away together with its .head "
                    "to begin another history",
                    path.string(), history.verification.problem));
  }
  result.weakened = ledger::weakened(history, result, plan);
}

}  // namespace

void LedgerOptions::add_to(CLI::App& command, bool may_refuse) {
  auto* option = command.add_option(
      "--ledger", path, "the history of runs; default: $SLUICE_LEDGER, else sluice/ledger.db in the state folder");
  if (may_refuse) command.add_flag("--no-ledger", none, "record nothing, and believe no earlier run")->excludes(option);
}

ledger::Location LedgerOptions::location() const {
  if (none) return {.path = {}, .told = false, .problem = refused};
  return ledger::find_location(path);
}

std::string LedgerOptions::arguments() const {
  if (none) return " --no-ledger";
  return path.empty() ? "" : " --ledger " + shell_word(path);
}

RunLedger::RunLedger(const LedgerOptions& options, const plan::Plan& plan, const Clock& clock)
    : none_(options.none),
      location_(options.location()),
      plan_(plan),
      clock_(clock),
      book_(location_.path, location_.problem, clock) {}

void RunLedger::record(RunResult& result) const {
  result.ledger = {};
  if (none_) return;
  result.ledger.path = location_.path.string();
  try {
    if (location_.path.empty()) throw ledger::LedgerError(location_.problem);
    compare_with_history(location_.path, plan_, result);
    result.ledger = ledger::append(location_.path, result, clock_);
  } catch (const std::exception& error) {
    result.ledger.problem = error.what();
  }
  result.ledger.asked = location_.told;
  if (result.ledger.problem.empty()) return;
  const bool recorded = !result.ledger.record.empty();
  const std::string line = fmt::format("{}: {}: {}\n", result.ledger.missing() ? "sluice" : "warning",
                                       recorded ? "recorded, but" : "this run is not recorded", result.ledger.problem);
  std::fputs(line.c_str(), stderr);
  if (result.ledger.missing() && result.exit_code < 128) result.exit_code = run::ExitCode::environment;
}

}  // namespace sluice::cli
