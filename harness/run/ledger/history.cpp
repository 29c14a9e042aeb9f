#include "harness/run/ledger/history.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "harness/run/ledger/policy_json.hpp"

namespace sluice::ledger {
namespace {

// A row with its columns by name. The record's hash held, so what does not fit was recorded so: by a defect, not a
// hand.
class Reader {
 public:
  Reader(const TableSpec& table, const Row& row) : table_(table), row_(row) {}
  const std::string& text(const std::string& column) const { return std::get<std::string>(at(column)); }
  std::int64_t integer(const std::string& column) const { return std::get<std::int64_t>(at(column)); }
  bool flag(const std::string& column) const { return integer(column) != 0; }

 private:
  const Cell& at(const std::string& column) const { return row_[table_.column(column)]; }
  const TableSpec& table_;
  const Row& row_;
};

RecordedPhase phase_of(const Reader& row, bool external) {
  const auto decision = parse_decision(row.text("decision"));
  return {.name = row.text("name"),
          .decision = decision.value_or(Decision::inconclusive),
          .deciding_rule = row.text("deciding_rule"),
          .entered_only = row.flag("entered_only"),
          .partial = row.flag("partial"),
          .acted = external && row.integer("actions") > 0,
          .policy = parse_policy(row.text("policy")),
          .checks = {}};
}

RecordedRun run_of(const std::string& record, const RunRows& rows) {
  const Reader row(tables()[0], rows[0].at(0));
  RecordedRun run{
      .sequence = static_cast<std::uint64_t>(row.integer("sequence")),
      .record = record,
      .run_id = row.text("run_id"),
      .plan_name = row.text("plan_name"),
      .plan_path = row.text("plan_path"),
      .controls = row.flag("controls"),
      .recorded =
          TimePoint(std::chrono::duration_cast<TimePoint::duration>(std::chrono::nanoseconds(row.integer("recorded")))),
      .identities = {},
      .phases = {}};
  const bool external = row.flag("external");
  for (const auto& cells : rows[1]) run.phases.push_back(phase_of(Reader(tables()[1], cells), external));
  for (const auto& cells : rows[2]) {
    const Reader check(tables()[2], cells);
    run.phases.at(static_cast<std::size_t>(check.integer("phase")))
        .checks.push_back({check.text("name"), check.text("kind"), check.text("stage"), check.text("parameters")});
  }
  for (const auto& cells : rows[4]) {
    const Reader identity(tables()[4], cells);
    run.identities.push_back({.name = identity.text("name"),
                              .path = identity.text("path"),
                              .sha256 = identity.text("sha256"),
                              .bytes = static_cast<std::uint64_t>(identity.integer("bytes"))});
  }
  return run;
}

}  // namespace

std::vector<History::Entry> History::entries(const std::string& plan_name, const std::string& phase) const {
  std::vector<Entry> found;
  for (const auto& run : runs) {
    if (run.plan_name != plan_name) continue;
    for (const auto& candidate : run.phases) {
      if (candidate.name == phase && !candidate.entered_only) found.push_back({&run, &candidate});
    }
  }
  return found;
}

namespace {

History read_from(const std::filesystem::path& path, const std::string& plan_name, std::uint64_t from) {
  History history{.path = std::filesystem::absolute(path), .verification = {}, .runs = {}};
  const auto keep = [&](const std::string& record, const RunRows& rows) {
    const Reader run(tables()[0], rows[0].at(0));
    if (plan_name.empty() || run.text("plan_name") == plan_name) history.runs.push_back(run_of(record, rows));
  };
  try {
    history.verification = read(history.path, keep, from);
  } catch (const LedgerError&) {
    throw;
  } catch (const std::exception& error) {
    throw LedgerError(
        fmt::format("the ledger {} holds a record that cannot be understood: {}", history.path.string(), error.what()));
  }
  return history;
}

}  // namespace

History read_history(const std::filesystem::path& path, const std::string& plan_name) {
  return read_from(path, plan_name, 1);
}

History read_recent(const std::filesystem::path& path, const std::string& plan_name,
                    const std::vector<std::string>& phases, Sought sought) {
  std::uint64_t from = std::numeric_limits<std::uint64_t>::max();
  for (const auto& phase : phases) from = std::min(from, find_newest(path, plan_name, phase, sought).value_or(from));
  return read_from(path, "", from);
}

}  // namespace sluice::ledger
