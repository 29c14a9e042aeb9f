#include "harness/cli/dry_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/core/glob.hpp"
#include "harness/core/parameters.hpp"
#include "harness/core/printable.hpp"
#include "harness/run/schedule.hpp"
#include "reports/escape.hpp"

namespace sluice::cli {
namespace {

using reports::terminal_text;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Each after what it needs, otherwise as the plan lists them. The plan has no circles.
std::vector<DryRun::Service> in_start_order(const std::vector<plan::ServiceSpec>& specs) {
  std::vector<DryRun::Service> ordered;
  std::vector<std::string> started;
  while (ordered.size() < specs.size()) {
    const std::size_t before = ordered.size();
    for (const auto& spec : specs) {
      const bool can_start = std::all_of(spec.needs.begin(), spec.needs.end(),
                                         [&](const std::string& need) { return contains(started, need); });
      if (contains(started, spec.name) || !can_start) continue;
      ordered.push_back({spec.name, spec.kind, spec.needs});
      started.push_back(spec.name);
    }
    if (ordered.size() == before) break;
  }
  return ordered;
}

class Planner {
 public:
  Planner(const plan::Plan& plan, const run::RunOptions& options) : plan_(plan), options_(options) {}

  DryRun planned() {
    DryRun result{.plan = plan_.name,
                  .services = in_start_order(plan_.services),
                  .phases = {},
                  .not_run = {},
                  .opens_gates = !options_.partial()};
    const auto schedule = run::schedule(plan_, options_);
    for (const auto& [phase, entered_only] : schedule) {
      if (entered_only && plan_.has_external_services())
        leave_out(*phase, "it works on external services and was not asked for", result);
      else
        result.phases.push_back(entered_only ? entered(*phase, result) : whole(*phase, result));
    }
    for (const auto& phase : plan_.phases) {
      const bool comes = std::any_of(schedule.begin(), schedule.end(),
                                     [&](const run::Planned& planned) { return planned.phase->name == phase.name; });
      if (!comes) result.not_run.push_back({"phase", phase.name, phase.name, "it was not asked for"});
    }
    return result;
  }

 private:
  void leave_out(const plan::PhaseSpec& phase, const std::string& why, DryRun& result) const {
    result.not_run.push_back({"phase", phase.name, phase.name, why});
  }

  DryRun::Step action_step(const std::string& name) const {
    const auto& action = *plan_.action(name);
    std::string command;
    for (const auto& word : action.command) command += (command.empty() ? "" : " ") + word;
    return {"enter", "action", name, command, fmt::format("at most {}", human_duration(action.timeout))};
  }

  void add_checks(const plan::PhaseSpec& phase, const std::string& stage, const std::vector<std::string>& names,
                  DryRun::Phase& planned, DryRun& result) const {
    for (const auto& name : names) {
      const auto& check = *plan_.check(name);
      const bool selected = (options_.suite.empty() || check.kind.suite() == options_.suite) &&
                            (options_.check.empty() || glob_matches(options_.check, name));
      if (!selected) {
        result.not_run.push_back({"check", name, phase.name, "it was not selected"});
        continue;
      }
      std::string note;
      if (stage == "during" && !phase.enter.empty())
        note = check.kind.exclusive ? "alone, after the actions" : "beside the actions";
      planned.steps.push_back({stage, "check", name, check.kind.name, note});
    }
  }

  DryRun::Phase entered(const plan::PhaseSpec& phase, DryRun& result) const {
    DryRun::Phase planned{.name = phase.name, .needs = phase.needs, .entered_only = true, .steps = {}, .require = {}};
    for (const auto& name : phase.enter) planned.steps.push_back(action_step(name));
    for (const auto& [stage, names] : phase.stages()) {
      for (const auto& name : names)
        result.not_run.push_back(
            {"check", name, phase.name, "the phase is only entered, because a later one needs it"});
    }
    return planned;
  }

