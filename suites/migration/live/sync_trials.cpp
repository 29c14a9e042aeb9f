#include "suites/migration/live/sync_trials.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <future>
#include <map>
#include <optional>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/patience.hpp"
#include "harness/core/pause.hpp"
#include "harness/scenario/variables.hpp"

namespace sluice::migration {
namespace {

using Time = std::chrono::steady_clock::time_point;
constexpr auto sync_poll = std::chrono::milliseconds(20);
constexpr auto rest_poll = std::chrono::milliseconds(100);

// Statements that do not fit each other would look like a sync that undoes what was written.
void require_own(SyncSide& side, const SyncItem& item, const SyncValue& wanted) {
  if (side.read(item).value == wanted) return;
  throw InputError(fmt::format(
      "{}: right after the insert of {}, the read does not return its value: the statements do not fit each other",
      side.name(), item.key));
}

}  // namespace

SyncTrials::SyncTrials(SyncSide& old_side, SyncSide& new_side, const SyncTrialOptions& options,
                       const CheckContext& context)
    : old_(old_side),
      new_(new_side),
      options_(options),
      context_(context),
      // Also a run with the same seed on the same stores must not meet the rows of an earlier one.
      random_(context.seed ^ static_cast<std::uint64_t>(context.clock->today().time_since_epoch().count())),
      run_("sy" + scenario::random_token(random_).substr(0, 12)),
      first_id_(1'000'000'000 + random_() % 1'000'000'000) {}

void SyncTrials::run() {
  try {
    propagate(old_, new_);
    propagate(new_, old_);
    provoke_conflicts();
    watch_rest();
    read_ends();
  } catch (const Cancelled&) {  // nothing can be done over these sides any more
    throw;
  } catch (...) {
    take_away(old_, new_);
    throw;
  }
  take_away(old_, new_);
}

const SyncItem* SyncTrials::find(const std::string& key) const {
  const auto found =
      std::find_if(items_.begin(), items_.end(), [&](const SyncItem& candidate) { return candidate.key == key; });
  return found == items_.end() ? nullptr : &*found;
}

SyncItem SyncTrials::next_item() {
  ++items_made_;
  return {.key = fmt::format("{}i{}", run_, items_made_), .id = first_id_ + items_made_};
}

std::string SyncTrials::next_value() { return fmt::format("{}v{}", run_, ++values_made_); }

SyncTrials::Items SyncTrials::make_items() {
  Items items;
  for (std::size_t i = 0; i < options_.trials; ++i) items.push_back(next_item());
  items_.insert(items_.end(), items.begin(), items.end());
  return items;
}

// What one side writes arrives on the other: made here, changed there, changed here, and taken away; and as much that
// is left there, which must still be so in the end.
void SyncTrials::propagate(SyncSide& from, SyncSide& to) {
  const Items items = make_items();
  step("insert", from, to, items);
  step("update", to, from, items);
  step("update", from, to, items);
  step("delete", from, to, items);
  const Items left = make_items();
  step("insert", from, to, left);
  step("update", to, from, left);
  expect_ends(items);
  expect_ends(left);
}

SyncPropagation SyncTrials::write(const std::string& operation, SyncSide& from, SyncSide& to, const SyncItem& item) {
  SyncPropagation propagation{.operation = operation, .from = from.name(), .to = to.name(), .key = item.key};
  if (operation != "delete") propagation.wanted = next_value();
  if (operation == "insert") from.insert(item, *propagation.wanted);
  if (operation == "update") from.update(item, *propagation.wanted);
  if (operation == "delete") from.remove(item);
  if (operation == "insert") require_own(from, item, propagation.wanted);
  return propagation;
}

void SyncTrials::step(const std::string& operation, SyncSide& from, SyncSide& to, const Items& items) {
  std::vector<SyncPropagation> open;
  std::vector<Time> written;
  for (const auto& item : items) {
    open.push_back(write(operation, from, to, item));
    written.push_back(context_.clock->now());
  }
  Patience patience(written.back(), options_.within);
  for (bool all = false; !all;) {
    all = true;
    const bool last = patience.over(context_.clock->now());
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (open[i].took.count() > 0) continue;
      const SyncState state = to.read(items[i]);
      open[i].seen = state.value;
      open[i].rows = state.rows;
      open[i].kept = from.read(items[i]).value;
      if ((open[i].seen == open[i].wanted && open[i].kept == open[i].wanted) || last)
        open[i].took = context_.clock->now() - written[i];
      all = all && open[i].took.count() > 0;
      patience.left(context_.clock->now());
    }
    if (!all) pause_unless_cancelled(sync_poll, context_.cancelled);
  }
  for (auto& propagation : open) evidence_.propagations.push_back(std::move(propagation));
  context_.progress({.done = static_cast<double>(evidence_.propagations.size()), .unit = "writes"});
}

// What was written last must still be so when everything is over.
void SyncTrials::expect_ends(const Items& items) {
  for (const auto& item : items) {
    const auto last = std::find_if(evidence_.propagations.rbegin(), evidence_.propagations.rend(),
                                   [&](const SyncPropagation& propagation) { return propagation.key == item.key; });
    evidence_.ends.push_back({.key = item.key, .wanted = last->wanted});
  }
}

