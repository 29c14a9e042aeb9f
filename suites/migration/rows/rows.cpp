#include "suites/migration/rows/rows.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/pause.hpp"
#include "harness/core/printable.hpp"
#include "suites/migration/rows/merged_tables.hpp"
#include "suites/migration/rows/rows_parameters.hpp"
#include "suites/migration/rows/table_comparison.hpp"
#include "suites/migration/rows/table_recheck.hpp"
#include "suites/migration/side_session.hpp"

namespace sluice::migration {
namespace {

using DeclaredColumns = std::vector<std::pair<std::string, std::string>>;  // names and types

DeclaredColumns columns_of(const stores::TableDescription& table) {
  DeclaredColumns columns;
  for (const auto& column : table.columns) columns.emplace_back(column.name, column.declared);
  return columns;
}

class RowsCheck final : public Check {
 public:
  explicit RowsCheck(const Parameters& parameters)
      : parameters_(parameters),
        sample_(static_cast<std::size_t>(parameters.integer("sample"))),
        allow_empty_(empty_tables(parameters)) {}

  void prepare(CheckContext& context) override {
    reproduce_ = context.reproduce;
    std::vector<TableRequest> requests = table_requests(parameters_);
    old_store_ = open(context, "old");
    new_store_ = open(context, "new");
    std::vector<std::string> problems;
    const auto guarded = [&](const auto& read) {
      try {
        read();
      } catch (const InputError& error) {
        problems.emplace_back(error.what());
      }
    };
    for (auto& request : id_map_requests(parameters_)) {
      guarded([&] {
        const std::string name = request.name;
        id_maps_[name] = std::make_shared<IdMap>(std::move(request), *old_store_, *new_store_, context.work,
                                                 session_options(context, parameters_));
      });
    }
    if (parameters_.has("recheck") && !id_maps_.empty()) {
      problems.emplace_back("`recheck` reads rows again, and an id map is read once; remove one of the two");
    }
    for (auto& request : requests) guarded([&] { prepare_table(context, request); });
    if (!problems.empty()) throw InputError(fmt::format("{}", fmt::join(problems, "\n")));
    merged_ = merged_tables(mappings_, parameters_.text("unclaimed") == "allowed");
  }

  void exercise(CheckContext& context) override {
    old_store_->begin_snapshot();
    new_store_->begin_snapshot();
    require_same_columns();
    for (const auto& [name, map] : id_maps_) map->load(*old_store_, *new_store_);
    // What an ambiguous map translates says nothing of the tables.
    if (!mapping_problems().empty()) return;
    compare_all(context);
    count_claims();
    const Parameters recheck = parameters_.record("recheck");
    for (std::int64_t i = 0; parameters_.has("recheck") && i < recheck.integer("times") && !settled(); ++i) {
      pause_unless_cancelled(recheck.duration("every"), context.cancelled);
      renew_snapshots();
      require_same_columns();
      recompare_differing(context);
    }
    for (auto& result : results_) {
      if (rereadings_ == 0) break;
      renew_sample(*old_store_, *new_store_, result.mapping, comparison_options(context), result);
    }
  }

  Outcome judge(CheckContext&) override {
    Outcome outcome = verdict();
    for (const auto& result : results_) report_table(result, outcome);
    report_mappings(outcome);
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
    for (const auto& merged : merged_) {
      const Control one = merged.control(*new_store_, reproduce_);
      planted.push_back(one.planted);
      observed.push_back(one.observed);
      control.caught = control.caught && one.caught;
    }
    control.planted = fmt::format("{}", fmt::join(planted, "; "));
    control.observed = fmt::format("{}", fmt::join(observed, "; "));
    return control;
  }

 private:
  // Every table, so that all are of one moment.
  void compare_all(CheckContext& context) {
    const std::optional<double> total = expected_rows();
    std::uint64_t before = 0;
    for (const auto& mapping : mappings_) {
      ComparisonOptions options = comparison_options(context);
      options.on_progress = progress(context, before, total);
      results_.push_back(compare_table(*old_store_, *new_store_, mapping, options));
      before += std::max(results_.back().totals.old_rows, results_.back().totals.new_rows);
    }
  }

  void count_claims() {
    for (const auto& merged : merged_) claims_.push_back(merged.count(*new_store_, sample_, reproduce_));
  }

