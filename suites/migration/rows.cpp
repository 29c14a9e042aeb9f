#include "suites/migration/rows.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "suites/migration/table_comparison.hpp"

namespace sluice::migration {
namespace {

class RowsCheck final : public Check {
 public:
  explicit RowsCheck(const Parameters& parameters)
      : parameters_(parameters),
        sample_(static_cast<std::size_t>(parameters.integer("sample"))),
        allow_empty_(parameters.boolean("allow_empty")) {}

  void prepare(CheckContext& context) override {
    reproduce_ = context.reproduce;
    const std::vector<TableRequest> requests = table_requests(parameters_);
    old_store_ = open(context, "old");
    new_store_ = open(context, "new");
    std::vector<std::string> problems;
    for (const auto& request : requests) {
      try {
        auto old_table = old_store_->describe(request.old_table);
        auto new_table = new_store_->describe(request.new_table);
        require_two_tables(request, old_table, new_table);
        mappings_.push_back(map_table(request, std::move(old_table), std::move(new_table)));
      } catch (const InputError& error) {
        problems.emplace_back(error.what());
      }
    }
    if (!problems.empty()) throw InputError(fmt::format("{}", fmt::join(problems, "\n")));
  }

  void exercise(CheckContext& context) override {
    old_store_->begin_snapshot();
    new_store_->begin_snapshot();
    const std::optional<double> total = expected_rows();
    std::uint64_t before = 0;
    for (const auto& mapping : mappings_) {
      ComparisonOptions options = comparison_options(context);
      options.on_progress = [&](std::uint64_t rows) {
        if (context.cancelled.stop_requested()) throw Cancelled();
        context.progress({.done = static_cast<double>(before + rows), .total = total, .unit = "rows"});
      };
      results_.push_back(compare_table(*old_store_, *new_store_, mapping, options));
      before += std::max(results_.back().totals.old_rows, results_.back().totals.new_rows);
    }
  }

  Outcome judge(CheckContext&) override {
    Outcome outcome = verdict();
    for (const auto& result : results_) report_table(result, outcome);
    report_totals(outcome);
    return outcome;
  }

  Control control(CheckContext& context) override {
    Control control{.caught = !results_.empty()};
    std::vector<std::string> planted, observed;
    for (const auto& result : results_) {
      const PlantedResult one = plant_violations(*old_store_, *new_store_, result, comparison_options(context));
      planted.push_back(one.planted);
      observed.push_back(one.observed);
      control.caught = control.caught && one.caught;
    }
    control.planted = fmt::format("{}", fmt::join(planted, "; "));
    control.observed = fmt::format("{}", fmt::join(observed, "; "));
    return control;
  }

 private:
  // Rows compared with themselves are equal and prove nothing.
  static void require_two_tables(const TableRequest& request, const stores::TableDescription& old_table,
                                 const stores::TableDescription& new_table) {
    if (old_table.identity.empty() || old_table.identity != new_table.identity) return;
    if (request.where_old != request.where_new) return;
    throw InputError(fmt::format(
        "table {}: both sides are the same table of the same store, which would be compared with itself; correct the "
        "stores `old` and `new`, or `to`, or set different conditions in `where_old` and `where_new`",
        printable(request.old_table, 100)));
  }

  std::unique_ptr<stores::Store> open(const CheckContext& context, const char* side) const {
    return stores::open_store(
        context.store(side),
        {.connect_timeout = std::chrono::ceil<std::chrono::milliseconds>(parameters_.duration("connect_timeout")),
         .lock_timeout = std::chrono::ceil<std::chrono::milliseconds>(parameters_.duration("lock_timeout")),
         .statement_timeout = std::chrono::ceil<std::chrono::milliseconds>(parameters_.duration("timeout")),
         .cancelled = context.cancelled,
         .directory = context.plan_directory});
  }

  ComparisonOptions comparison_options(const CheckContext& context) const {
    const std::string strategy = parameters_.text("strategy");
    return {.reproduce = context.reproduce,
            .sample = sample_,
            .seed = context.seed,
            .strategy = strategy == "hash"    ? Strategy::hash
                        : strategy == "merge" ? Strategy::merge
                                              : Strategy::automatic,
            .wide = parameters_.text("hash_bits") == "128"};
  }

