#include "suites/migration/copies/locks.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "harness/core/errors.hpp"
#include "harness/core/milliseconds.hpp"
#include "harness/core/pause.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/postgres_connection.hpp"
#include "harness/stores/sql_session.hpp"
#include "suites/migration/copies/action_trial.hpp"
#include "suites/migration/copies/copy_parameters.hpp"
#include "suites/migration/copies/lock_probes.hpp"
#include "suites/migration/copies/store_objects.hpp"
#include "suites/migration/copies/untouched_stores.hpp"

namespace sluice::migration {
namespace {

using stores::PostgresConnection;
constexpr std::size_t most_probes = 80;  // a server takes 100 connections unless it is told otherwise

/// A transaction of somebody else's, open before the migration begins.
class OpenTransaction {
 public:
  OpenTransaction(const std::string& url, const stores::StoreOptions& options, const std::string& sql,
                  const std::string& doing)
      : connection_(url, options), doing_(doing) {
    connection_.query(fmt::format("SET application_name = '{}'", LockProbes::application_name), {}, doing_);
    connection_.query("BEGIN", {}, doing_);
    connection_.query(sql, {}, doing_);
  }
  /// Ends it in `time`, or with this object.
  void end_in(std::chrono::nanoseconds time) {
    thread_ = std::jthread([this, time](const std::stop_token& stop) {
      pause_for(time, stop);
      connection_.abandon();  // the server rolls it back
    });
  }

 private:
  PostgresConnection connection_;
  std::string doing_;
  std::jthread thread_;
};

class LocksCheck final : public Check {
 public:
  explicit LocksCheck(const Parameters& parameters)
      : parameters_(parameters), action_(parameters.text("action")), limit_(parameters.duration("limit")) {}

  void prepare(CheckContext& context) override {
    copies_ = std::make_unique<StoreCopies>(context, store_options(parameters_, context));
    if (copies_->postgres().empty()) {
      throw InputError(
          fmt::format("check '{}': neither store is PostgreSQL, and only its locks are looked at", context.check));
    }
  }

  void exercise(CheckContext& context) override {
    const auto copy = copies_->make();
    const auto probes = probes_on(context, *copy);
    LockProbes running(probes, copies_->options(), parameters_.duration("every"));
    std::vector<std::unique_ptr<OpenTransaction>> others = open_transactions(context, *copy);
    running.restart();
    const ActionTrial trial(context, *copies_, action_,
                            {.timeout = parameters_.duration("timeout"), .spares = sides_of(parameters_, "spares")});
    const TrialEnd end = trial.run(*copy);
    others.clear();
    results_ = running.stop();
    took_ = end.action.duration;
    require_statements(end, action_);
    require_ended(end, action_);
    if (!end.succeeded()) {
      problem_ = fmt::format("action {} on a copy {}: {}", action_, end.how(), printable(end.action.output_tail, 600));
    }
    require_untouched(context, *copies_, parameters_, sides_of(parameters_, "spares"));
  }

  Outcome judge(CheckContext& context) override {
    if (!problem_.empty()) {
      Outcome outcome = Outcome::errored(problem_);
      outcome.coverage.push_back({.unit = "statements", .examined = 0});
      return outcome;
    }
    auto findings = findings_of(results_, context.reproduce);
    Outcome outcome = verdict(findings);
    outcome.findings_total = findings.size();
    if (findings.size() > 50) findings.resize(50);
    outcome.findings = std::move(findings);
    std::uint64_t rounds = 0, answered = 0;
    std::chrono::nanoseconds waited{0}, unblocked{0};
    for (const auto& result : results_) {
      rounds += result.rounds;
      answered += result.rounds > 0;
      waited = std::max(waited, result.longest_wait);
      unblocked = std::max(unblocked, result.longest_unblocked);
    }
    outcome.metrics.push_back(
        {.name = "longest_wait_ms", .value = milliseconds(waited), .unit = "ms", .samples = rounds});
    outcome.metrics.back().limit = milliseconds(limit_);
    outcome.metrics.push_back(
        {.name = "longest_unblocked_ms", .value = milliseconds(unblocked), .unit = "ms", .samples = rounds});
    outcome.metrics.push_back(
        {.name = "action_s", .value = std::chrono::duration<double>(took_).count(), .unit = "s", .samples = 1});
    outcome.coverage.push_back({.unit = "statements", .examined = rounds});
    outcome.coverage.push_back({.unit = "probes", .examined = answered, .expected = results_.size()});
    return outcome;
  }

