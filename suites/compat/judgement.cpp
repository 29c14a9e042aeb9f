#include "suites/compat/judgement.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "harness/core/printable.hpp"
#include "suites/compat/curl.hpp"
#include "suites/compat/exchange_diff.hpp"
#include "suites/compat/shape.hpp"

namespace sluice::compat {
namespace {

using scenario::Exchange;
using scenario::Step;

/// One step with what it did in the three passes.
struct Trial {
  std::size_t session;
  std::size_t index;
  const Step& step;
  const Played& first;
  const Played& again;
  const Played& candidate;

  bool old_answered() const { return answered(first) && answered(again); }
  /// Two answers of different status are answers to different situations: neither is the one to compare with.
  bool old_agrees() const { return first.exchange.response->status == again.exchange.response->status; }
  static bool answered(const Played& played) {
    return played.done && !played.exchange.failure && played.exchange.response;
  }
};

class Judge {
 public:
  Judge(const Recording& recording, const CompareRules& rules, std::uint64_t sample_seed, const std::string& reproduce)
      : recording_(recording), rules_(rules), reproduce_(reproduce), random_(sample_seed) {}

  Judgement run() {
    collect_trials();
    for (const Trial& trial : trials_) learn(trial);
    for (const Trial& trial : trials_) judge(trial);
    report_unused_rules();
    result_.ids_mapped = ids_.size();
    finish();
    return std::move(result_);
  }

 private:
  using Key = std::tuple<std::string, std::string, std::string>;

  void collect_trials();
  void collect_known(const SessionRecord& session);
  void learn(const Trial& trial);
  void judge(const Trial& trial);
  void note_old_failure(const Trial& trial, const std::string& why);
  void compare(const Trial& trial);
  void draw_sample(const Trial& trial, const ValueDiff& diff);
  void report_unused_rules();
  void finish();
  void add(const Trial& trial, const Difference& difference);
  DiffScope scope_of(const Step& step) const {
    return {.noise = {.route = route_of(step), .step = step.name}, .route_path = step.path};
  }