  std::optional<double> expected_rows() const {
    double rows = 0;
    for (const auto& mapping : mappings_) {
      const auto estimate = std::max(mapping.old_table.rows_estimate, mapping.new_table.rows_estimate);
      if (!estimate) return std::nullopt;
      rows += static_cast<double>(*estimate);
    }
    return rows;
  }

  MergeTotals all_totals() const {
    MergeTotals all;
    for (const auto& result : results_) {
      const MergeTotals& totals = result.totals;
      all.old_rows += totals.old_rows;
      all.new_rows += totals.new_rows;
      all.matched += totals.matched;
      all.changed += totals.changed;
      all.missing += totals.missing;
      all.extra += totals.extra;
    }
    return all;
  }

  Outcome verdict() const {
    const MergeTotals all = all_totals();
    if (all.missing + all.extra + all.changed > 0) {
      return Outcome::failed(fmt::format("{} rows missing, {} extra, {} changed of {} old and {} new rows{}",
                                         all.missing, all.extra, all.changed, all.old_rows, all.new_rows,
                                         strategies()));
    }
    std::vector<std::string> empty;
    for (const auto& result : results_) {
      if (result.totals.old_rows + result.totals.new_rows == 0) {
        empty.push_back(printable(result.mapping.request.old_table, 100));
      }
    }
    if (!empty.empty() && !allow_empty_) {
      return Outcome::inconclusive(
          fmt::format("no rows on either side to compare in {}; seed them, or set `allow_empty: true` if that is right",
                      fmt::join(empty, ", ")));
    }
    return Outcome::passed(fmt::format("{} rows of {} tables are equal in every compared column{}", all.matched,
                                       results_.size(), strategies()));
  }

  // "; items by hash: …; users by merge: …"
  std::string strategies() const {
    std::string text;
    for (const auto& result : results_) {
      text += fmt::format("; {} by {}", printable(result.mapping.request.old_table, 100), result.strategy);
    }
    return text;
  }

  static void add_metrics(const std::string& prefix, const MergeTotals& totals, std::uint64_t cells, Outcome& outcome) {
    const std::uint64_t seen = totals.matched + totals.missing + totals.extra;
    const auto add = [&](const char* name, std::uint64_t value, const char* unit) {
      outcome.metrics.push_back(
          {.name = prefix + name, .value = static_cast<double>(value), .unit = unit, .samples = seen});
    };
    add("rows_compared", totals.matched, "rows");
    add("rows_missing", totals.missing, "rows");
    add("rows_extra", totals.extra, "rows");
    add("rows_changed", totals.changed, "rows");
    add("cells_changed", cells, "cells");
  }

  void report_table(const TableResult& result, Outcome& outcome) const {
    const std::string table = printable(result.mapping.request.old_table, 100);
    for (auto& finding : result.evidence->findings()) outcome.findings.push_back(std::move(finding));
    outcome.findings_total += result.evidence->findings_total();
    add_metrics(table + ".", result.totals, result.evidence->cells_changed_total(), outcome);
    const std::size_t key_columns = result.mapping.key_columns;
    for (std::size_t i = key_columns; i < result.mapping.columns.size(); ++i) {
      outcome.metrics.push_back(
          {.name = fmt::format("{}.{}.cells_changed", table, printable(result.mapping.columns[i].old_column.name, 100)),
           .value = static_cast<double>(result.evidence->cells_changed()[i]),
           .unit = "cells",
           .samples = result.totals.matched});
    }
    const std::uint64_t rows = std::max(result.totals.old_rows, result.totals.new_rows);
    outcome.coverage.push_back({.unit = "rows of " + table, .examined = rows, .expected = rows});
    report_columns(result, table, outcome);
  }

  void report_columns(const TableResult& result, const std::string& table, Outcome& outcome) const {
    const auto& mapping = result.mapping;
    outcome.coverage.push_back({.unit = "columns of " + table,
                                .examined = mapping.columns.size(),
                                .expected = mapping.old_table.columns.size() + mapping.only_new.size()});
    const auto add = [&](const char* rule, const std::string& column, const char* why) {
      const std::string name = printable(column, 100);
      outcome.findings.push_back({.rule = rule,
                                  .severity = Severity::info,
                                  .summary = fmt::format("{} of {} was not compared: {}", name, table, why),
                                  .where = {{"table", table}, {"column", name}},
                                  .reproduce = reproduce_});
      ++outcome.findings_total;
    };
    for (const auto& name : mapping.only_new) add("column-only-new", name, "only the new side has it");
    for (const auto& name : mapping.request.ignore) add("column-ignored", name, "the plan ignores it");
  }

