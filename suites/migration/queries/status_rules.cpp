#include "suites/migration/queries/status_rules.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace sluice::migration {
namespace {

bool is_there(const std::vector<Step>& steps, const std::string& name) {
  return std::any_of(steps.begin(), steps.end(), [&](const Step& step) { return step.name == name; });
}

bool has_time(const std::optional<StepTime>& time) { return time && !time->is_none; }

class StepJudge {
 public:
  explicit StepJudge(const StepRules& rules) : rules_(rules) {}

  void judge(const Step& step) {
    if (step.failed)
      add("step-failed", step, "ended without success", step.status.value_or("NULL"));
    else if (!step.completed)
      add("step-not-completed", step, "is not completed", step.status.value_or("NULL"));
    if (step.error) add("error-recorded", step, "recorded an error", *step.error);
    if (!step.completed) return;  // its times are not final
    if (rules_.has_started && !has_time(step.started))
      add("start-missing", step, "is completed and has no start", written(step.started));
    if (rules_.has_finished && !has_time(step.finished))
      add("finish-missing", step, "is completed and has no end", written(step.finished));
    for (const auto& time : {step.started, step.finished}) {
      if (has_time(time)) judge_time(step, *time);
    }
    judge_order(step);
  }

  void missing(const std::string& name) {
    problems_.push_back({"step-missing", name, name + " is not in the table", "no row"});
  }

  std::vector<StepProblem> problems() { return std::move(problems_); }

 private:
  static std::string written(const std::optional<StepTime>& time) { return time ? time->written : "NULL"; }

  void add(const char* rule, const Step& step, const char* what, const std::string& observed) {
    problems_.push_back({rule, step.name, fmt::format("{} {}: {}", step.name, what, observed), observed});
  }

  void judge_time(const Step& step, const StepTime& time) {
    if (!time.microseconds)
      add("time-unreadable", step, "holds a time that cannot be read", time.written);
    else if (*time.microseconds > rules_.now + rules_.tolerance)
      add("time-in-future", step, "holds a time in the future", time.written);
  }

  void judge_order(const Step& step) {
    const auto start = has_time(step.started) ? step.started->microseconds : std::nullopt;
    const auto finish = has_time(step.finished) ? step.finished->microseconds : std::nullopt;
    if (start && finish && *finish < *start) {
      add("times-reversed", step, "ended before it started",
          fmt::format("{} to {}", step.started->written, step.finished->written));
    }
    const auto& first = start ? step.started : step.finished;
    if (rules_.not_before && has_time(first) && first->microseconds &&
        *first->microseconds < *rules_.not_before - rules_.tolerance)
      add("time-before-run", step, "is older than this run", first->written);
  }

  const StepRules& rules_;
  std::vector<StepProblem> problems_;
};

}  // namespace

std::vector<StepProblem> judge_steps(const std::vector<Step>& steps, const StepRules& rules) {
  StepJudge judge(rules);
  for (const auto& step : steps) judge.judge(step);
  for (const auto& name : rules.expected) {
    if (!is_there(steps, name)) judge.missing(name);
  }
  return judge.problems();
}

bool may_still_complete(const std::vector<Step>& steps, const StepRules& rules) {
  if (std::any_of(steps.begin(), steps.end(), [](const Step& step) { return step.failed; })) return false;
  const auto unfinished = [&](const Step& step) {
    return !step.completed || (rules.has_finished && !has_time(step.finished));
  };
  return steps.empty() || std::any_of(steps.begin(), steps.end(), unfinished) ||
         !std::all_of(rules.expected.begin(), rules.expected.end(),
                      [&](const std::string& name) { return is_there(steps, name); });
}

}  // namespace sluice::migration