  DryRun::Phase whole(const plan::PhaseSpec& phase, DryRun& result) const {
    DryRun::Phase planned{
        .name = phase.name, .needs = phase.needs, .entered_only = false, .steps = {}, .require = phase.require};
    add_checks(phase, "before", phase.before, planned, result);
    for (const auto& name : phase.enter) planned.steps.push_back(action_step(name));
    add_checks(phase, "during", phase.during, planned, result);
    add_checks(phase, "after", phase.after, planned, result);
    if (phase.rollback)
      result.not_run.push_back({"action", phase.rollback->action, phase.name,
                                "only a NO-GO is taken back, and only with --rollback-on-no-go"});
    return planned;
  }

  const plan::Plan& plan_;
  const run::RunOptions& options_;
};

std::string step_text(const DryRun::Step& step, std::size_t width) {
  std::string text = fmt::format("  {:7} {:6} {:{}}  {}", step.stage, step.what, terminal_text(step.name), width,
                                 terminal_text(step.detail));
  if (!step.note.empty()) text += fmt::format("  ({})", step.note);
  return text + "\n";
}

}  // namespace

DryRun dry_run(const plan::Plan& plan, const run::RunOptions& options) { return Planner(plan, options).planned(); }

std::string as_text(const DryRun& planned) {
  std::string text = fmt::format("{}: what would run; nothing was started\n", terminal_text(planned.plan));
  std::size_t width = 0;
  for (const auto& service : planned.services) width = std::max(width, service.name.size());
  for (const auto& phase : planned.phases) {
    for (const auto& step : phase.steps) width = std::max(width, step.name.size());
  }
  if (!planned.services.empty()) text += "\nservices, each after what it needs\n";
  for (const auto& service : planned.services) {
    const std::string needs = service.needs.empty() ? "" : fmt::format("  needs {}", fmt::join(service.needs, ", "));
    text += fmt::format("  {:{}}  {}{}\n", service.name, width, service.kind, needs);
  }
  for (const auto& phase : planned.phases) {
    const std::string needs = phase.needs.empty() ? "" : fmt::format("  needs {}", fmt::join(phase.needs, ", "));
    text += fmt::format("\nphase {}{}{}\n", phase.name, needs,
                        phase.entered_only ? "  (entered only: a later phase needs it)" : "");
    for (const auto& step : phase.steps) text += step_text(step, width);
    if (phase.steps.empty()) text += "  nothing\n";
    if (phase.entered_only) continue;
    text += planned.opens_gates ? fmt::format("  gate    requires {}\n", fmt::join(phase.require, ", "))
                                : fmt::format("  gate    stays closed: only some checks are selected\n");
  }
  if (!planned.not_run.empty()) text += "\nwill not run\n";
  for (const auto& item : planned.not_run) {
    const std::string place = item.phase == item.name ? "" : fmt::format(" ({})", item.phase);
    text += fmt::format("  – {} {}{}: {}\n", item.what, item.name, place, item.why);
  }
  return text;
}

nlohmann::ordered_json as_json(const DryRun& planned) {
  using Json = nlohmann::ordered_json;
  Json services = Json::array();
  for (const auto& service : planned.services)
    services.push_back({{"name", service.name}, {"kind", service.kind}, {"needs", service.needs}});
  Json phases = Json::array();
  for (const auto& phase : planned.phases) {
    Json steps = Json::array();
    for (const auto& step : phase.steps) {
      steps.push_back({{"stage", step.stage},
                       {"what", step.what},
                       {"name", step.name},
                       {step.what == "check" ? "kind" : "command", step.detail},
                       {"note", step.note}});
    }
    phases.push_back({{"name", phase.name},
                      {"needs", phase.needs},
                      {"entered_only", phase.entered_only},
                      {"steps", steps},
                      {"require", phase.require}});
  }
  Json not_run = Json::array();
  for (const auto& item : planned.not_run)
    not_run.push_back({{"what", item.what}, {"name", item.name}, {"phase", item.phase}, {"why", item.why}});
  return {{"plan", planned.plan},
          {"dry_run", true},
          {"services", services},
          {"phases", phases},
          {"opens_gates", planned.opens_gates},
          {"not_run", not_run}};
}

}  // namespace sluice::cli
