#include "suites/migration/queries/status.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <sstream>
#include <utility>

#include "harness/core/ascii.hpp"
#include "harness/core/errors.hpp"
#include "harness/core/pause.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/instant.hpp"
#include "suites/migration/queries/status_rules.hpp"
#include "suites/migration/side_session.hpp"

namespace sluice::migration {
namespace {

using std::chrono::microseconds;
using stores::RawCell;
using stores::SqlResult;

constexpr std::chrono::milliseconds between_looks{250};

std::int64_t since_1970(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<microseconds>(time.time_since_epoch()).count();
}

// Microseconds of a number: seconds, milliseconds where seconds would lie thousands of years ahead, or microseconds
// where milliseconds would.
std::int64_t since_1970(std::int64_t number) {
  if (number < 100'000'000'000) return number * 1'000'000;
  return number < 100'000'000'000'000 ? number * 1'000 : number;
}

// When this process, and with it the run, began; what a check knows of it by itself.
std::chrono::nanoseconds age_of_this_process() {
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  // Field 22, counted from the end of the name, which may hold blanks.
  std::istringstream fields(text.substr(std::min(text.size(), text.rfind(')') + 1)));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  timespec now{};
  if (!fields || clock_gettime(CLOCK_BOOTTIME, &now) != 0)
    throw EnvironmentError("/proc/self/stat does not say when this run began; leave `since_start` out");
  const double started = std::stod(field) / static_cast<double>(sysconf(_SC_CLK_TCK));
  const double age = static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9 - started;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(age));
}

// "public.migration_status" with each part in quotes.
std::string quoted_table(const std::string& table) {
  const auto dot = table.find('.');
  if (dot == std::string::npos) return stores::quote_identifier(table);
  return stores::quote_identifier(table.substr(0, dot)) + "." + stores::quote_identifier(table.substr(dot + 1));
}

void examine_status(const Parameters& parameters, ParameterProblems& problems) {
  const bool expects = parameters.has("expect") && !parameters.texts("expect").empty();
  if (!parameters.has("status") && !parameters.has("finished") && !expects)
    problems.add({}, "nothing says when a step is completed; name its `status` or `finished` column, or `expect` it");
  if (parameters.boolean("since_start") && !parameters.has("started") && !parameters.has("finished"))
    problems.add({"since_start"}, "`since_start` needs the `started` or the `finished` column");
  if (parameters.has("zone")) problems.guard({"zone"}, [&] { stores::TimeZone::load(parameters.text("zone")); });
}

class StatusCheck final : public Check {
 public:
  explicit StatusCheck(const Parameters& parameters) : parameters_(parameters), key_(parameters.texts("key")) {
    rules_.has_started = parameters.has("started");
    rules_.has_finished = parameters.has("finished");
    if (parameters.has("expect")) {
      for (const auto& name : parameters.texts("expect"))
        rules_.expected.push_back(key_.size() == 1 ? fmt::format("{}={}", key_[0], name) : name);
    }
  }

  void prepare(CheckContext& context) override {
    ParameterProblems problems;
    examine_status(parameters_, problems);
    problems.refuse();
    session_ = open_side(context, parameters_, parameters_.text("side"));
    sql_ = statement();
    zone_name_ = parameters_.has("zone") ? parameters_.text("zone") : zone_of_store();
  }

  void exercise(CheckContext& context) override {
    const auto begun = context.clock->now();
    const auto deadline = begun + parameters_.duration("within");
    if (parameters_.boolean("since_start"))
      rules_.not_before =
          since_1970(context.clock->today()) - std::chrono::duration_cast<microseconds>(age_of_this_process()).count();
    while (true) {
      steps_ = read_steps();
      waited_ = context.clock->now() - begun;
      if (!may_still_complete(steps_, rules_) || context.clock->now() >= deadline) break;
      const auto done = std::count_if(steps_.begin(), steps_.end(), [](const Step& step) { return step.completed; });
      context.progress(
          {.done = static_cast<double>(done), .total = static_cast<double>(steps_.size()), .unit = "steps"});
      pause_unless_cancelled(std::min<std::chrono::nanoseconds>(between_looks, deadline - context.clock->now()),
                             context.cancelled);
    }
    rules_.now = since_1970(context.clock->today());
    rules_.tolerance = std::chrono::duration_cast<microseconds>(parameters_.duration("tolerance")).count();
  }

