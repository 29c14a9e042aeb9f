#include "suites/migration/queries/invariant.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <map>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "suites/migration/queries/invariant_comparison.hpp"
#include "suites/migration/side_session.hpp"

namespace sluice::migration {
namespace {

using stores::SqlResult;

/// One invariant as the plan has it.
struct Invariant {
  std::string name;
  std::map<std::string, std::string> empty;  ///< side -> SQL that must return no row
  std::vector<std::string> violation;        ///< statements that make it return one
  std::string old_sql, new_sql;              ///< SQL that must return the same
  ResultRules rules;
  bool may_be_empty = false;

  bool compares() const { return empty.empty(); }
};

/// What the databases said to one invariant.
struct Answers {
  std::map<std::string, SqlResult> empty;
  SqlResult old_result, new_result;
};

void examine_invariants(const Parameters& parameters, ParameterProblems& problems) {
  const bool one_store = parameters.text("old") == parameters.text("new");
  for (const auto& [name, value] : parameters.value("invariants").items()) {
    const Parameters invariant(value);
    const std::vector<std::string> here{"invariants", name};
    if (invariant.has("zone")) {
      problems.guard({"invariants", name, "zone"}, [&] { stores::TimeZone::load(invariant.text("zone")); });
    }
    if (invariant.has("empty") == invariant.has("equal")) {
      problems.add(here, "write either `empty: SQL` or `equal: SQL`");
    } else if (invariant.has("empty")) {
      if (invariant.has("key") || invariant.has("types") || invariant.has("zone"))
        problems.add(here, "`key`, `types` and `zone` belong to `equal`");
    } else {
      const Parameters sql = invariant.record("equal");
      if (sql.has("both") == (sql.has("old") || sql.has("new")) || sql.has("old") != sql.has("new"))
        problems.add(here, "write `equal: SQL` for both sides, or `equal: { old: SQL, new: SQL }`");
      if (invariant.has("violation")) problems.add(here, "`violation` belongs to `empty`");
      if (one_store && (sql.has("both") || (sql.has("old") && sql.has("new") && sql.text("old") == sql.text("new"))))
        problems.add(here, fmt::format("one query is compared with itself, as `old` and `new` are both the store '{}'",
                                       parameters.text("old")));
    }
  }
}

// Of what examine_invariants() has nothing against.
Invariant read_invariant(const std::string& name, const Parameters& parameters) {
  Invariant invariant{.name = printable(name, 100)};
  if (parameters.has("empty")) {
    const std::string& side = parameters.text("side");
    for (const auto* const one : {"old", "new"}) {
      if (side == one || side == "both") invariant.empty[one] = parameters.text("empty");
    }
  } else {
    const Parameters sql = parameters.record("equal");
    const bool both = sql.has("both");
    invariant.old_sql = sql.text(both ? "both" : "old");
    invariant.new_sql = sql.text(both ? "both" : "new");
  }
  if (parameters.has("violation")) invariant.violation = parameters.texts("violation");
  if (parameters.has("key")) invariant.rules.key = parameters.texts("key");
  if (parameters.has("types"))
    invariant.rules.types = parameters.value("types").get<std::map<std::string, std::string>>();
  if (parameters.has("zone")) invariant.rules.zone = stores::TimeZone::load(parameters.text("zone"));
  invariant.may_be_empty = parameters.boolean("may_be_empty");
  return invariant;
}

class InvariantCheck final : public Check {
 public:
  explicit InvariantCheck(const Parameters& parameters)
      : parameters_(parameters),
        sample_(static_cast<std::size_t>(parameters.integer("sample"))),
        rows_(static_cast<std::size_t>(parameters.integer("rows"))) {}

  void prepare(CheckContext& context) override {
    ParameterProblems problems;
    examine_invariants(parameters_, problems);
    problems.refuse();
    for (const auto& [name, value] : parameters_.value("invariants").items())
      invariants_.push_back(read_invariant(name, Parameters(value)));
    for (const auto& invariant : invariants_) {
      for (const auto* const side : {"old", "new"}) {
        if ((invariant.compares() || invariant.empty.contains(side)) && !sessions_.contains(side))
          sessions_[side] = open_side(context, parameters_, parameters_.text(side));
      }
    }
  }