  Control control(CheckContext& context) override {
    const auto copy = copies_->make();
    const auto probes = probes_on(context, *copy);
    Control control{.planted = "no table to lock", .observed = "nothing"};
    if (control_table_.empty()) return control;
    control.planted = fmt::format("a lock on table {}, held until somebody has waited longer than {}",
                                  printable(control_table_, 100), human_duration(limit_));
    LockProbes running(probes, copies_->options(), parameters_.duration("every"));
    PostgresConnection locker(control_url_, copies_->options());
    locker.query("BEGIN", {}, "planting a lock");
    locker.query(fmt::format("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", control_table_), {}, "planting a lock");
    const auto deadline = context.clock->now() + limit_ + std::chrono::seconds(30);
    while (running.longest_wait() <= limit_ && context.clock->now() < deadline) {
      pause_unless_cancelled(std::chrono::milliseconds(2), context.cancelled);
    }
    locker.query("ROLLBACK", {}, "ending the planted lock");
    const auto findings = findings_of(running.stop(), context.reproduce);
    control.caught = std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
      return finding.rule == "lock-wait" && finding.summary.find("LOCK TABLE") != std::string::npos;
    });
    control.observed = findings.empty() ? "no wait" : findings.front().summary;
    return control;
  }

 private:
  // Reads and writes of every table that is there before, and the plan's own statements. Notes what the control locks.
  std::vector<Probe> probes_on(const CheckContext& context, const StoreCopies::Copy& copy) {
    std::vector<Probe> probes;
    control_table_.clear();
    for (const auto& store : copy.copied()) {
      if (!store.postgres) continue;
      const std::string& url = copy.urls().at(store.sides.front());
      const auto tables = tables_of(url);
      if (control_table_.empty() && !tables.empty() && tables.front().writable) {
        control_table_ = tables.front().sql_name;
        control_url_ = url;
      }
      if (const std::string views = parameters_.has("tables") ? "" : views_of(url); !views.empty()) {
        probes.push_back({"read of the views", url, fmt::format("LOCK TABLE {} IN ACCESS SHARE MODE", views)});
      }
      for (const auto& [name, sql_name, writable] : tables) {
        probes.push_back({"read of " + name, url, fmt::format("SELECT FROM {} LIMIT 1", sql_name)});
        if (!writable) continue;
        probes.push_back({"write to " + name, url, fmt::format("LOCK TABLE {} IN ROW EXCLUSIVE MODE", sql_name)});
        for (const auto& sequence : sequences_of(url, sql_name)) {
          probes.push_back({fmt::format("number for {} from {}", name, printable(sequence, 100)), url,
                            fmt::format("SELECT nextval({})", stores::quote_literal(sequence))});
        }
      }
    }
    if (parameters_.has("statements")) {
      for (const auto& [name, value] : parameters_.value("statements").items()) {
        const Parameters statement(value);
        probes.push_back(
            {printable(name, 60), postgres_url(context, copy, statement.text("on")), statement.text("sql")});
      }
    }
    if (probes.size() > most_probes) {
      throw InputError(
          fmt::format("check '{}': the readers, writers and sequences of all tables, and the statements, would need {} "
                      "connections; name the busiest tables in `tables` (at most {} connections)",
                      context.check, probes.size(), most_probes));
    }
    if (probes.empty()) {
      throw InputError(
          fmt::format("check '{}': there is no table in the PostgreSQL stores yet whose readers and "
                      "writers could wait; run it where the tables are in use",
                      context.check));
    }
    return probes;
  }

  struct ProbedTable {
    std::string name, sql_name;
    bool writable = true;  ///< a materialized view is not
  };

  std::vector<ProbedTable> tables_of(const std::string& url) const {
    const auto objects = read_objects(url, copies_->options());
    std::vector<std::string> there = objects.tables;
    there.insert(there.end(), objects.derived.begin(), objects.derived.end());
    const auto chosen = parameters_.has("tables") ? parameters_.texts("tables") : there;
    const auto store = stores::open_store(url, copies_->options());
    std::vector<ProbedTable> tables;
    for (const auto& table : chosen) {
      if (std::find(there.begin(), there.end(), table) == there.end()) {
        throw InputError(fmt::format("tables: there is no table '{}' before the migration", printable(table, 100)));
      }
      const bool writable = std::find(objects.tables.begin(), objects.tables.end(), table) != objects.tables.end();
      tables.push_back({table, store->describe(table).sql_name, writable});
    }
    return tables;
  }

