#include "suites/migration/copies/crash.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/store_url.hpp"
#include "suites/migration/copies/copy_parameters.hpp"
#include "suites/migration/copies/crash_points.hpp"
#include "suites/migration/copies/store_state.hpp"
#include "suites/migration/copies/untouched_stores.hpp"

namespace sluice::migration {
namespace {

using Copy = StoreCopies::Copy;

/// What came of one point.
struct PointResult {
  CrashPoint point;
  bool reached = false;
  std::vector<Finding> findings;
  std::uint64_t rows = 0;              ///< compared
  std::uint64_t statements_again = 0;  ///< of the run after the kill
};

/// How many points to try.
std::size_t read_count(const std::string& text) {
  if (text == "all") return static_cast<std::size_t>(-1);
  std::size_t count = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || count > 10'000'000) count = 100'000'000;
    count = count * 10 + static_cast<std::size_t>(c - '0');
  }
  if (text.empty() || count == 0 || count > 1'000'000)
    throw InputError(fmt::format("'{}' is neither a number from 1 to 1000000 nor all", printable(text, 40)));
  return count;
}

void examine_crash(const Parameters& parameters, ParameterProblems& problems) {
  problems.guard({"points"}, [&] { read_count(parameters.text("points")); });
  if (!parameters.has("only")) return;
  const auto only = parameters.texts("only");
  for (std::size_t i = 0; i < only.size(); ++i) {
    if (parse_point(only[i])) continue;
    problems.add({"only", std::to_string(i)},
                 fmt::format("'{}' is not a point; write the number and the kind as a finding shows them, such as \"37 "
                             "commit\"",
                             printable(only[i], 60)));
  }
}

class CrashCheck final : public Check {
 public:
  explicit CrashCheck(const Parameters& parameters) : parameters_(parameters) {}

  void prepare(CheckContext& context) override {
    ParameterProblems problems;
    examine_crash(parameters_, problems);
    problems.refuse();
    count_ = read_count(parameters_.text("points"));
    for (const auto& kind : parameters_.texts("kill")) {
      kinds_.insert(parse_point("1 " + kind)->kind);
    }
    if (parameters_.has("only")) {
      for (const auto& text : parameters_.texts("only")) only_.push_back(parse_point(text).value());
    }
    copies_ = std::make_unique<StoreCopies>(context, store_options(parameters_, context));
    if (copies_->postgres().empty() && !kinds_.contains(CrashKind::write)) {
      throw InputError(
          fmt::format("check '{}': neither store is PostgreSQL, so the migration sends no statement to be killed at; "
                      "add `write` to `kill`, for what it writes to SQLite",
                      context.check));
    }
    trial_ = std::make_unique<ActionTrial>(context, *copies_, parameters_.text("action"),
                                           TrialOptions{.timeout = parameters_.duration("timeout"),
                                                        .spares = sides_of(parameters_, "spares"),
                                                        .watch_writes = kinds_.contains(CrashKind::write)});
  }

  void exercise(CheckContext& context) override {
    reference_ = copies_->make();
    const TrialEnd clean = run_clean(*reference_, "the first clean run");
    if (!problem_.empty()) return;
    if (!unrepeatable(context)) return;
    if (!sees_writes(context, clean)) return;
    points_ = crash_points(clean.statements, clean.writes, kinds_);
    statements_ = clean.statements.size();
    writes_ = clean.writes.size();
    const auto chosen = only_.empty() ? choose_points(points_, count_, context.seed) : with_texts(only_, clean);
    try_points(context, chosen);
    require_untouched(context, *copies_, parameters_, sides_of(parameters_, "spares"));
  }