  void exercise(CheckContext& context) override {
    std::vector<std::unique_ptr<Transaction>> snapshots;
    for (const auto& [side, session] : sessions_) snapshots.emplace_back(new Transaction(Transaction::read(*session)));
    for (const auto& invariant : invariants_) {
      if (context.cancelled.stop_requested()) throw Cancelled();
      Answers answers;
      for (const auto& [side, sql] : invariant.empty) answers.empty[side] = run(invariant, side, sql, sample_);
      if (invariant.compares()) {
        answers.old_result = run_whole(invariant, "old", invariant.old_sql);
        answers.new_result = run_whole(invariant, "new", invariant.new_sql);
      }
      answers_.push_back(std::move(answers));
      context.progress({.done = static_cast<double>(answers_.size()),
                        .total = static_cast<double>(invariants_.size()),
                        .unit = "invariants"});
    }
  }

  Outcome judge(CheckContext& context) override {
    Outcome outcome = Outcome::passed("");
    std::uint64_t rows = 0;
    std::vector<std::string> violated, unknown;
    for (std::size_t i = 0; i < invariants_.size(); ++i) {
      const Invariant& invariant = invariants_[i];
      const std::uint64_t found = judge_one(invariant, answers_[i], context, &outcome);
      const auto& [empty, old_result, new_result] = answers_[i];
      const bool nothing = says_nothing(old_result, new_result);
      rows += nothing ? 0 : std::max(old_result.total, new_result.total);
      outcome.findings_total += found;
      outcome.metrics.push_back({.name = invariant.name + ".violations",
                                 .value = static_cast<double>(found),
                                 .unit = "violations",
                                 .limit = 0,
                                 .samples = invariant.compares() ? std::max(old_result.total, new_result.total) : 1});
      if (found > 0) violated.push_back(invariant.name);
      if (invariant.compares() && nothing && !invariant.may_be_empty) unknown.push_back(invariant.name);
    }
    outcome.coverage = {{.unit = "invariants", .examined = invariants_.size(), .expected = invariants_.size()},
                        {.unit = "rows compared", .examined = rows, .expected = rows}};
    decide(violated, unknown, rows, outcome);
    return outcome;
  }

  Control control(CheckContext& context) override {
    Control control{.caught = true};
    std::vector<std::string> planted, observed;
    for (std::size_t i = 0; i < invariants_.size(); ++i) {
      const Control one = invariants_[i].violation.empty() ? alter_answers(i, context) : violate(i, context);
      planted.push_back(invariants_[i].name + ": " + one.planted);
      observed.push_back(invariants_[i].name + ": " + one.observed);
      control.caught = control.caught && one.caught;
    }
    control.planted = fmt::format("{}", fmt::join(planted, "; "));
    control.observed = fmt::format("{}", fmt::join(observed, "; "));
    return control;
  }

 private:
  SqlResult run(const Invariant& invariant, const std::string& side, const std::string& sql, std::size_t rows) {
    return sessions_.at(side)->query(sql, {.rows = rows},
                                     fmt::format("running invariant {} on the {} side", invariant.name, side));
  }

  SqlResult run_whole(const Invariant& invariant, const std::string& side, const std::string& sql) {
    SqlResult result = run(invariant, side, sql, rows_);
    if (result.total > rows_) {
      throw InputError(
          fmt::format("invariant {}: the {} side's query returns {} rows, `rows` allows {}: group further, or raise it",
                      invariant.name, side, result.total, rows_));
    }
    return result;
  }

  static void decide(const std::vector<std::string>& violated, const std::vector<std::string>& unknown,
                     std::uint64_t rows, Outcome& outcome) {
    const std::size_t all = static_cast<std::size_t>(outcome.coverage[0].examined);
    if (!violated.empty()) {
      outcome.verdict = Verdict::failed;
      outcome.reason =
          fmt::format("{} of {} invariants do not hold: {}", violated.size(), all, fmt::join(violated, ", "));
    } else if (!unknown.empty()) {
      outcome.verdict = Verdict::inconclusive;
      outcome.reason = fmt::format(
          "no rows, or nothing but NULL, on either side to compare in {}; seed them, or set `may_be_empty: true` if "
          "that is right",
          fmt::join(unknown, ", "));
    } else {
      outcome.reason = fmt::format("{} invariants hold ({} rows compared)", all, rows);
    }
  }

  // Adds the findings to `outcome` when there is one, and returns the exact number of violations.
  std::uint64_t judge_one(const Invariant& invariant, const Answers& answers, const CheckContext& context,
                          Outcome* outcome) {
    std::uint64_t total = 0;
    for (const auto& [side, result] : answers.empty) {
      total += result.total;
      for (std::size_t row = 0; outcome != nullptr && row < result.rows.size(); ++row)
        outcome->findings.push_back(violation_finding(invariant, side, result, row, context));
    }
    if (!invariant.compares()) return total;
    ResultComparison comparison;
    try {
      comparison = compare_results(answers.old_result, answers.new_result, invariant.rules, sample_);
    } catch (const InputError& error) {
      throw InputError(fmt::format("invariant {}: {}", invariant.name, error.what()));
    }
    for (const auto& difference : comparison.sample) {
      if (outcome != nullptr) outcome->findings.push_back(difference_finding(invariant, difference, context));
    }
    return comparison.total;
  }