  Outcome judge(CheckContext& context) override {
    const auto problems = judge_steps(steps_, rules_);
    const std::string table = printable(parameters_.text("table"), 100);
    Outcome outcome;
    if (!problems.empty()) {
      outcome = Outcome::failed(fmt::format("{} problems with {} steps in {}, the first: {}", problems.size(),
                                            steps_.size(), table, problems.front().summary));
    } else if (steps_.empty()) {
      outcome = Outcome::inconclusive(fmt::format("{} has no row{}: nothing says how the migration ended", table,
                                                  parameters_.has("where") ? " under the condition" : ""));
    } else {
      outcome = Outcome::passed(fmt::format("all {} steps in {} are completed", steps_.size(), table));
    }
    for (const auto& problem : problems) outcome.findings.push_back(finding(problem, table, context));
    outcome.findings_total = problems.size();
    outcome.coverage = {
        {.unit = "steps", .examined = steps_.size(), .expected = std::max(steps_.size(), rules_.expected.size())}};
    const auto done = std::count_if(steps_.begin(), steps_.end(), [](const Step& step) { return step.completed; });
    outcome.metrics = {
        {.name = "steps_completed", .value = static_cast<double>(done), .unit = "steps", .samples = steps_.size()},
        {.name = "waited_s", .value = std::chrono::duration<double>(waited_).count(), .unit = "s", .samples = 1}};
    return outcome;
  }

  // Judges the steps as read with one alteration after the other. Nothing is written: a row of a live migration must
  // not be locked.
  Control control(CheckContext& context) override {
    Control control{.caught = true};
    std::vector<std::string> planted, observed;
    const std::size_t place = context.seed % steps_.size();
    const auto plant = [&](const std::string& what, const char* rule, std::vector<Step> steps) {
      StepRules rules = rules_;
      if (std::string_view(rule) == "step-missing") rules.expected.push_back(steps_[place].name);
      bool caught = false;
      for (const auto& problem : judge_steps(steps, rules))
        caught = caught || (problem.rule == rule && problem.step == steps_[place].name);
      planted.push_back(what);
      observed.push_back(fmt::format("{} {}", rule, caught ? "found" : "not found"));
      control.caught = control.caught && caught;
    };
    const auto altered = [&](auto&& change) {
      std::vector<Step> steps = steps_;
      change(steps[place]);
      return steps;
    };
    if (parameters_.has("status"))
      plant("a status that is not completed", "step-not-completed",
            altered([](Step& step) { step.completed = false; }));
    if (parameters_.has("error"))
      plant("an error", "error-recorded", altered([](Step& step) { step.error = "planted"; }));
    if (rules_.has_finished) plant("no end", "finish-missing", altered([](Step& step) { step.finished.reset(); }));
    if (rules_.not_before) {
      plant("times of 1970", "time-before-run", altered([](Step& step) {
              const StepTime epoch{.written = "1970", .microseconds = 0};
              step.started = step.finished = epoch;
            }));
    }
    std::vector<Step> without = steps_;
    std::erase_if(without, [&](const Step& step) { return step.name == steps_[place].name; });
    plant("no row", "step-missing", std::move(without));
    control.planted =
        fmt::format("in the row {} as read, one after the other: {}", steps_[place].name, fmt::join(planted, ", "));
    control.observed = fmt::format("{}", fmt::join(observed, ", "));
    return control;
  }

 private:
  std::string statement() const {
    std::vector<std::string> columns;
    for (const auto& name : key_) columns.push_back(stores::quote_identifier(name));
    for (const auto* const parameter : {"status", "error", "started", "finished"}) {
      if (parameters_.has(parameter)) columns.push_back(stores::quote_identifier(parameters_.text(parameter)));
    }
    std::string sql =
        fmt::format("SELECT {} FROM {}", fmt::join(columns, ", "), quoted_table(parameters_.text("table")));
    if (parameters_.has("where")) sql += fmt::format(" WHERE (\n{}\n)", parameters_.text("where"));
    return sql +
           fmt::format(" ORDER BY {}",
                       fmt::join(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(key_.size()), ", "));
  }

