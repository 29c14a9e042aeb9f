#include "harness/run/ledger/rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "harness/run/identity.hpp"
#include "harness/run/ledger/policy_json.hpp"

namespace sluice::ledger {
namespace {

using nlohmann::ordered_json;

Cell cell(bool value) { return std::int64_t{value}; }
Cell cell(int value) { return std::int64_t{value}; }
Cell cell(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, std::numeric_limits<std::int64_t>::max()));
}
Cell cell(std::string value) { return value; }
Cell cell(std::string_view value) { return std::string(value); }
Cell cell(std::chrono::nanoseconds value) { return std::int64_t{value.count()}; }
Cell cell(TimePoint value) {
  return cell(std::chrono::duration_cast<std::chrono::nanoseconds>(value.time_since_epoch()));
}
Cell cell(double value) {
  if (std::isnan(value)) return {};
  return value + 0.0;  // SQLite keeps -0.0 as 0.0
}
template <typename Value>
Cell cell(const std::optional<Value>& value) {
  return value ? cell(*value) : Cell();
}
Cell cell(const ordered_json& value) { return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace); }

std::int64_t nanoseconds(TimePoint time) { return std::get<std::int64_t>(cell(time)); }

ordered_json coverage_of(const Outcome& outcome) {
  ordered_json list = ordered_json::array();
  for (const auto& part : outcome.coverage) {
    list.push_back({{"unit", part.unit}, {"examined", part.examined}});
    if (part.expected) list.back()["expected"] = *part.expected;
  }
  return list;
}

ordered_json evidence_of(const PhaseResult& phase) {
  ordered_json list = ordered_json::array();
  for (const auto& entry : phase.evidence) {
    list.push_back(
        {{"phase", entry.phase}, {"run_id", entry.run_id}, {"at", nanoseconds(entry.at)}, {"record", entry.record}});
  }
  return list;
}

ordered_json weakened_of(const RunResult& result) {
  ordered_json list = ordered_json::array();
  for (const auto& entry : result.weakened) {
    list.push_back({{"phase", entry.phase}, {"rule", entry.rule}, {"was", entry.was}, {"now", entry.now}});
  }
  return list;
}

std::string control_of(const Outcome& outcome) {
  if (!outcome.control) return "not run";
  return outcome.control->caught ? "caught" : "not caught";
}

bool on_external_services(const RunResult& result) {
  return std::any_of(result.services.begin(), result.services.end(),
                     [](const ServiceResult& service) { return service.kind == "external"; });
}

Row run_row(const RunResult& result, const Place& place) {
  return {cell(place.sequence),
          record_format,
          cell(result.run_id),
          cell(result.plan_name),
          cell(result.plan_path),
          cell(result.sluice_version),
          cell(result.host),
          cell(result.command),
          cell(std::to_string(result.seed)),  // SQLite's integers have a sign
          cell(result.controls_enabled),
          cell(on_external_services(result)),
          cell(result.interrupted),
          cell(result.started),
          cell(result.duration),
          cell(place.recorded),
          cell(to_string(result.decision)),
          cell(result.deciding_rule),
          cell(result.exit_code),
          cell(result.environment_failure),
          cell(weakened_of(result)),
          cell(place.previous)};
}

Row phase_row(const PhaseResult& phase, std::uint64_t sequence, std::int64_t position) {
  return {cell(sequence),
          position,
          cell(phase.name),
          cell(to_string(phase.decision)),
          cell(phase.deciding_rule),
          cell(phase.entered_only),
          cell(phase.partial),
          cell(phase.interrupted),
          cell(std::uint64_t{phase.actions.size()}),
          cell(phase.environment_failure),
          cell(phase.started),
          cell(phase.duration),
          cell(policy_json(phase.policy)),
          cell(evidence_of(phase))};
}

Row metric_row(const Metric& metric, const Row& outcome_key, std::int64_t position) {
  Row row = outcome_key;
  for (Cell value : {Cell(position), cell(metric.name), cell(metric.value), cell(metric.unit), cell(metric.samples),
                     cell(metric.limit), metric.interval ? cell(metric.interval->low) : Cell(),
                     metric.interval ? cell(metric.interval->high) : Cell(),
                     metric.interval ? cell(metric.interval->confidence) : Cell()}) {
    row.push_back(std::move(value));
  }
  return row;
}

