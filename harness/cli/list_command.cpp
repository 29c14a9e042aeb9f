#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/cli/command.hpp"
#include "harness/cli/plan_options.hpp"
#include "harness/run/runner.hpp"

namespace sluice::cli {
namespace {

nlohmann::ordered_json as_json(const plan::Plan& plan) {
  nlohmann::ordered_json phases = nlohmann::ordered_json::array();
  for (const auto& phase : plan.phases) {
    phases.push_back({{"name", phase.name},
                      {"needs", phase.needs},
                      {"before", phase.before},
                      {"enter", phase.enter},
                      {"during", phase.during},
                      {"after", phase.after},
                      {"require", phase.require}});
  }
  nlohmann::ordered_json checks = nlohmann::ordered_json::array();
  for (const auto& check : plan.checks) checks.push_back({{"name", check.name}, {"kind", check.kind.name}});
  return {{"plan", plan.name}, {"phases", phases}, {"checks", checks}};
}

void print_text(const plan::Plan& plan) {
  for (const auto& phase : plan.phases) {
    fmt::print("{}{}\n", phase.name,
               phase.needs.empty() ? "" : fmt::format("  (needs {})", fmt::join(phase.needs, ", ")));
    for (const auto& action : phase.enter) fmt::print("  enter   {}\n", action);
    const auto stage = [&](const char* name, const std::vector<std::string>& checks) {
      for (const auto& check : checks) fmt::print("  {:7} {}  [{}]\n", name, check, plan.check(check)->kind.name);
    };
    stage("before", phase.before);
    stage("during", phase.during);
    stage("after", phase.after);
    if (phase.rollback) fmt::print("  rollback {}\n", phase.rollback->action);
    fmt::print("  gate requires {}\n", fmt::join(phase.require, ", "));
  }
}

void print_names(const plan::Plan& plan, const std::string& what) {
  if (what == "phases") {
    for (const auto& phase : plan.phases) fmt::print("{}\n", phase.name);
  } else {
    for (const auto& check : plan.checks) fmt::print("{}\n", check.name);
  }
}

}  // namespace

void add_list_command(CLI::App& app, Action& action) {
  auto plan = std::make_shared<PlanOptions>();
  auto format = std::make_shared<std::string>("text");
  auto names = std::make_shared<std::string>();
  CLI::App* sub = app.add_subcommand("list", "List a plan's phases and checks");
  plan->add_to(*sub);
  sub->add_option("--format", *format, "text or json")->check(CLI::IsMember({"text", "json"}))->capture_default_str();
  sub->add_option("--names", *names, "only the names of the phases or checks, one a line")
      ->check(CLI::IsMember({"phases", "checks"}));
  sub->callback([plan, format, names, &action] {
    action = [plan, format, names](const Invocation&) {
      const auto loaded = plan->load();
      if (!names->empty())
        print_names(loaded, *names);
      else if (*format == "json")
        fmt::print("{}\n", as_json(loaded).dump(2));
      else
        print_text(loaded);
      return run::ExitCode::go;
    };
  });
}

}  // namespace sluice::cli
