#include "suites/migration/live/sync.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/pause.hpp"
#include "harness/scenario/variables.hpp"
#include "suites/migration/live/sync_judge.hpp"
#include "suites/migration/live/sync_side.hpp"
#include "suites/migration/side_session.hpp"

namespace sluice::migration {
namespace {

using std::chrono::nanoseconds;
constexpr auto sync_poll = std::chrono::milliseconds(20);

SyncPolicy policy_of(const std::string& name) {
  if (name == "old_wins") return SyncPolicy::old_wins;
  return name == "new_wins" ? SyncPolicy::new_wins : SyncPolicy::last_writer_wins;
}

class SyncCheck final : public Check {
 public:
  explicit SyncCheck(const Parameters& parameters)
      : parameters_(parameters),
        trials_(static_cast<std::size_t>(parameters.integer("trials"))),
        policy_(policy_of(parameters.text("policy"))) {}

  void prepare(CheckContext& context) override {
    if (context.store("old") == context.store("new"))
      throw InputError("both sides are the same store, which is always equal to itself");
    old_.emplace(context, parameters_, "old");
    new_.emplace(context, parameters_, "new");
    // Also a run with the same seed on the same stores must not meet the rows of an earlier one.
    random_.seed(context.seed ^ static_cast<std::uint64_t>(context.clock->today().time_since_epoch().count()));
    run_ = "sy" + scenario::random_token(random_).substr(0, 12);
    first_id_ = 1'000'000'000 + random_() % 1'000'000'000;
  }

  void exercise(CheckContext& context) override {
    try {
      propagate(*old_, *new_, context);
      propagate(*new_, *old_, context);
      provoke_conflicts(context);
      watch_rest(context);
      read_ends();
    } catch (...) {
      clean_up();
      throw;
    }
    clean_up();
  }

  Outcome judge(CheckContext& context) override {
    const auto problems = judge_sync(evidence_, policy_);
    const std::string counts =
        fmt::format("{} writes and {} conflicts", evidence_.propagations.size(), evidence_.conflicts.size());
    Outcome outcome = problems.empty() ? Outcome::passed(fmt::format("{}: both sides are equal and at rest", counts))
                                       : Outcome::failed(fmt::format("{}: {}", counts, summary_of(problems)));
    const auto sample = static_cast<std::size_t>(parameters_.integer("sample"));
    for (std::size_t i = 0; i < std::min(sample, problems.size()); ++i)
      outcome.findings.push_back(finding(problems[i], context));
    outcome.findings_total = problems.size();
    outcome.coverage = {{.unit = "trials",
                         .examined = evidence_.propagations.size() + evidence_.conflicts.size(),
                         .expected = evidence_.propagations.size() + evidence_.conflicts.size()}};
    nanoseconds slowest{0};
    for (const auto& propagation : evidence_.propagations) slowest = std::max(slowest, propagation.took);
    outcome.metrics = {{.name = "slowest_write_s",
                        .value = std::chrono::duration<double>(slowest).count(),
                        .unit = "s",
                        .limit = std::chrono::duration<double>(parameters_.duration("within")).count(),
                        .samples = evidence_.propagations.size()}};
    return outcome;
  }

  // What was observed is judged again with one thing altered each time, and the sides are asked for an item that was
  // never written: a sync that everything agrees with would be found out.
  Control control(CheckContext&) override {
    Control control{.planted = {}, .caught = true, .observed = {}};
    std::vector<std::string> planted, observed;
    const auto plant = [&](const std::string& what, const std::string& rule, const auto& change) {
      SyncEvidence altered = evidence_;
      change(altered);
      const auto problems = judge_sync(altered, policy_);
      const bool caught = std::any_of(problems.begin(), problems.end(),
                                      [&](const SyncProblem& problem) { return problem.rule == rule; });
      planted.push_back(what);
      observed.push_back(fmt::format("{} {}", rule, caught ? "found" : "not found"));
      control.caught = control.caught && caught;
    };
    plant("a write that never arrived", "not-propagated", [](SyncEvidence& evidence) {
      evidence.propagations.front().seen = evidence.propagations.front().wanted ? SyncValue() : SyncValue("planted");
    });
    plant("two rows of one item", "row-doubled",
          [](SyncEvidence& evidence) { evidence.propagations.front().rows = 2; });
    plant("sides that differ", "conflict-diverged",
          [](SyncEvidence& evidence) { evidence.conflicts.front().new_end = "planted"; });
    plant("the loser on both sides", "conflict-policy", [this](SyncEvidence& evidence) {
      for (auto& conflict : evidence.conflicts) {
        const SyncValue wanted = expected_end(conflict, policy_);
        conflict.old_end = conflict.new_end = wanted == conflict.old_wrote ? conflict.new_wrote : conflict.old_wrote;
      }
    });
    plant("a side that goes on changing", "echo-loop",
          [](SyncEvidence& evidence) { evidence.unrest.front().changes = 1; });
    const SyncItem never = next_item();
    for (SyncSide* const side : {&*old_, &*new_}) {
      const bool there = side->read(never).rows > 0;
      planted.push_back(fmt::format("the {} side asked for an item never written", side->name()));
      observed.push_back(there ? "it is there" : "it is not there");
      control.caught = control.caught && !there;
    }
    control.planted = fmt::format("{}", fmt::join(planted, ", "));
    control.observed = fmt::format("{}", fmt::join(observed, ", "));
    return control;
  }

