#include <fmt/core.h>

#include "harness/cli/command.hpp"
#include "harness/cli/plan_options.hpp"
#include "harness/run/runner.hpp"

namespace sluice::cli {

void add_validate_command(CLI::App& app, Action& action) {
  auto plan = std::make_shared<PlanOptions>();
  CLI::App* sub = app.add_subcommand("validate", "Check a plan and print every mistake at once");
  plan->add_to(*sub);
  sub->callback([plan, &action] {
    action = [plan](const Invocation&) {
      const auto loaded = plan->load();  // throws with all problems
      fmt::print("{}: valid: {} services, {} checks, {} phases\n", plan->plan, loaded.services.size(),
                 loaded.checks.size(), loaded.phases.size());
      return run::ExitCode::go;
    };
  });
}

}  // namespace sluice::cli