  std::vector<Step> read_steps() {
    const auto snapshot = Transaction::read(*session_);
    const SqlResult result =
        session_->query(sql_, {}, "reading the status table " + printable(parameters_.text("table"), 100));
    if (result.total > result.rows.size())
      throw InputError(fmt::format("the status table has {} rows, at most {} are read; restrict it with `where`",
                                   result.total, result.rows.size()));
    std::vector<Step> steps;
    for (std::size_t row = 0; row < result.rows.size(); ++row) steps.push_back(read_step(result, row));
    return steps;
  }

  // What a `timestamp` without a zone means to the database: the zone that its settings give to a session, which ours
  // has exchanged for UTC. SQLite's CURRENT_TIMESTAMP is UTC.
  std::string zone_of_store() {
    if (session_->engine() != stores::Engine::postgres) return "UTC";
    const auto snapshot = Transaction::read(*session_);
    const SqlResult setting = session_->query("SELECT reset_val FROM pg_settings WHERE name = 'TimeZone'", {},
                                              "asking for the database's time zone");
    return setting.text(0, 0).value_or("UTC");
  }

  const stores::TimeZone& zone() {
    if (zone_) return *zone_;
    try {
      zone_ = stores::TimeZone::load(zone_name_);
    } catch (const InputError& error) {
      throw InputError(
          fmt::format("the status table {} holds times without a zone, and that of its database cannot be "
                      "read; set `zone`: {}",
                      printable(parameters_.text("table"), 100), error.what()));
    }
    return *zone_;
  }

  Step read_step(const SqlResult& result, std::size_t row) {
    Step step;
    for (std::size_t i = 0; i < key_.size(); ++i)
      step.name += fmt::format("{}{}={}", i == 0 ? "" : ", ", key_[i], shown(result, row, i).value_or("NULL"));
    std::size_t column = key_.size();
    step.completed = !parameters_.has("status");
    if (parameters_.has("status")) {
      step.status = shown(result, row, column);
      step.completed = is_one_of(result, row, column, "completed");
      step.failed = !step.completed && is_one_of(result, row, column, "failed");
      ++column;
    }
    if (parameters_.has("error")) {
      step.error = shown(result, row, column++);
      if (step.error && step.error->find_first_not_of(" ") == std::string::npos) step.error.reset();
    }
    if (rules_.has_started) step.started = time_of(result, row, column++);
    if (rules_.has_finished) step.finished = time_of(result, row, column);
    return step;
  }

  static std::optional<std::string> shown(const SqlResult& result, std::size_t row, std::size_t column) {
    auto cell = result.rows[row][column].view();
    if (cell.is_null()) return std::nullopt;
    // The blanks that fill a char(n) up are not a part of its value.
    if (result.columns[column].type == stores::ComparisonType::character && cell.storage == RawCell::Storage::text)
      cell.bytes = cell.bytes.substr(0, cell.bytes.find_last_not_of(' ') + 1);
    return stores::printable_cell(cell);
  }

  // Under the column's type, so that `true` finds t and 1 in a column of booleans.
  bool is_one_of(const SqlResult& result, std::size_t row, std::size_t column, const char* parameter) const {
    const stores::ColumnRule rule{.type = result.columns[column].type};
    std::string value, wanted;
    stores::append_canonical(result.rows[row][column].view(), rule, value);
    for (const auto& text : parameters_.texts(parameter)) {
      wanted.clear();
      stores::append_canonical(stores::RawCell::of_text(text), rule, wanted);
      if (wanted == value) return true;
    }
    return false;
  }