  Outcome judge(CheckContext&) override {
    if (!problem_.empty()) return std::move(problem_outcome());
    std::uint64_t failed = 0, reached = 0, rows = 0, again = 0;
    for (const auto& result : results_) {
      reached += result.reached;
      failed += !result.findings.empty();
      rows += result.rows;
      again += result.statements_again;
    }
    Outcome outcome = verdict(reached, failed);
    for (auto& result : results_) {
      outcome.findings_total += result.findings.size();
      for (auto& finding : result.findings) {
        if (outcome.findings.size() < 50) outcome.findings.push_back(std::move(finding));
      }
    }
    const auto add = [&](const char* name, double value, const char* unit, std::uint64_t samples) {
      outcome.metrics.push_back({.name = name, .value = value, .unit = unit, .samples = samples});
    };
    add("points_tried", static_cast<double>(reached), "points", results_.size());
    add("points_failed", static_cast<double>(failed), "points", reached);
    add("points_not_reached", static_cast<double>(results_.size() - reached), "points", results_.size());
    add("statements", static_cast<double>(statements_), "statements", 1);
    add("writes", static_cast<double>(writes_), "writes", 1);
    add("rows_compared", static_cast<double>(rows), "rows", reached);
    if (reached > 0) {
      add("statements_after_kill", static_cast<double>(again) / static_cast<double>(reached), "statements", reached);
    }
    outcome.coverage.push_back({.unit = "points", .examined = reached, .expected = points_.size()});
    return outcome;
  }

  Control control(CheckContext& context) override {
    const auto tried =
        std::find_if(results_.begin(), results_.end(), [](const auto& result) { return result.reached; });
    const auto copy = copies_->make();
    const TrialEnd killed = trial_->run(*copy, tried->point);
    const TrialEnd again = trial_->run(*copy);
    Control control{.planted = "", .observed = "the migration could not be run again"};
    if (!killed.killed || !again.succeeded()) return control;
    const std::string table = damage_state(copy->urls(), copies_->options(), ignored_names(parameters_));
    control.planted = table.empty() ? "no table had a row to remove"
                                    : fmt::format("one row removed from {} after the run that followed the kill at {}",
                                                  printable(table, 100), tried->point.name());
    const StateDifference difference = compare(*copy, context, true);
    control.observed = difference.none() ? "no difference" : difference.findings.front().summary;
    control.caught = !table.empty() && difference.total == 1 && difference.findings.front().rule != "row-extra" &&
                     difference.findings.front().summary.find(printable(table, 100)) != std::string::npos;
    return control;
  }

 private:
  TrialEnd run_clean(const Copy& copy, const char* which) {
    TrialEnd end = trial_->run(copy);
    require_statements(end, parameters_.text("action"));
    require_ended(end, parameters_.text("action"));
    if (end.timed_out) {
      problem_ = fmt::format("{} of action {} took longer than {}", which, parameters_.text("action"),
                             human_duration(parameters_.duration("timeout")));
    } else if (!end.succeeded()) {
      problem_ = fmt::format("{} of action {} on a copy ended with {}: {}", which, parameters_.text("action"),
                             end.action.outcome, printable(end.action.output_tail, 600));
    }
    return end;
  }

  // What two clean runs do not agree on cannot be demanded after a kill.
  bool unrepeatable(CheckContext& context) {
    const auto second = copies_->make();
    run_clean(*second, "the second clean run");
    if (!problem_.empty()) return false;
    StateDifference difference = compare(*second, context);
    if (difference.none()) return true;
    problem_ =
        fmt::format("two clean runs already end in different states ({}); make them the same, or set ignore: [{}]",
                    difference.findings.front().summary, fmt::join(difference.volatile_names, ", "));
    unsettled_ = true;
    return false;
  }

  // A program whose writes to SQLite go unseen is never killed between them.
  bool sees_writes(const CheckContext& context, const TrialEnd& clean) {
    if (!kinds_.contains(CrashKind::write)) return true;
    if (!clean.writes.empty()) {
      return clean.unseen.empty() || is_blind("not all of its writes were seen", clean.unseen.front());
    }
    const auto untouched = copies_->make();
    std::map<std::string, std::string> before;
    for (const auto& [side, url] : untouched->urls()) {
      if (url.starts_with(stores::sqlite_scheme)) before[side] = url;
    }
    const StateDifference difference =
        compare_states(before, reference_->urls(), {.store = copies_->options(), .work = context.work});
    return difference.none() || is_blind("not one of its writes was seen", difference.findings.front().summary);
  }

  bool is_blind(const char* why, const std::string& where) {
    problem_ = fmt::format(
        "the migration changed a SQLite store ({}), and {}, so that it cannot be killed between them: statically "
        "linked "
        "programs and those that clear their environment are not seen; take `write` out of `kill` to try its "
        "statements "
        "alone",
        printable(where, 300), why);
    unsettled_ = true;
    return false;
  }