  Finding violation_finding(const Invariant& invariant, const std::string& side, const SqlResult& result,
                            std::size_t row, const CheckContext& context) {
    const std::string values = printable_result_row(result, row);
    return {
        .rule = "invariant-violated",
        .summary = fmt::format("{} must return no row on the {} side and returns {}", invariant.name, side,
                               result.total == 1 ? "this one" : fmt::format("{}, this one among them", result.total)),
        .where = {{"invariant", invariant.name}, {"side", side}, {"row", values}},
        .old_value = side == "old" ? std::optional(values) : std::nullopt,
        .new_value = side == "new" ? std::optional(values) : std::nullopt,
        .reproduce = reproduced_by(context, sessions_.at(side)->command_line(invariant.empty.at(side)))};
  }

  Finding difference_finding(const Invariant& invariant, const ResultDifference& difference,
                             const CheckContext& context) {
    Finding finding{.where = {{"invariant", invariant.name}}};
    if (!difference.row.empty()) finding.where.emplace_back("row", difference.row);
    switch (difference.kind) {
      case ResultDifference::Kind::value:
        finding.rule = "value-differs";
        finding.where.emplace_back("column", difference.column);
        finding.summary = fmt::format("{}: {} is not the same on both sides{}{}", invariant.name, difference.column,
                                      difference.row.empty() ? "" : " for ", difference.row);
        break;
      case ResultDifference::Kind::only_old:
        finding.rule = "result-missing";
        finding.summary = fmt::format("{}: the new side does not return {}", invariant.name, difference.row);
        break;
      case ResultDifference::Kind::only_new:
        finding.rule = "result-extra";
        finding.summary = fmt::format("{}: only the new side returns {}", invariant.name, difference.row);
        break;
    }
    finding.old_value = difference.old_value;
    finding.new_value = difference.new_value;
    finding.reproduce =
        reproduced_by(context, fmt::format("old: {} new: {}", sessions_.at("old")->command_line(invariant.old_sql),
                                           sessions_.at("new")->command_line(invariant.new_sql)));
    return finding;
  }

  // Executes the plan's violation, runs the very query, and takes everything back.
  Control violate(std::size_t index, const CheckContext& context) {
    const Invariant& invariant = invariants_[index];
    Control control{.planted = fmt::format("the {} statements of `violation`, rolled back", invariant.violation.size()),
                    .caught = true};
    for (const auto& [side, sql] : invariant.empty) {
      try {
        const auto trial = Transaction::trial(*sessions_.at(side));
        for (const auto& statement : invariant.violation)
          sessions_.at(side)->execute(statement, fmt::format("violating invariant {}", invariant.name));
        Answers answers;
        answers.empty[side] = run(invariant, side, sql, sample_);
        const std::uint64_t found = judge_one(invariant, answers, context, nullptr);
        control.caught = control.caught && found > 0;
        control.observed += fmt::format("{} rows on the {} side ", found, side);
      } catch (const std::runtime_error& error) {
        control.caught = false;
        control.observed += fmt::format("not shown, as the violation could not be made: {} ", error.what());
      }
    }
    if (!control.observed.empty()) control.observed.pop_back();
    return control;
  }

  // Alters what was read. It shows that a differing answer is seen, not that the query can give one.
  Control alter_answers(std::size_t index, const CheckContext& context) {
    const Invariant& invariant = invariants_[index];
    Answers altered = answers_[index];
    Control control;
    if (!invariant.compares()) {
      SqlResult& result = altered.empty.begin()->second;
      add_row(result);
      control.planted =
          "one invented row added to what the query returned (without `violation` it is not shown that the query can "
          "return one)";
    } else if (altered.new_result.rows.empty()) {
      add_row(altered.new_result);
      control.planted = "one invented row added to what the new side returned";
    } else {
      const std::size_t row = context.seed % altered.new_result.rows.size();
      const std::size_t column = altered_column(invariant, altered.new_result);
      const std::string before = stores::printable_cell(altered.new_result.rows[row][column].view(), 100);
      alter(altered.new_result.rows[row][column]);
      control.planted = fmt::format("{} of row {} of the new side altered from {} to {}",
                                    printable(altered.new_result.columns[column].name, 100), row + 1, before,
                                    stores::printable_cell(altered.new_result.rows[row][column].view(), 100));
    }
    const std::uint64_t found = judge_one(invariant, altered, context, nullptr);
    control.caught = found > 0;
    control.observed = fmt::format("{} violations", found);
    return control;
  }