 private:
  struct Pending {
    SyncConflict conflict;
    SyncItem item;
  };

  SyncItem next_item() {
    ++items_made_;
    return {.key = fmt::format("{}i{}", run_, items_made_), .id = first_id_ + items_made_};
  }
  std::string next_value() { return fmt::format("{}v{}", run_, ++values_made_); }

  // What one side writes arrives on the other: made here, changed there, changed here, and taken away.
  void propagate(SyncSide& from, SyncSide& to, CheckContext& context) {
    std::vector<SyncItem> items;
    for (std::size_t i = 0; i < trials_; ++i) items.push_back(next_item());
    items_.insert(items_.end(), items.begin(), items.end());
    step("insert", from, to, items, context);
    step("update", to, from, items, context);
    step("update", from, to, items, context);
    step("delete", from, to, items, context);
  }

  void step(const std::string& operation, SyncSide& from, SyncSide& to, const std::vector<SyncItem>& items,
            CheckContext& context) {
    std::vector<SyncPropagation> open;
    const auto begun = context.clock->now();
    for (const auto& item : items) {
      SyncPropagation propagation{.operation = operation, .from = from.name(), .to = to.name(), .key = item.key};
      if (operation != "delete") propagation.wanted = next_value();
      if (operation == "insert") from.insert(item, *propagation.wanted);
      if (operation == "update") from.update(item, *propagation.wanted);
      if (operation == "delete") from.remove(item);
      if (operation == "insert") require_own(from, item, propagation.wanted);
      open.push_back(std::move(propagation));
    }
    const auto deadline = context.clock->now() + parameters_.duration("within");
    bool all = false;
    while (!all) {
      all = true;
      const bool last = context.clock->now() >= deadline;
      for (std::size_t i = 0; i < open.size(); ++i) {
        if (open[i].took.count() > 0) continue;
        const SyncState state = to.read(items[i]);
        open[i].seen = state.value;
        open[i].rows = state.rows;
        if (state.value == open[i].wanted || last) open[i].took = context.clock->now() - begun;
        all = all && open[i].took.count() > 0;
      }
      if (!all) pause_unless_cancelled(sync_poll, context.cancelled);
    }
    for (auto& propagation : open) evidence_.propagations.push_back(std::move(propagation));
    context.progress({.done = static_cast<double>(evidence_.propagations.size()), .unit = "writes"});
  }

  // Statements that do not fit each other would look like a sync that undoes what was written.
  static void require_own(SyncSide& side, const SyncItem& item, const SyncValue& wanted) {
    if (side.read(item).value == wanted) return;
    throw InputError(fmt::format(
        "{}: right after the insert of {}, the read does not return its value: the statements do not fit each other",
        side.name(), item.key));
  }

  void provoke_conflicts(CheckContext& context) {
    for (const std::string kind : {"update/update", "delete/update", "update/delete"}) {
      for (const bool old_first : {true, false}) {
        for (std::size_t i = 0; i < trials_; ++i) {
          pending_.push_back({.conflict = {.kind = kind, .old_was_first = old_first}, .item = next_item()});
          pending_.back().conflict.key = pending_.back().item.key;
          items_.push_back(pending_.back().item);
        }
      }
    }
    std::vector<SyncItem> items;
    for (const auto& pending : pending_) items.push_back(pending.item);
    step("insert", *old_, *new_, items, context);
    for (auto& pending : pending_) collide(pending, context);
    const auto deadline = context.clock->now() + parameters_.duration("within");
    const auto equal = [&](const Pending& pending) {
      return old_->read(pending.item).value == new_->read(pending.item).value;
    };
    while (!std::all_of(pending_.begin(), pending_.end(), equal) && context.clock->now() < deadline)
      pause_unless_cancelled(sync_poll, context.cancelled);
  }

  void collide(Pending& pending, const CheckContext& context) {
    SyncConflict& conflict = pending.conflict;
    if (!conflict.kind.starts_with("delete")) conflict.old_wrote = next_value();
    if (!conflict.kind.ends_with("delete")) conflict.new_wrote = next_value();
    const auto write = [&](SyncSide& side, const SyncValue& value) {
      if (value)
        side.update(pending.item, *value);
      else
        side.remove(pending.item);
    };
    if (conflict.old_was_first) write(*old_, conflict.old_wrote);
    if (!conflict.old_was_first) write(*new_, conflict.new_wrote);
    pause_unless_cancelled(parameters_.duration("apart"), context.cancelled);
    if (conflict.old_was_first) write(*new_, conflict.new_wrote);
    if (!conflict.old_was_first) write(*old_, conflict.old_wrote);
  }