  Outcome problem_outcome() const {
    Outcome outcome = unsettled_ ? Outcome::inconclusive(problem_) : Outcome::errored(problem_);
    outcome.coverage.push_back({.unit = "points", .examined = 0});
    return outcome;
  }

  static std::vector<CrashPoint> with_texts(std::vector<CrashPoint> points, const TrialEnd& clean) {
    for (auto& point : points) {
      const std::size_t index = point.number - 1;
      if (point.kind == CrashKind::write) {
        if (index < clean.writes.size()) point.text = clean.writes[index];
      } else if (index < clean.statements.size()) {
        point.text = clean.statements[index].text;
      }
    }
    return points;
  }

  StateDifference compare(const Copy& copy, const CheckContext& context, bool damaged = false) const {
    StateOptions options{.store = copies_->options(), .work = context.work, .ignore = ignored_names(parameters_)};
    options.sequences_may_be_ahead = true;
    options.virtual_tables = !damaged;
    options.reproduce = context.reproduce;
    return compare_states(reference_->urls(), copy.urls(), options);
  }

  void try_points(CheckContext& context, const std::vector<CrashPoint>& chosen) {
    results_.resize(chosen.size());
    std::atomic<std::size_t> next{0}, done{0};
    std::mutex mutex;
    std::exception_ptr broken;
    const auto work = [&] {
      try {
        for (std::size_t i = next++; i < chosen.size(); i = next++) {
          results_[i] = try_point(context, chosen[i]);
          context.progress(
              {.done = static_cast<double>(++done), .total = static_cast<double>(chosen.size()), .unit = "points"});
        }
      } catch (...) {
        next = chosen.size();
        const std::lock_guard lock(mutex);
        if (!broken) broken = std::current_exception();
      }
    };
    {
      std::vector<std::jthread> workers;
      const auto parallel = static_cast<std::size_t>(parameters_.integer("parallel"));
      for (std::size_t i = 0; i < std::min(parallel, chosen.size()); ++i) workers.emplace_back(work);
    }
    if (broken) std::rethrow_exception(broken);
  }

  PointResult try_point(const CheckContext& context, const CrashPoint& point) const {
    PointResult result{.point = point};
    const auto copy = copies_->make();
    const TrialEnd killed = trial_->run(*copy, point);
    result.reached = killed.killed;
    if (!result.reached) return result;
    const TrialEnd again = trial_->run(*copy);
    result.statements_again = again.statements.size();
    const auto fail = [&](const char* rule, std::string how) -> Finding& {
      Finding& finding = result.findings.emplace_back(Finding{.rule = rule});
      finding.summary =
          fmt::format("killed {} ({}) and run again, {}", describe(point), printable(point.text, 80), how);
      finding.where = {{"point", point.name()},
                       {point.kind == CrashKind::write ? "write" : "statement", printable(point.text)}};
      finding.reproduce = reproduce_with(context, fmt::format("only: [\"{}\"]", point.name()));
      return finding;
    };
    if (again.timed_out) {
      fail("crash-rerun-hangs",
           fmt::format("the migration did not end within {}", human_duration(parameters_.duration("timeout"))));
    } else if (!again.succeeded()) {
      fail("crash-rerun-failed",
           fmt::format("the migration ended with {}: {}", again.action.outcome, last_line(again.action.output_tail)))
          .new_value = printable(again.action.output_tail, 1000);
    }
    if (again.sessions_left.empty()) require_ended(again, parameters_.text("action"));
    for (const auto& session : again.sessions_left) fail("crash-session-left", "it left a session: " + session);
    if (!again.succeeded()) return result;
    const StateDifference difference = compare(*copy, context);
    result.rows = difference.rows;
    if (!difference.none()) {
      const Finding& first = difference.findings.front();
      auto& finding = fail(
          "crash-state-differs",
          fmt::format("the state has {} differences from a clean run's; first: {}", difference.total, first.summary));
      finding.where.insert(finding.where.end(), first.where.begin(), first.where.end());
      finding.old_value = first.old_value;
      finding.new_value = first.new_value;
      finding.occurrences = difference.total;
    }
    for (const auto& sentence : unsound(copy->urls(), copies_->options())) fail("crash-unsound", sentence);
    return result;
  }

