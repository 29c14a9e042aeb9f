#include "harness/run/waiver.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/core/day.hpp"
#include "harness/core/glob.hpp"

namespace sluice::run {
namespace {

// A report may come from anywhere. Beyond these a waiver hides nothing, so that no report can keep the gate busy for
// hours; plans stay far below.
constexpr std::size_t waivers_max = 1000;
constexpr std::size_t glob_max = 1000;
constexpr std::size_t text_max = 64 << 10;

bool matches(const std::string& glob, const std::string& text) {
  return glob.size() <= glob_max && text.size() <= text_max && glob_matches(glob, text);
}

bool is_error(const Finding& finding) {
  return finding.severity == Severity::error || finding.severity == Severity::critical;
}

// Every place of that name must match, and there must be one.
bool place_matches(const Finding& finding, const std::string& name, const std::string& glob) {
  bool found = false;
  for (const auto& [place, value] : finding.where) {
    if (place != name) continue;
    if (!matches(glob, value)) return false;
    found = true;
  }
  return found;
}

bool fits(const Waiver& waiver, const std::string& check, const Finding& finding) {
  return matches(waiver.check, check) && matches(waiver.rule, finding.rule) &&
         std::all_of(waiver.where.begin(), waiver.where.end(),
                     [&](const auto& place) { return place_matches(finding, place.first, place.second); });
}

bool is_whole(const CheckResult& check) {
  const Outcome& outcome = check.outcome;
  return outcome.verdict == Verdict::passed ||
         (outcome.verdict == Verdict::failed && outcome.findings_total == outcome.findings.size());
}

std::uint64_t unlisted(const Outcome& outcome) {
  const std::uint64_t listed = outcome.findings.size();
  return outcome.findings_total > listed ? outcome.findings_total - listed : listed - outcome.findings_total;
}

// What an unused waiver nearly meant, for its owner.
std::string near_miss(const PhaseResult& phase, const Waiver& waiver) {
  for (const auto& required : phase.policy.required) {
    for (const CheckResult* check : results_of(phase, required)) {
      for (const auto& finding : check->outcome.findings) {
        if (!fits(waiver, check->name, finding)) continue;
        if (finding.severity == Severity::critical)
          return "what it matches is critical, which it does not acknowledge: remove it, or have its owner add "
                 "`severity_ack: critical`";
        return "what it matches is no error and needs no waiver: remove it";
      }
    }
  }
  return "nothing that it matches was found any more: remove it, or correct it";
}

}  // namespace

bool accepts(const Waiver& waiver, const std::string& check, const Finding& finding) {
  if (!is_error(finding)) return false;
  if (finding.severity == Severity::critical && waiver.severity_ack != to_string(Severity::critical)) return false;
  return fits(waiver, check, finding);
}

std::vector<const CheckResult*> results_of(const PhaseResult& phase, const RequiredCheck& required) {
  std::vector<const CheckResult*> results;
  for (const auto& check : phase.checks) {
    if (check.name == required.check && check.stage == required.stage) results.push_back(&check);
  }
  return results;
}

std::string to_string(const Waiver& waiver) {
  return fmt::format("{} until {} ({})", waiver.owner, waiver.expires, waiver.source);
}

PhaseWaivers::PhaseWaivers(const PhaseResult& phase)
    : phase_(phase), today_(day_of(phase.started)), too_many_(phase.policy.waivers.size() > waivers_max) {}

bool PhaseWaivers::in_force(const Waiver& waiver) const {
  return parse_day(waiver.expires) && waiver.expires >= today_;
}

Cover PhaseWaivers::cover(const CheckResult& check) const {
  Cover cover{.unlisted = unlisted(check.outcome)};
  const auto remember = [](std::vector<const Waiver*>& list, const Waiver& waiver) {
    if (std::find(list.begin(), list.end(), &waiver) == list.end()) list.push_back(&waiver);
  };
  for (const auto& finding : check.outcome.findings) {
    if (!is_error(finding)) continue;
    ++cover.errors;
    bool covered = false;
    for (const auto& waiver : phase_.policy.waivers) {
      if (too_many_ || !accepts(waiver, check.name, finding)) continue;
      covered = covered || in_force(waiver);
      remember(in_force(waiver) ? cover.by : cover.lapsed, waiver);
    }
    cover.covered += covered ? 1 : 0;
    if (!covered) cover.uncovered.push_back(&finding);
  }
  return cover;
}

bool PhaseWaivers::ran(const Waiver& waiver, bool whole) const {
  bool any = false;
  for (const auto& required : phase_.policy.required) {
    if (!matches(waiver.check, required.check)) continue;
    const auto results = results_of(phase_, required);
    const bool here = !results.empty() && std::all_of(results.begin(), results.end(), [&](const CheckResult* check) {
      return whole ? is_whole(*check) : check->outcome.verdict != Verdict::skipped;
    });
    if (whole && !here) return false;
    any = any || here;
  }
  return any;
}

WaiverUse PhaseWaivers::use_of(const Waiver& waiver) const {
  WaiverUse use{.waiver = waiver};
  if (!in_force(waiver)) {
    if (ran(waiver, false)) use.state = "expired";
    return use;
  }
  for (const auto& required : phase_.policy.required) {
    for (const CheckResult* check : results_of(phase_, required)) {
      if (too_many_ || check->outcome.verdict != Verdict::failed) continue;
      HiddenFindings hidden{.check = check->name, .stage = check->stage};
      for (const auto& finding : check->outcome.findings) {
        if (!accepts(waiver, check->name, finding)) continue;
        ++hidden.findings;
        hidden.occurrences += finding.occurrences;
      }
      use.hidden += hidden.findings;
      if (hidden.findings > 0) use.hides.push_back(std::move(hidden));
    }
  }
  if (use.hidden > 0)
    use.state = "used";
  else if (ran(waiver, true))
    use.state = "unused";
  return use;
}

std::vector<WaiverUse> PhaseWaivers::uses() const {
  std::vector<WaiverUse> uses;
  for (const auto& waiver : phase_.policy.waivers) {
    if (auto use = use_of(waiver); !use.state.empty()) uses.push_back(std::move(use));
  }
  return uses;
}

std::vector<RuleResult> judge_waivers(const PhaseResult& phase, const std::vector<WaiverUse>& uses) {
  std::vector<RuleResult> rules;
  const auto add = [&](const Waiver& waiver, Decision decision, std::string observed, std::string limit,
                       std::string explanation) {
    rules.push_back({.rule = "waiver " + waiver.source,
                     .decision = decision,
                     .observed = std::move(observed),
                     .limit = std::move(limit),
                     .samples = std::nullopt,
                     .explanation = std::move(explanation)});
  };
  for (const auto& [waiver, state, hidden, hides] : uses) {
    if (state == "expired") {
      add(waiver, Decision::no_go, fmt::format("expired after {}", waiver.expires), "in force",
          fmt::format("the waiver at {} expired after {}: {} must renew it with a reason, or it must be removed",
                      waiver.source, waiver.expires, waiver.owner));
    } else if (state == "unused") {
      add(waiver, Decision::no_go, "hides nothing", "hides something",
          fmt::format("the waiver of {} at {} hides nothing: {}", waiver.owner, waiver.source,
                      near_miss(phase, waiver)));
    }
  }
  if (phase.policy.waivers.size() > waivers_max) {
    rules.push_back({.rule = "waivers",
                     .decision = Decision::inconclusive,
                     .observed = fmt::format("{} waivers", phase.policy.waivers.size()),
                     .limit = fmt::format("at most {}", waivers_max),
                     .samples = std::nullopt,
                     .explanation = fmt::format("the phase has {} waivers, more than the {} that a gate looks at",
                                                phase.policy.waivers.size(), waivers_max)});
  }
  return rules;
}

}  // namespace sluice::run