  // By their SQL names, with commas between, for one reader of all: those that the store's user may read.
  std::string views_of(const std::string& url) const {
    constexpr const char* sql = R"sql(
      SELECT string_agg(quote_ident(n.nspname) || '.' || quote_ident(c.relname), ', ' ORDER BY n.nspname, c.relname)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'v' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_t%'
        AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))sql";
    PostgresConnection connection(url, copies_->options());
    return connection.query(sql, {}, "looking for views")[0][0].value_or("");
  }

  // Those that number the table's rows, by their SQL names: whoever inserts waits for their locks too. A copy's numbers
  // are nobody's; of one that would run out of them all the same, none are taken.
  std::vector<std::string> sequences_of(const std::string& url, const std::string& table) const {
    constexpr const char* sql = R"sql(
      SELECT DISTINCT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_sequence s
      JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN (
        SELECT d.refobjid AS sequence FROM pg_depend d JOIN pg_attrdef a ON a.oid = d.objid
          WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND a.adrelid = $1::regclass
        UNION SELECT objid FROM pg_depend WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass
          AND refobjid = $1::regclass AND refobjsubid > 0 AND deptype IN ('a', 'i')) AS used ON used.sequence = s.seqrelid
      WHERE s.seqcycle OR (CASE WHEN s.seqincrement > 0 THEN s.seqmax ELSE s.seqmin END::numeric -
        coalesce(pg_sequence_last_value(s.seqrelid), s.seqstart)) / s.seqincrement > 10000000 ORDER BY 1)sql";
    PostgresConnection connection(url, copies_->options());
    std::vector<std::string> sequences;
    for (const auto& row : connection.query(sql, {table}, "looking for its sequences")) {
      sequences.push_back(row[0].value_or(""));
    }
    return sequences;
  }

  static const std::string& postgres_url(const CheckContext& context, const StoreCopies::Copy& copy,
                                         const std::string& side) {
    context.store(side);
    const std::string& url = copy.urls().at(side);
    if (url.starts_with("sqlite:")) throw InputError(fmt::format("the store {} is not PostgreSQL's", side));
    return url;
  }

  std::vector<std::unique_ptr<OpenTransaction>> open_transactions(const CheckContext& context,
                                                                  const StoreCopies::Copy& copy) const {
    std::vector<std::unique_ptr<OpenTransaction>> all;
    if (!parameters_.has("transactions")) return all;
    for (const auto& [name, value] : parameters_.value("transactions").items()) {
      const Parameters transaction(value);
      all.push_back(std::make_unique<OpenTransaction>(postgres_url(context, copy, transaction.text("on")),
                                                      copies_->options(), transaction.text("sql"),
                                                      "transaction " + printable(name, 60)));
      all.back()->end_in(transaction.duration("held"));
    }
    return all;
  }

  std::vector<Finding> findings_of(const std::vector<ProbeResult>& results, const std::string& reproduce) const {
    std::vector<Finding> findings;
    const auto add = [&](const char* rule, const ProbeResult& result, std::string summary) -> Finding& {
      return findings.emplace_back(Finding{.rule = rule,
                                           .summary = std::move(summary),
                                           .where = {{"statement", result.probe.name}},
                                           .reproduce = reproduce});
    };
    for (const auto& result : results) {
      if (result.longest_wait > limit_) {
        auto& finding = add("lock-wait", result,
                            fmt::format("a {} waited {} for: {}", result.probe.name,
                                        human_duration(result.longest_wait), result.blocked_by));
        finding.where.emplace_back("blocked by", result.blocked_by);
        finding.old_value = human_duration(limit_);
        finding.new_value = human_duration(result.longest_wait);
      }
      if (result.deadlock) {
        add("lock-deadlock", result,
            fmt::format("a {} was ended by a deadlock: {}", result.probe.name, result.failure));
      } else if (!result.failure.empty()) {
        add("statement-failed", result, fmt::format("a {} failed: {}", result.probe.name, result.failure)).severity =
            Severity::warning;
      }
    }
    return findings;
  }

  Outcome verdict(const std::vector<Finding>& findings) const {
    std::uint64_t rounds = 0;
    const ProbeResult* worst = &results_.front();
    for (const auto& result : results_) {
      rounds += result.rounds;
      if (result.longest_wait > worst->longest_wait) worst = &result;
    }
    for (const auto& finding : findings) {
      if (finding.severity == Severity::error)
        return Outcome::failed(fmt::format("{} (limit {})", finding.summary, human_duration(limit_)));
    }
    for (const auto& result : results_) {
      if (result.longest_unblocked > limit_) {
        return Outcome::inconclusive(
            fmt::format("a {} took {} without waiting for a lock: the machine is too busy to see waits of {}",
                        result.probe.name, human_duration(result.longest_unblocked), human_duration(limit_)));
      }
      if (result.rounds == 0 && result.failure.empty()) {
        return Outcome::inconclusive(fmt::format("no {} was answered while the migration ran", result.probe.name));
      }
    }
    if (rounds == 0) return Outcome::inconclusive("every statement failed while the migration ran");
    return Outcome::passed(
        worst->longest_wait.count() == 0
            ? fmt::format("{} statements of {} kinds beside the migration, and none was seen waiting for a lock",
                          rounds, results_.size())
            : fmt::format("{} statements of {} kinds beside the migration waited for locks no longer than {} ({})",
                          rounds, results_.size(), human_duration(worst->longest_wait), worst->probe.name));
  }

  Parameters parameters_;
  std::string action_;
  std::chrono::nanoseconds limit_;
  std::unique_ptr<StoreCopies> copies_;
  std::vector<ProbeResult> results_;
  std::chrono::nanoseconds took_{0};
  std::string problem_;
  std::string control_table_;  ///< its SQL name
  std::string control_url_;
};

