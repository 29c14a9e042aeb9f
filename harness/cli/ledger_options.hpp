#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "harness/core/clock.hpp"
#include "harness/core/result.hpp"
#include "harness/plan/plan.hpp"
#include "harness/run/ledger/ledger_book.hpp"
#include "harness/run/ledger/location.hpp"

namespace sluice::cli {

/// How a command is told which ledger it uses.
struct LedgerOptions {
  std::string path;
  bool none = false;  ///< --no-ledger

  void add_to(CLI::App& command, bool may_refuse);
  ledger::Location location() const;
  /// " --ledger PATH" as it was given, for command lines that reproduce; may be empty.
  std::string arguments() const;
};

/// The ledger of one `sluice run`: evidence before its phases, the record after them.
class RunLedger {
 public:
  /// Plan and clock outlive it. Touches no file.
  RunLedger(const LedgerOptions& options, const plan::Plan& plan, const Clock& clock);

  const run::EvidenceBook* book() const { return &book_; }
  /// Fills `weakened` and `ledger` of the result, which must be final but for these. A ledger that somebody named and
  /// that cannot be written turns the exit code into 3, unless a signal decided it; one that nobody named is a warning.
  /// Does not throw.
  void record(RunResult& result) const;

 private:
  bool none_;
  ledger::Location location_;
  const plan::Plan& plan_;
  const Clock& clock_;
  ledger::LedgerBook book_;
};

}  // namespace sluice::cli
