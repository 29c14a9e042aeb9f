#include <fmt/core.h>

#include "harness/cli/command.hpp"
#include "harness/cli/suites.hpp"
#include "harness/plan/schema.hpp"
#include "harness/run/runner.hpp"

namespace sluice::cli {

void add_schema_command(CLI::App& app, Action& action) {
  CLI::App* sub = app.add_subcommand("schema", "Print the JSON Schema of plans, for editors");
  sub->callback([&action] {
    action = [](const Invocation&) {
      fmt::print("{}\n", plan::plan_schema(all_kinds()).dump(2));
      return run::ExitCode::go;
    };
  });
}

}  // namespace sluice::cli