ParameterSpec side_field() {
  return {.name = "on", .doc = "the side whose store", .default_text = "new", .choices = {"old", "new"}};
}

std::vector<ParameterSpec> locks_parameters() {
  const ParameterSpec statement{.name = "statement",
                                .type = ParameterType::record,
                                .doc = "one statement of the application's; what it writes is rolled back",
                                .fields = {{.name = "sql", .doc = "the statement", .required = true}, side_field()},
                                .shorthand = "sql"};
  const ParameterSpec transaction{.name = "transaction",
                                  .type = ParameterType::record,
                                  .doc = "one open transaction",
                                  .fields = {{.name = "sql", .doc = "what it has done", .required = true},
                                             side_field(),
                                             {.name = "held",
                                              .type = ParameterType::duration,
                                              .doc = "how long it stays open from the start of the action",
                                              .default_text = "2s",
                                              .minimum = 0.001}},
                                  .shorthand = "sql"};
  std::vector<ParameterSpec> all{
      {.name = "action", .doc = "the plan's action that migrates", .required = true, .names = Names::command},
      {.name = "limit",
       .type = ParameterType::duration,
       .doc = "the longest time that a read or a write may wait for a lock",
       .default_text = "500ms",
       .minimum = 0.01,
       .strictness = Strictness::lower_is_stricter},
      {.name = "tables",
       .type = ParameterType::list,
       .doc = "whose readers and writers; default: all that are there before the action",
       .item = {{.name = "table", .type = ParameterType::text}}},
      {.name = "statements",
       .type = ParameterType::map,
       .doc =
           "name -> a statement of the application's that is tried again and again too, such as an update of one row",
       .item = {statement}},
      {.name = "transactions",
       .type = ParameterType::map,
       .doc = "name -> a transaction that is open when the action starts, such as a long report: what waits for it "
              "makes others wait",
       .item = {transaction}},
      {.name = "every",
       .type = ParameterType::duration,
       .doc = "the pause between two tries of a statement",
       .default_text = "5ms",
       .minimum = 0.001}};
  for (auto& each : copy_parameters()) {
    if (each.name != "ignore") all.push_back(std::move(each));
  }
  return all;
}

}  // namespace

CheckKind locks_kind() {
  return {
      .name = "migration.locks",
      .proves =
          "While the migration ran on a copy, no read of or write to a table, no read of a view, no number of a "
          "sequence, and none of the "
          "plan's statements, waited "
          "longer than the limit for a lock; who waits longer is named with what was executed by whom it waited for.",
      .cannot_prove =
          "Anything of tables much larger than the copy's or of other load than the copy's, where the same locks are "
          "held for longer; of row locks, but through the plan's own statements; or of SQLite.",
      .parameters = locks_parameters(),
      .needs_stores = true,
      .exclusive = true,
      .make = [](const Parameters& parameters) { return std::make_unique<LocksCheck>(parameters); }};
}

}  // namespace sluice::migration
