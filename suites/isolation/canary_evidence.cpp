#include "suites/isolation/canary_evidence.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "suites/isolation/bleed_bound.hpp"

namespace sluice::isolation {
namespace {

constexpr std::size_t most_findings = 20;

/// Leaks are compared between the sides by what they are, not by the bytes: the same class of token at the same step.
using LeakKind = std::pair<TokenClass, std::string>;

std::set<LeakKind> kinds_on(const CanaryEvidence& evidence, const std::string& side) {
  std::set<LeakKind> kinds;
  for (const Leak& leak : evidence.leaks) {
    if (leak.side == side) kinds.emplace(leak.token.token_class, leak.step);
  }
  return kinds;
}

std::string seen_on(const Leak& leak, const CanaryEvidence& evidence) {
  if (evidence.sides.size() < 2) return leak.side;
  const std::string other = leak.side == "old" ? "new" : "old";
  const bool both = kinds_on(evidence, other).contains({leak.token.token_class, leak.step});
  return both ? "both" : leak.side + " only";
}

Severity severity_of(const Leak& leak, const std::string& judged) {
  if (leak.side != judged) return Severity::warning;
  return leak.token.token_class == TokenClass::secret ? Severity::critical : Severity::error;
}

Finding finding_of(const Leak& leak, const CanaryEvidence& evidence) {
  const std::string on = seen_on(leak, evidence);
  const bool secret = leak.token.token_class == TokenClass::secret;
  const std::string what =
      std::string(leak.whole ? "" : "part of ") + (secret ? "a secret" : "an unguessable identifier");
  std::string remark;
  if (on == "both") remark = "; the other side leaks at this step too";
  if (on == "new only") remark = "; the old side does not leak at this step";
  if (on == "old only") remark = "; the new side does not leak at this step";
  Finding finding;
  finding.rule = leak_rule(leak.token.token_class);
  finding.severity = severity_of(leak, evidence.sides.back().side);
  finding.summary =
      fmt::format("user {} received {} of user {} from the {} side at {} (step \"{}\"), in its {}{}", leak.viewer, what,
                  leak.token.owner, leak.side, leak.route, leak.step, leak.place, remark);
  finding.where = {
      {"side", leak.side},
      {"route", leak.route},
      {"step", leak.step},
      {"in", leak.place},
      {"offset", fmt::format("{}", leak.offset)},
      {"decoded", leak.decode_path},
      {"token", leak.token.text},
      {"characters", fmt::format("{} of {}", leak.characters, leak.token.text.size())},
      {"variable", leak.token.name},
      {"owner", fmt::format("user {}, round {} on the {} side", leak.token.owner, leak.token.round, leak.token.side)},
      {"viewer", fmt::format("user {}", leak.viewer)},
      {"round", fmt::format("{}", leak.round)},
      {"seen on", on},
      {"seed", fmt::format("{}", evidence.seed)}};
  (leak.side == "old" ? finding.old_value : finding.new_value) = leak.excerpt;
  finding.reproduce = evidence.reproduce;
  finding.occurrences = leak.occurrences;
  return finding;
}

void add_findings(Outcome& outcome, const CanaryEvidence& evidence) {
  for (const Leak& leak : evidence.leaks) outcome.findings.push_back(finding_of(leak, evidence));
  std::stable_sort(outcome.findings.begin(), outcome.findings.end(),
                   [](const Finding& left, const Finding& right) { return left.severity > right.severity; });
  outcome.findings_total = outcome.findings.size() + evidence.leaks_unlisted;
  if (outcome.findings.size() > most_findings) outcome.findings.resize(most_findings);
}

void add_side_metrics(Outcome& outcome, const SideEvidence& side, const CanaryLimits& limits) {
  const Tally& tally = side.tally;
  const auto add = [&](const std::string& name, std::uint64_t value, const char* unit) {
    outcome.metrics.push_back({.name = name + "_" + side.side, .value = static_cast<double>(value), .unit = unit});
  };
  outcome.metrics.push_back({.name = "bleed_rate_upper_bound_" + side.side,
                             .value = bleed_upper_bound(tally.leaking, tally.trials, limits.confidence),
                             .unit = "ratio",
                             .limit = limits.bleed_below,
                             .samples = tally.trials});
  add("trials", tally.trials, "trials");
  add("trials_leaking", tally.leaking, "trials");
  add("trials_overlapped", tally.overlapped, "trials");
  add("exchanges_failed", tally.failed, "exchanges");
  add("in_flight_max", side.most_in_flight, "exchanges");
  add("own_secrets_returned", tally.own_secrets, "sightings");
  add("users_with_own_secret_returned", side.users_with_own_secret, "users");
  add("bytes_searched", tally.bytes, "bytes");
  add("bytes_unscanned", tally.unscanned_bytes, "bytes");
}

void add_numbers(Outcome& outcome, const CanaryEvidence& evidence, const CanaryLimits& limits) {
  std::uint64_t trials = 0, expected = 0;
  for (const SideEvidence& side : evidence.sides) {
    add_side_metrics(outcome, side, limits);
    trials += side.tally.trials;
    expected += side.expected;
  }
  outcome.coverage.push_back({.unit = "trials", .examined = trials, .expected = expected});
  outcome.metrics.push_back(
      {.name = "tokens_watched", .value = static_cast<double>(evidence.tokens_watched), .unit = "tokens"});
  outcome.metrics.push_back(
      {.name = "tokens_forgotten", .value = static_cast<double>(evidence.tokens_forgotten), .unit = "tokens"});
}

/// What is missing for a bound below the limit; empty when nothing is.
std::string too_few_trials(const SideEvidence& side, const CanaryEvidence& evidence, const CanaryLimits& limits) {
  const Tally& tally = side.tally;
  const double bound = bleed_upper_bound(tally.leaking, tally.trials, limits.confidence);
  if (bound < limits.bleed_below) return {};
  const std::uint64_t needed = trials_needed(limits.bleed_below, tally.leaking, limits.confidence);
  const std::uint64_t rounds = tally.trials == 0 ? 0 : (needed * evidence.rounds + tally.trials - 1) / tally.trials;
  return fmt::format(
      "{} trials with no leak only show a bleed rate below {:.3g}%, and {:.3g}% was asked at {:.3g}% "
      "confidence: {} trials are needed{}",
      tally.trials, bound * 100, limits.bleed_below * 100, limits.confidence * 100, needed,
      rounds == 0 ? std::string() : fmt::format(" (rounds: {})", rounds));
}

std::vector<std::string> shortcomings(const SideEvidence& side, const CanaryEvidence& evidence,
                                      const CanaryLimits& limits) {
  const Tally& tally = side.tally;
  if (tally.exchanges == 0) return {"nothing was exchanged"};
  std::vector<std::string> missing;
  const double failed = static_cast<double>(tally.failed) / static_cast<double>(tally.exchanges);
  if (failed > limits.failed_share_max) {
    missing.push_back(fmt::format("{} of {} exchanges failed ({:.3g}%, {:.3g}% allowed), the first: {}", tally.failed,
                                  tally.exchanges, failed * 100, limits.failed_share_max * 100, tally.first_failure));
  }
  if (tally.unscanned_bytes > 0) {
    missing.push_back(
        fmt::format("{} bytes could not be searched ({}); have the service send gzip, deflate or "
                    "nothing: a step's header \"Accept-Encoding\": \"identity\" asks for it",
                    tally.unscanned_bytes, tally.obstacle));
  }
  if (tally.own_secrets == 0) {
    missing.push_back(
        "the scenario never gets its own secrets back, so it cannot show that secrets travel: add a step "
        "whose answer holds what the user sent");
  }
  // A leak on the old side is told as such; how rare it is does not matter then.
  if (tally.leaking > 0) return missing;
  if (tally.trials > 0 && tally.overlapped == 0) {
    missing.push_back("no two users' exchanges were ever under way together: raise `users`");
  }
  if (auto few = too_few_trials(side, evidence, limits); !few.empty()) missing.push_back(std::move(few));
  return missing;
}

std::string leak_reason(const CanaryEvidence& evidence) {
  const SideEvidence& judged = evidence.sides.back();
  const auto first = std::find_if(evidence.leaks.begin(), evidence.leaks.end(),
                                  [&](const Leak& leak) { return leak.side == judged.side; });
  const std::string where = first == evidence.leaks.end()
                                ? std::string()
                                : fmt::format(", for example at {} in its {}", first->route, first->place);
  return fmt::format("users received what belongs to others in {} of {} trials on the {} side{}", judged.tally.leaking,
                     judged.tally.trials, judged.side, where);
}

std::string pass_reason(const CanaryEvidence& evidence, const CanaryLimits& limits) {
  const SideEvidence& judged = evidence.sides.back();
  const Tally& tally = judged.tally;
  std::string reason = fmt::format(
      "no leak in {} trials of {} users on the {} side ({} overlapped): fewer than {:.3g}% of answers bleed at {:.3g}% "
      "confidence, for this schedule and if trials are independent",
      tally.trials, evidence.users, judged.side, tally.overlapped,
      bleed_upper_bound(0, tally.trials, limits.confidence) * 100, limits.confidence * 100);
  if (!evidence.leaks.empty()) reason += "; the old side leaks, see the warnings";
  return reason;
}

}  // namespace

Outcome judge_canary(const CanaryEvidence& evidence, const CanaryLimits& limits) {
  Outcome outcome = Outcome::inconclusive("no side was examined");
  if (evidence.sides.empty()) return outcome;
  add_findings(outcome, evidence);
  add_numbers(outcome, evidence, limits);
  if (evidence.sides.back().tally.leaking > 0) {
    outcome.verdict = Verdict::failed;
    outcome.reason = leak_reason(evidence);
    return outcome;
  }
  std::vector<std::string> missing;
  for (const SideEvidence& side : evidence.sides) {
    for (const std::string& what : shortcomings(side, evidence, limits)) {
      missing.push_back(fmt::format("{} side: {}", side.side, what));
    }
  }
  outcome.verdict = missing.empty() ? Verdict::passed : Verdict::inconclusive;
  outcome.reason = missing.empty() ? pass_reason(evidence, limits) : fmt::format("{}", fmt::join(missing, "; "));
  return outcome;
}

}  // namespace sluice::isolation
