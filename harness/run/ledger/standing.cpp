#include "harness/run/ledger/standing.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "harness/core/parameters.hpp"

namespace sluice::ledger {
namespace {

using State = Standing::State;
using Hashes = std::map<std::string, std::string>;

// How far clocks may be set back in the ordinary course of keeping them right.
constexpr auto clock_step = std::chrono::seconds(1);
constexpr std::size_t shown_differences = 3;

bool uses_action(const plan::PhaseSpec& phase, const std::string& action) {
  return std::find(phase.enter.begin(), phase.enter.end(), action) != phase.enter.end() ||
         (phase.rollback && phase.rollback->action == action);
}

bool uses_check(const plan::PhaseSpec& phase, const std::string& check) {
  for (const auto& [stage, names] : phase.stages()) {
    if (std::find(names.begin(), names.end(), check) != names.end()) return true;
  }
  return false;
}

// Whether a GO of the phase says anything about the artifact. Every service is up in every run; an action or a check
// counts where the phase, or one that it stands on, uses it.
bool concerns(const std::string& identity, const plan::Plan& plan, const plan::PhaseSpec& phase) {
  if (identity == "sluice" || identity == "plan") return false;
  const auto below = plan::phases_up_to(plan, phase.name);
  for (const auto& action : plan.actions) {
    if (identity == "action " + action.name)
      return std::any_of(below.begin(), below.end(), [&](const auto* step) { return uses_action(*step, action.name); });
  }
  for (const auto& check : plan.checks) {
    if (identity.starts_with("check " + check.name + ": "))
      return std::any_of(below.begin(), below.end(), [&](const auto* step) { return uses_check(*step, check.name); });
  }
  return true;
}

Hashes hashes_of(const std::vector<Identity>& identities, const plan::Plan& plan, const plan::PhaseSpec& phase) {
  Hashes hashes;
  for (const auto& identity : identities) {
    if (concerns(identity.name, plan, phase)) hashes[identity.name] = identity.sha256;
  }
  return hashes;
}

std::string plan_hash(const std::vector<Identity>& identities) {
  for (const auto& identity : identities) {
    if (identity.name == "plan") return identity.sha256;
  }
  return "";
}

// "service v2 has another SHA-256 now"; empty when all is as it was.
std::string changed_artifacts(const Hashes& then, const Hashes& now) {
  std::vector<std::string> changes;
  for (const auto& [name, hash] : then) {
    const auto found = now.find(name);
    if (found == now.end())
      changes.push_back(name + " is gone or cannot be read now");
    else if (found->second != hash)
      changes.push_back(name + " has another SHA-256 now");
  }
  for (const auto& [name, hash] : now) {
    if (!then.contains(name)) changes.push_back(name + " was not there then");
  }
  if (changes.size() > shown_differences) {
    const auto more = changes.size() - shown_differences;
    changes.resize(shown_differences);
    changes.push_back(fmt::format("{} more differ", more));
  }
  return fmt::format("{}", fmt::join(changes, ", "));
}

std::string changed_plan(const RecordedRun& run, const std::vector<Identity>& identities) {
  const std::string then = plan_hash(run.identities);
  return then.empty() || then != plan_hash(identities) ? "the plan has another SHA-256 now" : "";
}

// A run that only looked, in part, and found no failure, leaves what is known as it was.
bool tells_nothing(const RecordedPhase& phase) {
  return phase.partial && !phase.acted && phase.decision != Decision::no_go;
}

std::optional<History::Entry> latest_of(const History& history, const std::string& plan_name,
                                        const std::string& phase) {
  std::optional<History::Entry> latest;
  for (const auto& entry : history.entries(plan_name, phase)) {
    if (!latest || !tells_nothing(*entry.phase) || tells_nothing(*latest->phase)) latest = entry;
  }
  return latest;
}

std::string clock_problem(const History& history, const RecordedRun& run, TimePoint now) {
  if (run.recorded > now + clock_step) {
    return fmt::format("which is in the future of this machine's clock ({})", date_text(now));
  }
  for (const auto& later : history.runs) {
    if (later.sequence > run.sequence && later.recorded + clock_step < run.recorded) {
      return fmt::format("and the clock was set back after it (record {} is of {}), so nobody knows how old it is",
                         later.sequence, date_text(later.recorded));
    }
  }
  return "";
}

// The phases below that were entered again after the run: what it judged was built on another ground.
std::string entered_again(const History& history, const plan::Plan& plan, const plan::PhaseSpec& phase,
                          const RecordedRun& run) {
  for (const auto* below : plan::phases_up_to(plan, phase.name)) {
    if (below->name == phase.name) continue;
    for (const auto& entry : history.entries(plan.name, below->name)) {
      if (entry.run->sequence > run.sequence && entry.phase->acted) {
        return fmt::format("phase {}, which it needs, was entered again on {}", below->name,
                           date_text(entry.run->recorded));
      }
    }
  }
  return "";
}

Standing closed(State state, const History::Entry& entry, std::string why) {
  return {.state = state, .why = std::move(why), .latest = entry};
}

}  // namespace

std::string date_text(TimePoint time) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::string_view to_string(State state) {
  switch (state) {
    case State::go:
      return "GO";
    case State::no_go:
      return "NO-GO";
    case State::inconclusive:
      return "INCONCLUSIVE";
    case State::stale:
      return "stale";
    case State::expired:
      return "expired";
    case State::unproven:
      return "unproven";
    case State::never_run:
      return "never run";
  }
  return "never run";
}

Evidence Standing::evidence() const {
  return {.phase = latest->phase->name,
          .run_id = latest->run->run_id,
          .at = latest->run->recorded,
          .record = latest->run->record};
}

Standing last_word(const History& history, const std::string& plan_name, const std::string& phase) {
  const auto latest = latest_of(history, plan_name, phase);
  if (!latest) return {.state = State::never_run, .why = fmt::format("phase {} was never run", phase), .latest = {}};
  const std::string when = date_text(latest->run->recorded);
  if (latest->phase->decision == Decision::no_go) {
    return closed(State::no_go, *latest,
                  fmt::format("phase {} was NO-GO on {} ({})", phase, when, latest->phase->deciding_rule));
  }
  if (latest->phase->partial) {
    return closed(
        State::inconclusive, *latest,
        fmt::format("phase {} was last run in part only, on {}, and a partial run proves nothing", phase, when));
  }
  if (latest->phase->decision != Decision::go) {
    return closed(State::inconclusive, *latest,
                  fmt::format("phase {} was INCONCLUSIVE on {} ({})", phase, when, latest->phase->deciding_rule));
  }
  if (!latest->run->controls || !latest->phase->policy.controls) {
    return closed(State::unproven, *latest,
                  fmt::format("phase {} was GO on {}, but without controls, so nobody knows whether its checks could "
                              "have failed",
                              phase, when));
  }
  return {.state = State::go, .why = {}, .latest = latest};
}

Standing standing_of(const History& history, const plan::Plan& plan, const plan::PhaseSpec& phase,
                     const std::vector<Identity>& identities, TimePoint now) {
  Standing standing = last_word(history, plan.name, phase.name);
  if (standing.state != State::go) return standing;
  const auto entry = *standing.latest;
  const RecordedRun& run = *entry.run;
  const std::string was = fmt::format("phase {} was GO on {}", phase.name, date_text(run.recorded));
  if (auto problem = clock_problem(history, run, now); !problem.empty())
    return closed(State::unproven, entry, fmt::format("{}, {}", was, problem));
  if (auto change = changed_plan(run, identities); !change.empty())
    return closed(State::stale, entry, fmt::format("{}, but {}", was, change));
  const auto change = changed_artifacts(hashes_of(run.identities, plan, phase), hashes_of(identities, plan, phase));
  if (!change.empty()) return closed(State::stale, entry, fmt::format("{}, but {}", was, change));
  if (auto again = entered_again(history, plan, phase, run); !again.empty())
    return closed(State::stale, entry, fmt::format("{}, but {}", was, again));
  const auto age = now - run.recorded;
  if (age > plan.evidence_max_age) {
    return closed(State::expired, entry,
                  fmt::format("{}, which is {} ago, and the plan's evidence_max_age is {}", was, human_duration(age),
                              human_duration(plan.evidence_max_age)));
  }
  return standing;
}

}  // namespace sluice::ledger
