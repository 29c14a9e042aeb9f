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
  std::uint64_t records = 0;            ///< the last that holds: as many as there are, as they count from 1
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
///
/// With `from`, only the record of that number and those after it are read, and earlier ones where the mark beside the
/// ledger names an earlier one: so what is read always hangs on the mark, whose hash covers everything before it, and
/// nothing of it can have been edited, removed or inserted. What was done to records before is seen only by a reading
/// of the whole, which also asks whether the file itself is sound.
Verification read(const std::filesystem::path& path, const RecordVisitor& visitor = {}, std::uint64_t from = 1);

/// The newest record before which nothing is needed to know the last word on a phase.
enum class Sought {
  judgement,  ///< the last that counts: a partial run that only looked does not, unless there is no other
  go          ///< the last whole GO
};
/// Where a reading must begin to hold what is sought of the phase; nullopt when nothing says that there is such a
/// record. It only looks at the tables: read() from there tells whether what it saw is true. Throws LedgerError.
std::optional<std::uint64_t> find_newest(const std::filesystem::path& path, const std::string& plan_name,
                                         const std::string& phase, Sought sought);

/// Where a report and the ledger's record of its run disagree: a sentence; empty when they agree. `same_text` makes the
/// ledger's texts as reports write them. Throws LedgerError as read() does, also when the chain does not hold.
std::string compare_with_report(const std::filesystem::path& path, const RunResult& report,
                                const std::function<std::string(const std::string&)>& same_text);

}  // namespace sluice::ledger
