#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "harness/core/clock.hpp"
#include "harness/core/result.hpp"
#include "harness/run/ledger/connection.hpp"
#include "harness/run/ledger/rows.hpp"

namespace sluice::ledger {

/// What recomputing the chain of records showed.
struct Verification {
  std::uint64_t records = 0;            ///< how many hold, from the first
  std::string newest;                   ///< hash of the last of them; empty when there is none
  std::optional<std::uint64_t> broken;  ///< the first record that does not hold
  std::string problem;                  ///< a sentence; empty when everything holds

  bool holds() const { return problem.empty(); }
};

/// Adds one record for a run, in one transaction. Any number of processes may do so at once. Creates the file and its
/// folder if need be. When it returns, the record survives kill -9 and loss of power; when it throws LedgerError,
/// nothing of it is there.
LedgerEntry append(const std::filesystem::path& path, const RunResult& result, const Clock& clock);

/// Gets every record that holds, in order, with its hash and rows.
using RecordVisitor = std::function<void(const std::string& record, const RunRows& rows)>;

/// Reads one state of the ledger and recomputes every hash from its tables, up to the first record that does not hold.
/// What the visitor was told is to be believed only if the verification holds. Never writes. Throws LedgerError when
/// the file cannot be read at all.
Verification read(const std::filesystem::path& path, const RecordVisitor& visitor = {});

/// Where a report and the ledger's record of its run disagree: a sentence; empty when they agree. `same_text` makes the
/// ledger's texts as reports write them. Throws LedgerError as read() does, also when the chain does not hold.
std::string compare_with_report(const std::filesystem::path& path, const RunResult& report,
                                const std::function<std::string(const std::string&)>& same_text);

}  // namespace sluice::ledger