void add_outcome(const CheckResult& check, const Row& key, RunRows& rows) {
  const Outcome& outcome = check.outcome;
  Row row = key;
  for (Cell value :
       {cell(check.name), cell(check.kind), cell(check.suite), cell(check.stage), cell(to_string(outcome.verdict)),
        cell(outcome.reason), cell(coverage_of(outcome)), cell(control_of(outcome)), cell(outcome.findings_total),
        cell(check.parameters), cell(check.started), cell(check.duration)}) {
    row.push_back(std::move(value));
  }
  rows[2].push_back(std::move(row));
  std::int64_t position = 0;
  for (const auto& metric : outcome.metrics) rows[3].push_back(metric_row(metric, key, position++));
}

void append_bytes(std::string& out, const Cell& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    out += fmt::format("i{};", *integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    out += fmt::format("r{:016x};", std::bit_cast<std::uint64_t>(*real));
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    out += fmt::format("t{}:", text->size());
    out += *text;
  } else {
    out += "n;";
  }
}

}  // namespace

std::size_t TableSpec::column(const std::string& wanted) const {
  const auto found = std::find(columns.begin(), columns.end(), wanted);
  if (found == columns.end()) throw std::logic_error("the ledger's table " + name + " has no column " + wanted);
  return static_cast<std::size_t>(found - columns.begin());
}

const std::array<TableSpec, table_count>& tables() {
  static const std::array<TableSpec, table_count> specs{{
      {"runs",
       {"sequence", "format",   "run_id",        "plan_name", "plan_path",           "sluice_version", "host",
        "command",  "seed",     "controls",      "external",  "interrupted",         "started",        "duration",
        "recorded", "decision", "deciding_rule", "exit_code", "environment_failure", "weakened",       "previous"},
       1},
      {"phases",
       {"sequence", "phase", "name", "decision", "deciding_rule", "entered_only", "partial", "interrupted", "actions",
        "environment_failure", "started", "duration", "policy", "evidence"},
       2},
      {"outcomes",
       {"sequence", "phase", "outcome", "name", "kind", "suite", "stage", "verdict", "reason", "coverage", "control",
        "findings_total", "parameters", "started", "duration"},
       3},
      {"metrics",
       {"sequence", "phase", "outcome", "metric", "name", "value", "unit", "samples", "limit_value", "interval_low",
        "interval_high", "confidence"},
       4},
      {"identities", {"sequence", "identity", "name", "path", "sha256", "bytes"}, 2},
  }};
  return specs;
}

RunRows rows_of(const RunResult& result, const Place& place) {
  RunRows rows;
  rows[0].push_back(run_row(result, place));
  std::int64_t phase_position = 0;
  for (const auto& phase : result.phases) {
    rows[1].push_back(phase_row(phase, place.sequence, phase_position));
    std::int64_t position = 0;
    for (const auto& check : phase.checks) add_outcome(check, {cell(place.sequence), phase_position, position++}, rows);
    ++phase_position;
  }
  std::int64_t position = 0;
  for (const auto& identity : result.identities) {
    rows[4].push_back({cell(place.sequence), position++, cell(identity.name), cell(identity.path),
                       cell(identity.sha256), cell(identity.bytes)});
  }
  return rows;
}

std::string first_previous() { return std::string(64, '0'); }

std::string record_hash(const std::string& previous, const RunRows& rows) {
  std::string bytes = previous + "\n";
  for (std::size_t table = 0; table < table_count; ++table) {
    bytes += fmt::format("{} {} {}\n", tables()[table].name, tables()[table].columns.size(), rows[table].size());
    for (const auto& row : rows[table]) {
      for (const auto& value : row) append_bytes(bytes, value);
      bytes += '\n';
    }
  }
  return run::sha256(bytes);
}

}  // namespace sluice::ledger