  // What differed when it was last read, and nothing else where a row is found by its key.
  void recompare_differing(CheckContext& context) {
    for (std::size_t i = 0; i < mappings_.size(); ++i) {
      ComparisonOptions options = comparison_options(context);
      options.on_progress = progress(context, 0, std::nullopt);
      results_[i] = recompare_table(*old_store_, *new_store_, mappings_[i], results_[i], options);
    }
    for (std::size_t i = 0; i < merged_.size(); ++i)
      claims_[i] = merged_[i].recount(*new_store_, claims_[i], sample_, reproduce_);
  }

  static std::function<void(std::uint64_t)> progress(CheckContext& context, std::uint64_t before,
                                                     std::optional<double> total) {
    return [&context, before, total](std::uint64_t rows) {
      if (context.cancelled.stop_requested()) throw Cancelled();
      context.progress({.done = static_cast<double>(before + rows), .total = total, .unit = "rows"});
    };
  }

  // Whether nothing differs any more but what stays as it is.
  bool settled() const {
    const bool claimed = rereadings_ > 0 || std::all_of(claims_.begin(), claims_.end(), [](const auto& counts) {
                           return counts.bad() == 0 || !counts.all_keyed();
                         });
    return claimed && std::all_of(results_.begin(), results_.end(), [this](const TableResult& result) {
             const auto& suspects = *result.evidence->suspects();
             return suspects.empty() || suspects.overflowed() || (rereadings_ > 0 && result.evidence->unsettled() == 0);
           });
  }

  void renew_snapshots() {
    ++rereadings_;
    for (auto* store : {old_store_.get(), new_store_.get()}) {
      store->end_snapshot();
      store->begin_snapshot();
    }
  }

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

  // A column that came after the tables were described would be compared with nothing.
  void require_same_columns() {
    for (const auto& described : described_) {
      const stores::TableDescription now = described.store->describe(described.name);
      if (columns_of(now) == described.columns) continue;
      throw EnvironmentError(
          fmt::format("{}: the columns of table {} changed while it was compared; run the check when nothing alters it",
                      described.store->name(), printable(described.name, 100)));
    }
  }

  void prepare_table(const CheckContext& context, TableRequest& request) {
    auto old_table = old_store_->describe(request.old_table);
    auto new_table = new_store_->describe(request.new_table);
    described_.push_back({old_store_.get(), request.old_table, columns_of(old_table)});
    described_.push_back({new_store_.get(), request.new_table, columns_of(new_table)});
    require_two_tables(request, old_table, new_table);
    add_expressions(request, true, context.store(parameters_.text("old")), session_options(context, parameters_),
                    old_table);
    add_expressions(request, false, context.store(parameters_.text("new")), session_options(context, parameters_),
                    new_table);
    const IdMaps maps(id_maps_.begin(), id_maps_.end());
    mappings_.push_back(map_table(request, std::move(old_table), std::move(new_table), maps));
  }

  std::unique_ptr<stores::Store> open(const CheckContext& context, const char* side) const {
    return stores::open_store(context.store(parameters_.text(side)), session_options(context, parameters_));
  }

  ComparisonOptions comparison_options(const CheckContext& context) const {
    const std::string strategy = parameters_.text("strategy");
    return {.reproduce = context.reproduce,
            .sample = sample_,
            .seed = context.seed,
            .strategy = strategy == "hash"    ? Strategy::hash
                        : strategy == "merge" ? Strategy::merge
                                              : Strategy::automatic,
            .wide = parameters_.text("hash_bits") == "128",
            .spool = {.folder = context.work, .limits = session_options(context, parameters_)},
            .rereading = {.wanted = parameters_.has("recheck")}};
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
    const std::string mapping = mapping_problems();
    if (results_.empty()) return Outcome::failed("no table was compared" + mapping);
    if (all.missing + all.extra + all.changed > 0 || !mapping.empty()) {
      return Outcome::failed(fmt::format("{} rows missing, {} extra, {} changed of {} old and {} new rows{}{}",
                                         all.missing, all.extra, all.changed, all.old_rows, all.new_rows, mapping,
                                         strategies()));
    }
    std::uint64_t unsettled = 0;
    for (const auto& result : results_) unsettled += result.evidence->unsettled();
    if (unsettled > 0) {
      return Outcome::inconclusive(fmt::format(
          "{} rows differed in another way each time they were read, {} times in all; let writes rest, or raise "
          "`recheck.times` or `recheck.every`",
          unsettled, rereadings_ + 1));
    }
    std::vector<std::string> empty;
    for (const auto& result : results_) {
      const std::string& table = result.mapping.request.old_table;
      if (result.totals.old_rows + result.totals.new_rows > 0 || allow_empty_.allow(table)) continue;
      empty.push_back(printable(table, 100));
    }
    if (!empty.empty()) {
      return Outcome::inconclusive(fmt::format(
          "no rows on either side to compare in {0}; seed them, or set `allow_empty: [{0}]` if that is right",
          fmt::join(empty, ", ")));
    }
    return Outcome::passed(fmt::format("{} rows of {} tables are equal in every compared column{}", all.matched,
                                       results_.size(), strategies()));
  }