  static void add_row(SqlResult& result) {
    stores::OwnedRow row;
    for (std::size_t i = 0; i < result.columns.size(); ++i) row.emplace_back(stores::RawCell::of_null());
    result.rows.push_back(std::move(row));
    ++result.total;
  }

  // The last column is a count or a sum more often than a key.
  static std::size_t altered_column(const Invariant& invariant, const SqlResult& result) {
    for (std::size_t i = result.columns.size(); i-- > 0;) {
      bool is_key = false;
      for (const auto& name : invariant.rules.key) is_key = is_key || result.find(name) == i;
      if (!is_key) return i;
    }
    return 0;
  }

  static void alter(stores::OwnedCell& cell) {
    cell = cell.view().is_null() ? stores::OwnedCell(stores::RawCell::of_text("0"))
                                 : stores::OwnedCell(stores::RawCell::of_null());
  }

  Parameters parameters_;
  std::size_t sample_;
  std::size_t rows_;
  std::vector<Invariant> invariants_;
  std::map<std::string, std::unique_ptr<stores::SqlSession>> sessions_;
  std::vector<Answers> answers_;
};

ParameterSpec types_parameter() {
  ParameterSpec types{.name = "types",
                      .type = ParameterType::map,
                      .doc = "equal: column -> the type both sides are read as; default: the more specific of the two",
                      .item = {{.name = "type", .type = ParameterType::text}}};
  types.item.front().choices = stores::comparison_type_names();
  return types;
}

ParameterSpec invariant_parameter() {
  return {
      .name = "invariant",
      .type = ParameterType::record,
      .doc = "one thing that must hold",
      .fields = {{.name = "empty", .doc = "a query that must return no row"},
                 {.name = "side",
                  .doc = "empty: the side whose store is asked",
                  .default_text = "new",
                  .choices = {"old", "new", "both"}},
                 text_list_parameter("violation",
                                     "empty: statements that make the query return a row; the control executes them in "
                                     "a transaction that it rolls back"),
                 {.name = "equal",
                  .type = ParameterType::record,
                  .doc = "a query that must return the same on both sides, columns by position",
                  .fields = {{.name = "both", .doc = "the query for both sides"},
                             {.name = "old", .doc = "the old side's query"},
                             {.name = "new", .doc = "the new side's query"}},
                  .shorthand = "both"},
                 text_list_parameter("key",
                                     "equal: columns that name a row, so that differences are shown value by value; "
                                     "without it rows are compared as a whole, in any order"),
                 types_parameter(),
                 {.name = "zone", .doc = "equal: time zone of the old side's timestamps that carry none; default UTC"},
                 {.name = "may_be_empty",
                  .type = ParameterType::boolean,
                  .doc = "equal: no rows, or one of NULLs alone, on either side is right",
                  .default_text = "false"}}};
}

std::vector<ParameterSpec> invariant_parameters() {
  std::vector<ParameterSpec> table{
      {.name = "invariants",
       .type = ParameterType::map,
       .doc = "name -> what must hold",
       .required = true,
       .minimum = 1,
       .item = {invariant_parameter()}},
      store_parameter("old", "the store that is asked as the old side; before: the plan's `stores.before`"),
      store_parameter("new", "the store that is asked as the new side"),
      {.name = "rows",
       .type = ParameterType::integer,
       .doc = "the most rows that one side may return to be compared; more is an error",
       .default_text = "10000",
       .unit = "rows",
       .minimum = 1,
       .maximum = 1'000'000},
      {.name = "sample",
       .type = ParameterType::integer,
       .doc = "violations of an invariant that are kept as findings; all are counted",
       .default_text = "20",
       .minimum = 1,
       .maximum = 1'000}};
  for (auto& parameter : session_parameters("1m")) table.push_back(std::move(parameter));
  return table;
}

}  // namespace

CheckKind invariant_kind() {
  return {.name = "migration.invariant",
          .proves =
              "The plan's queries return no row (`empty`), or the same rows on both sides (`equal`), values compared "
              "exactly and independent of how each store writes them.",
          .cannot_prove =
              "Anything that the queries do not ask; that an `empty` query without a `violation` could ever return a "
              "row; nor, while data is written, that both sides were asked at one moment.",
          .parameters = invariant_parameters(),
          .make = [](const Parameters& parameters) { return std::make_unique<InvariantCheck>(parameters); },
          .examine = examine_invariants};
}

}  // namespace sluice::migration