  std::optional<StepTime> time_of(const SqlResult& result, std::size_t row, std::size_t column) {
    const auto written = result.text(row, column);
    if (!written) return std::nullopt;
    StepTime time{.written = printable(*written, 100), .microseconds = std::nullopt};
    auto read = stores::parse_timestamp(*written, nullptr);
    const bool is_epoch = read.reading == stores::Instant::Reading::good && read.microseconds == 0;  // on its own clock
    // Times that carry their zone are the same ones wherever they are read.
    if (read.microseconds != stores::parse_timestamp(*written, an_hour_east_.get()).microseconds) {
      read = stores::parse_timestamp(*written, &zone());
      time.written += " in " + printable(zone_name_, 100);
    }
    if (read.reading == stores::Instant::Reading::good)
      time.microseconds = read.microseconds;
    else if (written->size() < 18 && written->find_first_not_of("0123456789") == std::string::npos)
      time.microseconds = since_1970(std::stoll(*written));
    const std::string bare = ascii_lower(*written);
    time.is_none = is_epoch || time.microseconds == 0 || bare == "infinity" || bare == "-infinity";
    return time;
  }

  Finding finding(const StepProblem& problem, const std::string& table, const CheckContext& context) const {
    const bool is_old = parameters_.text("side") == "old";
    return {.rule = problem.rule,
            .summary = problem.summary,
            .where = {{"table", table}, {"step", problem.step}},
            .old_value = is_old ? std::optional(problem.observed) : std::nullopt,
            .new_value = is_old ? std::nullopt : std::optional(problem.observed),
            .reproduce = reproduced_by(context, session_->command_line(sql_))};
  }

  Parameters parameters_;
  std::vector<std::string> key_;
  StepRules rules_;
  std::string zone_name_;                         ///< of times that carry none
  std::shared_ptr<const stores::TimeZone> zone_;  ///< loaded for the first of them
  const std::shared_ptr<const stores::TimeZone> an_hour_east_ = stores::TimeZone::load("+01:00");
  std::unique_ptr<stores::SqlSession> session_;
  std::string sql_;
  std::vector<Step> steps_;
  std::chrono::nanoseconds waited_{0};
};

ParameterSpec values_parameter(std::string name, std::string doc, std::string default_text) {
  ParameterSpec spec = text_list_parameter(std::move(name), std::move(doc));
  spec.default_text = std::move(default_text);
  return spec;
}

ParameterSpec required(ParameterSpec spec) {
  spec.required = true;
  spec.minimum = 1;
  return spec;
}

std::vector<ParameterSpec> status_parameters() {
  std::vector<ParameterSpec> table{
      {.name = "table", .doc = "the status table: migration_status, public.schema_migrations", .required = true},
      required(text_list_parameter("key", "columns that name a step")),
      side_parameter({"old", "new"}),
      {.name = "where", .doc = "SQL condition on its rows"},
      {.name = "status", .doc = "the column that says how far a step is"},
      values_parameter("completed", "values of it that mean success", "[completed]"),
      values_parameter("failed", "values of it that end the waiting", "[failed, error]"),
      {.name = "error", .doc = "the column that must be NULL or blank"},
      {.name = "started", .doc = "the column of the start"},
      {.name = "finished", .doc = "the column of the end; a completed step must have one"},
      {.name = "zone",
       .doc = "time zone of times that carry none; when absent the TimeZone setting of the database, UTC in SQLite"},
      text_list_parameter("expect",
                          "steps that must be there: values of the key, or a=1, b=2 where it has several columns"),
      {.name = "within",
       .type = ParameterType::duration,
       .doc = "how long steps may still take; 0s: they must be completed now",
       .default_text = "0s",
       .minimum = 0},
      {.name = "since_start",
       .type = ParameterType::boolean,
       .doc = "no step may be older than this run of sluice",
       .default_text = "false"},
      {.name = "tolerance",
       .type = ParameterType::duration,
       .doc = "by how much the store's clock may differ from this machine's",
       .default_text = "5s",
       .minimum = 0}};
  for (auto& parameter : session_parameters("30s")) table.push_back(std::move(parameter));
  return table;
}

}  // namespace

CheckKind status_kind() {
  return {.name = "migration.status",
          .proves =
              "The status table that the migration keeps says that every step was completed, without an error and at "
              "times that make sense.",
          .cannot_prove =
              "That the steps did what they say: a status is a claim of the migration's. Steps that were never "
              "recorded are seen only when they are `expect`ed.",
          .parameters = status_parameters(),
          .make = [](const Parameters& parameters) { return std::make_unique<StatusCheck>(parameters); },
          .examine = examine_status};
}

}  // namespace sluice::migration