  // "; 2 rows of costs unclaimed or contested; 1 problem of the id map users"; empty when all is well.
  std::string mapping_problems() const {
    std::string text;
    std::uint64_t claims = 0;
    for (const auto& counts : claims_) claims += counts.bad();
    if (claims > 0) text += fmt::format("; {} rows of merged tables not claimed by exactly one source", claims);
    for (const auto& [name, map] : id_maps_) {
      if (map->problems_total() == 0) continue;
      text +=
          fmt::format("; the id map {} is not one to one in {} places", printable(name, 100), map->problems_total());
    }
    return text;
  }

  void report_mappings(Outcome& outcome) const {
    for (const auto& counts : claims_) {
      outcome.findings.insert(outcome.findings.end(), counts.findings.begin(), counts.findings.end());
      outcome.findings_total += counts.bad();
    }
    for (const auto& [name, map] : id_maps_) {
      for (auto& finding : map->problems(sample_, reproduce_)) outcome.findings.push_back(std::move(finding));
      outcome.findings_total += map->problems_total();
      outcome.coverage.push_back(
          {.unit = "pairs of the id map " + printable(name, 100), .examined = map->pairs(), .expected = map->pairs()});
    }
  }

  // "; items by hash: …; users by merge: …"
  std::string strategies() const {
    std::string text;
    for (const auto& result : results_) {
      text += fmt::format("; {} by {}", printable(result.mapping.request.old_table, 100), result.strategy);
      if (!result.rereading.empty()) text += fmt::format(", then {}", result.rereading);
    }
    if (rereadings_ > 0) text += fmt::format("; rows that differed were read {} times", rereadings_ + 1);
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
          {.name = fmt::format("{}.{}.cells_changed", table, printable(result.mapping.columns[i].name, 100)),
           .value = static_cast<double>(result.evidence->cells_changed()[i]),
           .unit = "cells",
           .samples = result.totals.matched});
      if (!result.mapping.columns[i].tolerance) continue;
      outcome.metrics.push_back(
          {.name = fmt::format("{}.{}.cells_tolerated", table, printable(result.mapping.columns[i].name, 100)),
           .value = static_cast<double>(result.evidence->cells_tolerated()[i]),
           .unit = "cells",
           .samples = result.totals.matched});
    }
    const std::uint64_t rows = std::max(result.totals.old_rows, result.totals.new_rows);
    outcome.coverage.push_back({.unit = "rows of " + table, .examined = rows, .expected = rows});
    report_columns(result, table, outcome);
  }

  void report_columns(const TableResult& result, const std::string& table, Outcome& outcome) const {
    const auto& mapping = result.mapping;
    outcome.coverage.push_back(
        {.unit = "columns of " + table,
         .examined = mapping.columns.size(),
         .expected = mapping.columns.size() + mapping.request.ignore.size() + mapping.only_new.size()});
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

  struct DescribedTable {
    stores::Store* store;
    std::string name;
    DeclaredColumns columns;
  };

  Parameters parameters_;
  std::size_t sample_;
  EmptyTables allow_empty_;
  std::unique_ptr<stores::Store> old_store_;
  std::unique_ptr<stores::Store> new_store_;
  std::vector<DescribedTable> described_;
  std::vector<TableMapping> mappings_;
  std::map<std::string, std::shared_ptr<IdMap>> id_maps_;
  std::vector<TableResult> results_;
  std::int64_t rereadings_ = 0;
  std::vector<MergedTable> merged_;
  std::vector<MergedTable::Counts> claims_;
  std::string reproduce_;
};

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
          .make = [](const Parameters& parameters) { return std::make_unique<RowsCheck>(parameters); },
          .examine = examine_rows};
}

}  // namespace sluice::migration