// Where the sync was quicker than the second write, it is tried again, but not for ever.
void SyncTrials::provoke_conflicts() {
  constexpr int most_rounds = 5;
  for (int round = 0; round < most_rounds; ++round) {
    std::vector<Pending> fresh;
    for (const std::string kind : {"update/update", "delete/update", "update/delete"}) {
      for (const bool old_first : {true, false}) {
        const auto met = std::count_if(pending_.begin(), pending_.end(), [&](const Pending& pending) {
          return pending.conflict.kind == kind && pending.conflict.old_was_first == old_first && pending.conflict.met;
        });
        if (round == 0 || static_cast<std::size_t>(met) < options_.conflicts_min) provoke(kind, old_first, fresh);
      }
    }
    if (fresh.empty()) break;
    Items items;
    for (const auto& pending : fresh) items.push_back(pending.item);
    step("insert", old_, new_, items);
    for (auto& pending : fresh) {
      collide(pending);
      pending_.push_back(pending);
    }
  }
  wait_for_settlement();
}

void SyncTrials::provoke(const std::string& kind, bool old_first, std::vector<Pending>& all) {
  for (const auto& item : make_items())
    all.push_back({.conflict = {.kind = kind, .old_was_first = old_first, .key = item.key}, .item = item});
}

void SyncTrials::wait_for_settlement() {
  Patience patience(context_.clock->now(), options_.within);
  const auto equal = [&](const Pending& pending) {
    patience.left(context_.clock->now());
    return old_.read(pending.item).value == new_.read(pending.item).value;
  };
  while (!std::all_of(pending_.begin(), pending_.end(), equal) && !patience.over(context_.clock->now()))
    pause_unless_cancelled(sync_poll, context_.cancelled);
}

void SyncTrials::collide(Pending& pending) {
  SyncConflict& conflict = pending.conflict;
  if (!conflict.kind.starts_with("delete")) conflict.old_wrote = next_value();
  if (!conflict.kind.ends_with("delete")) conflict.new_wrote = next_value();
  const auto write = [&](bool to_old) {
    SyncSide& side = to_old ? old_ : new_;
    const SyncValue& value = to_old ? conflict.old_wrote : conflict.new_wrote;
    if (value)
      side.update(pending.item, *value);
    else
      side.remove(pending.item);
  };
  if (!options_.apart) {
    conflict.at_once = true;
    auto first = std::async(std::launch::async, write, conflict.old_was_first);
    write(!conflict.old_was_first);
    first.get();
    return;
  }
  write(conflict.old_was_first);
  pause_unless_cancelled(*options_.apart, context_.cancelled);
  SyncSide& second = conflict.old_was_first ? new_ : old_;
  conflict.met = second.read(pending.item).value != (conflict.old_was_first ? conflict.old_wrote : conflict.new_wrote);
  write(!conflict.old_was_first);
}

// From here on nobody writes. What is still on its way may arrive; whatever goes on changing after that goes round
// between the sides.
void SyncTrials::watch_rest() {
  struct Seen {
    SyncUnrest unrest;
    Time changed;
  };
  std::map<std::pair<SyncSide*, std::size_t>, Seen> seen;
  Time last_change = context_.clock->now();
  // Rest takes several looks to see: nothing changes either while the machine stands still.
  const auto quiet_from = [&](Time begun) { return Patience(begun, options_.quiet, options_.quiet / 4); };
  Patience quiet = quiet_from(last_change);
  Patience patience(last_change, options_.within + options_.quiet);
  const auto note_time = [&] {
    patience.left(context_.clock->now());
    return quiet.left(context_.clock->now());
  };
  const auto look = [&] {
    for (SyncSide* const side : {&old_, &new_}) {
      for (std::size_t i = 0; i <= items_.size(); ++i) {
        note_time();
        const bool counter = i == items_.size();
        const std::string state = counter ? side->changes() : side->read(items_[i]).text;
        const auto [known, fresh] = seen.try_emplace({side, i});
        SyncUnrest& unrest = known->second.unrest;
        if (fresh) unrest = {.side = side->name(), .key = counter ? "" : items_[i].key, .first = state, .last = state};
        if (unrest.last == state) continue;
        ++unrest.changes;
        unrest.last = state;
        known->second.changed = last_change = context_.clock->now();
        quiet = quiet_from(last_change);
      }
    }
  };
  look();
  last_change = context_.clock->now();
  quiet = quiet_from(last_change);
  patience = Patience(last_change, options_.within + options_.quiet);
  const auto at_rest = [&] { return note_time() <= std::chrono::nanoseconds(0); };
  bool rests = false;
  while (!(rests = at_rest()) && !patience.over(context_.clock->now())) {
    pause_unless_cancelled(rest_poll, context_.cancelled);
    look();
  }
  const Time still = last_change - options_.quiet;
  for (auto& [place, entry] : seen) {
    if (rests || entry.changed < still) entry.unrest.changes = 0;
    evidence_.unrest.push_back(std::move(entry.unrest));
  }
}

void SyncTrials::read_ends() {
  for (auto& pending : pending_) {
    const SyncState old_state = old_.read(pending.item), new_state = new_.read(pending.item);
    SyncConflict& conflict = pending.conflict;
    conflict.old_end = old_state.value;
    conflict.new_end = new_state.value;
    conflict.old_rows = old_state.rows;
    conflict.new_rows = new_state.rows;
    evidence_.conflicts.push_back(conflict);
  }
  for (auto& end : evidence_.ends) {
    const SyncItem& item = *find(end.key);
    const SyncState old_state = old_.read(item), new_state = new_.read(item);
    end.old_end = old_state.value;
    end.new_end = new_state.value;
    end.old_rows = old_state.rows;
    end.new_rows = new_state.rows;
  }
}

// On both sides, as the sync may be what is broken; what fails here has been found before.
void SyncTrials::take_away(SyncSide& old_side, SyncSide& new_side) const {
  for (SyncSide* const side : {&old_side, &new_side}) {
    try {
      for (const auto& item : items_) {
        if (side->read(item).rows > 0) side->remove(item);
      }
    } catch (const std::exception&) {
    }
  }
}

}  // namespace sluice::migration