  const Recording& recording_;
  const CompareRules& rules_;
  const std::string& reproduce_;
  std::mt19937_64 random_;
  std::vector<Trial> trials_;
  KnownValues known_;
  IdMap ids_;
  std::set<const IgnoreRule*> used_ignores_;
  std::map<Key, Finding> findings_;
  std::vector<Key> order_;
  Judgement result_;
};

void Judge::collect_trials() {
  for (std::size_t s = 0; s < recording_.sessions.size(); ++s) {
    const SessionRecord& session = recording_.sessions[s];
    collect_known(session);
    for (std::size_t i = 0; i < session.steps.size(); ++i) {
      static const Played nothing;
      const auto at = [&](const Pass& pass) -> const Played& {
        return i < pass.steps.size() ? pass.steps[i] : nothing;
      };
      trials_.push_back({s, i, *session.steps[i], at(session.first), at(session.again), at(session.candidate)});
    }
  }
  result_.expected = trials_.size();
  for (const Trial& trial : trials_) result_.routes_expected.insert(route_of(trial.step));
}

void Judge::collect_known(const SessionRecord& session) {
  const auto& [first, again, candidate] =
      std::tie(session.first.tokens, session.again.tokens, session.candidate.tokens);
  for (std::size_t i = 0; i < std::min({first.size(), again.size(), candidate.size()}); ++i) {
    known_.add(first[i], again[i], candidate[i]);
  }
  const auto steps = std::min({session.first.steps.size(), session.again.steps.size(), session.candidate.steps.size()});
  for (std::size_t i = 0; i < steps; ++i) {
    for (const auto& [name, value] : session.first.steps[i].captured) {
      const auto second = session.again.steps[i].captured.find(name);
      const auto other = session.candidate.steps[i].captured.find(name);
      if (second == session.again.steps[i].captured.end() || other == session.candidate.steps[i].captured.end())
        continue;
      // What both passes over the old side give alike is a value like any other, and compared as one.
      if (value != second->second) known_.add(value, second->second, other->second);
    }
  }
}

void Judge::learn(const Trial& trial) {
  if (!trial.old_answered() || !trial.old_agrees()) return;
  NoiseLearner learner(rules_, known_, result_.noise, scope_of(trial.step));
  learn_exchange(rules_, trial.first.exchange, trial.again.exchange, learner);
}

void Judge::note_old_failure(const Trial& trial, const std::string& why) {
  ++result_.old_failures;
  if (result_.first_old_failure.empty()) {
    result_.first_old_failure = fmt::format("step \"{}\": {}", trial.step.name, why);
  }
}

void Judge::judge(const Trial& trial) {
  if (!trial.old_answered()) {
    const Played& failed = Trial::answered(trial.first) ? trial.again : trial.first;
    if (!failed.done) return;
    note_old_failure(trial, failed.exchange.error);
    return;
  }
  if (!trial.old_agrees()) {
    const IgnoreRule* rule = rules_.ignored(route_of(trial.step), "status");
    if (rule == nullptr) {
      note_old_failure(trial,
                       fmt::format("the old side answered with status {} once and {} once",
                                   trial.first.exchange.response->status, trial.again.exchange.response->status));
      return;
    }
    used_ignores_.insert(rule);
  }
  if (!trial.candidate.done) return;
  ++result_.compared;
  result_.routes_compared.insert(route_of(trial.step));
  if (Trial::answered(trial.candidate)) return compare(trial);
  const bool sent = trial.candidate.exchange.failure.has_value();
  add(trial, {.rule = sent ? "no-answer" : "not-sent",
              .severity = Severity::critical,
              .summary = sent ? "the old side answers, the new side does not"
                              : "the new side's earlier answers lack what this step needs to be sent",
              .place = "status",
              .pattern = "status",
              .old_value = std::to_string(trial.first.exchange.response->status),
              .new_value = printable(trial.candidate.exchange.error, 300)});
}

void Judge::compare(const Trial& trial) {
  ValueDiff diff(rules_, result_.noise, known_, &ids_, scope_of(trial.step));
  diff.sample_with(random_());
  compare_exchange(rules_, trial.first.exchange, trial.again.exchange, trial.candidate.exchange, diff);
  for (const Difference& difference : diff.differences()) add(trial, difference);
  used_ignores_.insert(diff.used_ignores().begin(), diff.used_ignores().end());
  draw_sample(trial, diff);
}

/// Reservoir sampling: every value has the same chance, and only one is kept.
void Judge::draw_sample(const Trial& trial, const ValueDiff& diff) {
  if (diff.strict_count() == 0) return;
  result_.values_compared += diff.strict_count();
  if (std::uniform_int_distribution<std::uint64_t>(1, result_.values_compared)(random_) <= diff.strict_count()) {
    result_.sample = AnswerPlace{trial.session, trial.index, diff.strict_place()};
  }
}

void Judge::add(const Trial& trial, const Difference& difference) {
  const std::string route = route_of(trial.step);
  const Key key{route, difference.pattern, difference.rule};
  const auto known = findings_.find(key);
  if (known != findings_.end()) {
    ++known->second.occurrences;
    known->second.severity = std::max(known->second.severity, difference.severity);
    return;
  }
  Finding finding;
  finding.rule = difference.rule;
  finding.severity = difference.severity;
  finding.summary = fmt::format("{} (\"{}\"), {}: {}", route, printable(trial.step.name, 100),
                                difference.place.empty() ? "the whole body" : difference.place, difference.summary);
  finding.where = {{"route", route}, {"step", trial.step.name}, {"pointer", difference.place}};
  finding.old_value = difference.old_value;
  finding.new_value = difference.new_value;
  finding.reproduce = reproduce_;
  if (!trial.step.websocket && !trial.candidate.exchange.sent.target.empty()) {
    finding.reproduce += "  # this exchange alone: " + curl_command(rules_.new_origin, trial.candidate.exchange.sent);
  }
  findings_.emplace(key, std::move(finding));
  order_.push_back(key);
}

void Judge::report_unused_rules() {
  const auto warn = [&](const std::string& rule, const std::string& summary, const std::string& what) {
    Finding finding{.rule = rule, .severity = Severity::warning, .summary = summary, .where = {{"parameter", what}}};
    finding.reproduce = reproduce_;
    findings_.emplace(Key{what, "", rule}, std::move(finding));
    order_.emplace_back(what, "", rule);
  };
  for (const IgnoreRule& ignore : rules_.ignores) {
    if (used_ignores_.contains(&ignore)) continue;
    warn("ignore-stale",
         fmt::format("nothing matches the ignored place {} any more; remove it (its reason was: {})",
                     ignore.place.text(), printable(ignore.reason, 200)),
         fmt::format("ignore {} {}", ignore.route, ignore.place.text()));
  }
  std::set<std::string> used;
  for (const Trial& trial : trials_) {
    std::string method = trial.step.method;
    std::string path = trial.step.path;
    if (const std::string* key = rules_.routes.apply(method, path)) used.insert(*key);
  }
  for (const std::string& key : rules_.routes.keys()) {
    if (used.contains(key)) continue;
    warn("route-unused", fmt::format("no step of the corpus uses the mapped route {}: it was not checked", key),
         "routes " + key);
  }
}

void Judge::finish() {
  for (const Key& key : order_) {
    Finding& finding = findings_.at(key);
    if (finding.severity >= Severity::error) ++result_.errors;
    if (finding.severity == Severity::warning) ++result_.warnings;
    result_.findings.push_back(std::move(finding));
  }
  std::stable_sort(result_.findings.begin(), result_.findings.end(),
                   [](const Finding& left, const Finding& right) { return left.severity > right.severity; });
}

/// {{name}} as {name}, and a literal id as {id}.
std::string generalised_segment(std::string segment) {
  const bool digits = !segment.empty() && segment.find_first_not_of("0123456789") == std::string::npos;
  if (digits || is_long_id(ShapeReader(0).of(segment))) return "{id}";
  for (const auto& [doubled, single] : {std::pair("{{", "{"), std::pair("}}", "}")}) {
    for (auto at = segment.find(doubled); at != std::string::npos; at = segment.find(doubled))
      segment.replace(at, 2, single);
  }
  return segment;
}

}  // namespace

std::string route_of(const Step& step) {
  std::string route = step.websocket ? "WebSocket " : step.method + " ";
  const auto segments = pointer_segments(std::string_view(step.path).substr(0, step.path.find_first_of("?#")));
  for (std::size_t i = 0; i < segments.size(); ++i) route += (i == 0 ? "" : "/") + generalised_segment(segments[i]);
  return route;
}

Judgement judge_recording(const Recording& recording, const CompareRules& rules, std::uint64_t sample_seed,
                          const std::string& reproduce) {
  return Judge(recording, rules, sample_seed, reproduce).run();
}

}  // namespace sluice::compat
