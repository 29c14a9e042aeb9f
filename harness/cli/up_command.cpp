#include <fmt/core.h>
#include <unistd.h>

#include "harness/cli/command.hpp"
#include "harness/cli/farewell.hpp"
#include "harness/cli/plan_options.hpp"
#include "harness/cli/progress.hpp"
#include "harness/cli/reach.hpp"
#include "harness/cli/signals.hpp"
#include "harness/core/errors.hpp"
#include "harness/run/runner.hpp"

namespace sluice::cli {
namespace {

struct UpCommand {
  PlanOptions plan;
  std::string output = "out";
  std::string binaries;
};

int up(const UpCommand& command) {
  const plan::Plan plan = command.plan.load();
  const run::RunOptions options{
      .output = command.output,
      .binaries = command.binaries.empty() ? own_folder() : std::filesystem::absolute(command.binaries)};
  const services::RunFolder folder;
  Signals signals;
  const SystemClock clock;
  ProgressPrinter progress(service_names(plan));
  const Farewell farewell(signals, progress);
  try {
    run::hold_services(plan, options, folder, clock, progress, signals.token(), [&](const RunResult& result) {
      progress.flush();
      // For a script that reads them; a person is told more below.
      for (const auto& service : isatty(STDOUT_FILENO) == 1 ? std::vector<ServiceResult>() : result.services)
        fmt::print("{}\t{}\t{}\n", service.name, service.address, service.log);
      std::fflush(stdout);
      progress.say("All services are up; Ctrl-C ends them.");
      for (const auto& line : how_to_reach(result, plan, {.work = folder.path(), .binaries = options.binaries}))
        progress.show("  " + line);
      signals.wait();
    });
  } catch (const Cancelled&) {
    progress.say("interrupted before all services were up");
  }
  return signals.received() == 0 ? run::ExitCode::go : 128 + signals.received();
}

}  // namespace

void add_up_command(CLI::App& app, Action& action) {
  auto command = std::make_shared<UpCommand>();
  CLI::App* sub = app.add_subcommand("up", "Bring a plan's services up and hold them until Ctrl-C");
  command->plan.add_to(*sub);
  sub->add_option("--out", command->output, "folder for logs")->type_name("FOLDER")->capture_default_str();
  sub->add_option("--bin", command->binaries, "what ${bin} means; default: the folder of sluice itself")
      ->type_name("FOLDER");
  sub->callback([command, &action] { action = [command](const Invocation&) { return up(*command); }; });
}

}  // namespace sluice::cli