  // From here on nobody writes: whatever still changes goes round between the sides.
  void watch_rest(CheckContext& context) {
    std::map<std::pair<SyncSide*, std::size_t>, SyncUnrest> seen;
    const auto look = [&] {
      for (SyncSide* const side : {&*old_, &*new_}) {
        for (std::size_t i = 0; i <= items_.size(); ++i) {
          const bool counter = i == items_.size();
          const std::string state = counter ? side->changes() : side->read(items_[i]).text;
          const auto [known, fresh] = seen.try_emplace({side, i}, SyncUnrest{.side = side->name(),
                                                                             .key = counter ? "" : items_[i].key,
                                                                             .changes = 0,
                                                                             .first = state,
                                                                             .last = state});
          if (fresh || known->second.last == state) continue;
          ++known->second.changes;
          known->second.last = state;
        }
      }
    };
    const auto deadline = context.clock->now() + parameters_.duration("quiet");
    look();
    do {
      pause_unless_cancelled(std::chrono::milliseconds(100), context.cancelled);
      look();
    } while (context.clock->now() < deadline);
    for (auto& [place, unrest] : seen) evidence_.unrest.push_back(std::move(unrest));
  }

  void read_ends() {
    for (auto& pending : pending_) {
      pending.conflict.old_end = old_->read(pending.item).value;
      pending.conflict.new_end = new_->read(pending.item).value;
      evidence_.conflicts.push_back(pending.conflict);
    }
  }

  // On both sides, as the sync may be what is broken; what fails here has been found before.
  void clean_up() {
    for (SyncSide* const side : {&*old_, &*new_}) {
      try {
        for (const auto& item : items_) {
          if (side->read(item).rows > 0) side->remove(item);
        }
      } catch (const std::exception&) {
      }
    }
  }

  static std::string summary_of(const std::vector<SyncProblem>& problems) {
    std::map<std::string, std::size_t> rules;
    for (const auto& problem : problems) ++rules[problem.rule];
    std::vector<std::string> texts;
    for (const auto& [rule, number] : rules) texts.push_back(fmt::format("{} {}", number, rule));
    return fmt::format("{}", fmt::join(texts, ", "));
  }

  Finding finding(const SyncProblem& problem, const CheckContext& context) const {
    const auto item = std::find_if(items_.begin(), items_.end(),
                                   [&](const SyncItem& candidate) { return candidate.key == problem.key; });
    const std::string shown = item == items_.end()
                                  ? "read `changes` twice"
                                  : fmt::format("old: {} new: {}", old_->shown(*item), new_->shown(*item));
    return {.rule = problem.rule,
            .summary = problem.summary,
            .where = {{"what", problem.what}, {"key", problem.key}},
            .old_value = problem.old_value,
            .new_value = problem.new_value,
            .reproduce = reproduced_by(context, shown)};
  }

  Parameters parameters_;
  std::size_t trials_;
  SyncPolicy policy_;
  std::optional<SyncSide> old_, new_;
  std::mt19937_64 random_;
  std::string run_;
  std::uint64_t first_id_ = 0, items_made_ = 0, values_made_ = 0;
  std::vector<SyncItem> items_;
  std::vector<Pending> pending_;
  SyncEvidence evidence_;
};

std::vector<ParameterSpec> sync_parameters() {
  const auto duration = [](std::string name, std::string doc, std::string value, double least) {
    return ParameterSpec{.name = std::move(name),
                         .type = ParameterType::duration,
                         .doc = std::move(doc),
                         .default_text = std::move(value),
                         .minimum = least};
  };
  std::vector<ParameterSpec> table{
      SyncSide::parameter("old"),
      SyncSide::parameter("new"),
      {.name = "policy",
       .doc = "which of two conflicting writes must stand on both sides",
       .default_text = "last_writer_wins",
       .choices = {"last_writer_wins", "old_wins", "new_wins"}},
      duration("within", "how long a write may take to reach the other side, and a conflict to be settled", "5s",
               0.001),
      duration("quiet", "how long nothing may change any more after that", "1s", 0.1),
      duration("apart", "how far two conflicting writes lie apart: more than the sides' clocks differ", "5ms", 0),
      {.name = "trials",
       .type = ParameterType::integer,
       .doc = "items of every kind of write and conflict",
       .default_text = "5",
       .minimum = 1,
       .maximum = 1000,
       .strictness = Strictness::higher_is_stricter},
      {.name = "sample",
       .type = ParameterType::integer,
       .doc = "problems kept as findings; all are counted",
       .default_text = "20",
       .minimum = 1,
       .maximum = 10000}};
  for (auto& parameter : session_parameters("30s")) table.push_back(std::move(parameter));
  return table;
}

}  // namespace

CheckKind sync_kind() {
  return {.name = "migration.sync",
          .proves =
              "What is written to either store is in the other within the time allowed; writes that conflict end equal "
              "on both sides, as the policy says; and then nothing changes any more.",
          .cannot_prove =
              "Anything about tables and columns that the statements do not touch, about conflicts of more than two "
              "writes, or about a sync that is cut off and comes back.",
          .parameters = sync_parameters(),
          .needs_stores = true,
          .writes_stores = true,
          .make = [](const Parameters& parameters) { return std::make_unique<SyncCheck>(parameters); }};
}

}  // namespace sluice::migration