  void report_totals(Outcome& outcome) const {
    std::uint64_t cells = 0, rows = 0;
    for (const auto& result : results_) {
      cells += result.evidence->cells_changed_total();
      rows += std::max(result.totals.old_rows, result.totals.new_rows);
    }
    add_metrics("", all_totals(), cells, outcome);
    outcome.coverage.insert(outcome.coverage.begin(), {.unit = "rows", .examined = rows, .expected = rows});
  }

  Parameters parameters_;
  std::size_t sample_;
  bool allow_empty_;
  std::unique_ptr<stores::Store> old_store_;
  std::unique_ptr<stores::Store> new_store_;
  std::vector<TableMapping> mappings_;
  std::vector<TableResult> results_;
  std::string reproduce_;
};

ParameterSpec text_map(std::string name, std::string doc) {
  return {.name = std::move(name),
          .type = ParameterType::map,
          .doc = std::move(doc),
          .item = {{.name = "value", .type = ParameterType::text}}};
}

ParameterSpec text_list(std::string name, std::string doc) {
  return {.name = std::move(name),
          .type = ParameterType::list,
          .doc = std::move(doc),
          .item = {{.name = "column", .type = ParameterType::text}}};
}

ParameterSpec table_spec() {
  ParameterSpec types = text_map("types", "old column -> the type both sides are read as before they are compared");
  types.item.front().choices = stores::comparison_type_names();
  return {.name = "table",
          .type = ParameterType::record,
          .doc = "how one table of the old side is compared",
          .fields = {{.name = "to", .doc = "the table of the new side; the same name when absent"},
                     text_list("key", "old columns that are unique together; the primary key when absent"),
                     text_map("columns", "old column -> new column; columns not named here keep their name"),
                     text_list("ignore", "old columns that are not compared; shown in the report"),
                     types,
                     {.name = "zone",
                      .doc = "time zone of the old side's timestamps that carry none: UTC, +02:00, "
                             "Europe/Berlin; UTC when absent"},
                     {.name = "where_old", .doc = "SQL condition on the old side's rows"},
                     {.name = "where_new", .doc = "SQL condition on the new side's rows"}},
          .shorthand = "to"};
}

std::vector<ParameterSpec> rows_parameters() {
  return {
      {.name = "tables",
       .type = ParameterType::map,
       .doc = "old table -> how it is compared",
       .required = true,
       .minimum = 1,
       .item = {table_spec()}},
      {.name = "sample",
       .type = ParameterType::integer,
       .doc = "differing rows of a table that are kept as findings; all are counted",
       .default_text = "20",
       .unit = "rows",
       .minimum = 1,
       .maximum = 10'000},
      {.name = "strategy",
       .doc = "hash: compare hashes computed by both stores, then only rows whose hashes differ, where that proves the "
              "same; merge: read every row; auto: hash unless the table is small",
       .default_text = "auto",
       .choices = {"auto", "hash", "merge"}},
      {.name = "hash_bits",
       .doc = "length of the hashes; 128 takes longer",
       .default_text = "64",
       .choices = {"64", "128"}},
      {.name = "allow_empty",
       .type = ParameterType::boolean,
       .doc = "a table without rows on both sides is right",
       .default_text = "false"},
      {.name = "timeout",
       .type = ParameterType::duration,
       .doc = "the longest time that reading one table may take",
       .default_text = "1h",
       .minimum = 1},
      {.name = "lock_timeout",
       .type = ParameterType::duration,
       .doc = "the longest wait for a lock that someone else holds",
       .default_text = "30s",
       .minimum = 0.001},
      {.name = "connect_timeout",
       .type = ParameterType::duration,
       .doc = "the longest time until a store answers",
       .default_text = "10s",
       .minimum = 0.001}};
}

}  // namespace

CheckKind rows_kind() {
  return {.name = "migration.rows",
          .proves =
              "Every row of the mapped tables is on both sides, and every compared cell has the same value, exactly "
              "and one by one, within one snapshot of each side.",
          .cannot_prove =
              "That ignored columns, columns only the new side has, rows outside the conditions, sequences, "
              "constraints or indexes are right; nor that two snapshots of live sides are of one moment.",
          .parameters = rows_parameters(),
          .needs_stores = true,
          .make = [](const Parameters& parameters) { return std::make_unique<RowsCheck>(parameters); }};
}

}  // namespace sluice::migration