  static std::string describe(const CrashPoint& point) {
    switch (point.kind) {
      case CrashKind::before:
        return fmt::format("before statement {}", point.number);
      case CrashKind::after:
        return fmt::format("after statement {}", point.number);
      case CrashKind::commit:
        return fmt::format("at the commit of statement {}, before its answer", point.number);
      case CrashKind::write:
        return fmt::format("before write {}", point.number);
    }
    return point.name();
  }

  static std::string last_line(std::string text) {
    while (text.ends_with('\n')) text.pop_back();
    return printable(text.substr(text.rfind('\n') + 1), 300);
  }

  Outcome verdict(std::uint64_t reached, std::uint64_t failed) const {
    const std::string of = only_.empty() ? fmt::format("{} of {} points", reached, points_.size())
                                         : fmt::format("{} chosen points", reached);
    if (failed > 0) {
      return Outcome::failed(
          fmt::format("after a kill at {} of the {} tried, the next run did not reach the clean run's "
                      "state",
                      failed, of));
    }
    if (reached < results_.size()) {
      return Outcome::inconclusive(
          fmt::format("{} of {} chosen points never came in their run: the migration does not send "
                      "the same statements each time",
                      results_.size() - reached, results_.size()));
    }
    if (reached == 0) return Outcome::inconclusive("the migration has no point of these kinds to be killed at");
    return Outcome::passed(
        fmt::format("killed at {} ({} statements{}) and run again, the migration always reached the clean run's state",
                    of, statements_, writes_ == 0 ? "" : fmt::format(", {} writes to SQLite", writes_)));
  }

  Parameters parameters_;
  std::size_t count_ = 0;
  std::set<CrashKind> kinds_;
  std::vector<CrashPoint> only_;
  std::unique_ptr<StoreCopies> copies_;
  std::unique_ptr<ActionTrial> trial_;
  std::unique_ptr<Copy> reference_;
  std::vector<CrashPoint> points_;
  std::uint64_t statements_ = 0;
  std::uint64_t writes_ = 0;  ///< to SQLite
  std::vector<PointResult> results_;
  std::string problem_;
  bool unsettled_ = false;
};

std::vector<ParameterSpec> crash_parameters() {
  std::vector<ParameterSpec> all{
      {.name = "action", .doc = "the plan's action that migrates", .required = true, .names = Names::command},
      {.name = "points",
       .doc = "how many points to try, or `all`: each different statement once in each kind, then spread evenly",
       .default_text = "50"},
      {.name = "kill",
       .type = ParameterType::list,
       .doc = "where: before a statement is sent, after it is done, at a commit whose answer never comes, before a "
              "system call that writes to SQLite",
       .default_text = "[before, after, commit, write]",
       .minimum = 1,
       .item = {{.name = "kind", .type = ParameterType::text, .choices = {"before", "after", "commit", "write"}}},
       .shorthand = "kind"},
      {.name = "only",
       .type = ParameterType::list,
       .doc = "just these points, as findings name them: \"37 commit\"",
       .item = {{.name = "point", .type = ParameterType::text}},
       .shorthand = "point"},
      {.name = "parallel",
       .type = ParameterType::integer,
       .doc = "points tried at the same time, each on copies of its own",
       .default_text = "2",
       .minimum = 1,
       .maximum = 16}};
  for (auto& each : copy_parameters()) all.push_back(std::move(each));
  return all;
}

}  // namespace

CheckKind crash_kind() {
  return {
      .name = "migration.crash",
      .proves =
          "Killed (SIGKILL) at the points tried, between the statements it sends to PostgreSQL, at commits whose "
          "answer is lost and before what it writes to SQLite, and then run again, the migration ends well and in the "
          "state that a clean run reaches: "
          "rows, "
          "schema, sequences, no invalid index, no session or prepared transaction left.",
      .cannot_prove =
          "Anything of points that were not tried, of kills in the middle of one statement, of a crash of the database "
          "server or the machine (what was written but not synced survives a kill), or of effects outside the two "
          "stores; and it does not see what statically linked programs write to SQLite.",
      .parameters = crash_parameters(),
      .needs_stores = true,
      .make = [](const Parameters& parameters) { return std::make_unique<CrashCheck>(parameters); },
      .examine = examine_crash};
}

}  // namespace sluice::migration
