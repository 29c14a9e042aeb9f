#include <fmt/core.h>

#include "harness/cli/command.hpp"
#include "harness/cli/suites.hpp"
#include "harness/core/errors.hpp"
#include "harness/plan/declarations.hpp"
#include "harness/plan/schema.hpp"
#include "harness/plan/source.hpp"
#include "harness/run/runner.hpp"

namespace sluice::cli {
namespace {

int explain(const std::string& wanted) {
  std::vector<std::string> known;
  for (const auto& kind : all_kinds()) {
    if (kind.name == wanted) {
      fmt::print("{}", plan::explain(kind));
      return run::ExitCode::go;
    }
    known.push_back(kind.name);
  }
  for (const auto& kind : plan::service_kinds()) {
    if (kind.kind == wanted) {
      fmt::print("{}", plan::explain(kind));
      return run::ExitCode::go;
    }
    known.push_back(kind.kind);
  }
  if (wanted.empty()) {
    for (const auto& name : known) fmt::print("{}\n", name);
    return run::ExitCode::go;
  }
  throw InputError(fmt::format("no kind is called '{}'{}", wanted, plan::suggestion(wanted, known)));
}

}  // namespace

void add_explain_command(CLI::App& app, Action& action) {
  auto kind = std::make_shared<std::string>();
  CLI::App* sub = app.add_subcommand(
      "explain", "Say what a kind of check or service does, with its parameters; without one, list them");
  sub->add_option("KIND", *kind, "such as migration.rows, or postgres")->type_name("KIND");
  sub->callback([kind, &action] { action = [kind](const Invocation&) { return explain(*kind); }; });
}

}  // namespace sluice::cli
