#include <fcntl.h>
#include <fmt/core.h>

#include <cstdio>

#include "harness/cli/command.hpp"
#include "harness/cli/usage.hpp"
#include "harness/core/errors.hpp"
#include "harness/core/version.hpp"
#include "harness/run/runner.hpp"

namespace {

// A descriptor 0, 1 or 2 that the caller closed would be given to the next file we open, and then be written to as if
// it were a terminal.
void open_standard_descriptors() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) < 0) open("/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY);
  }
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  using namespace sluice;
  CLI::App app("Test and validation harness for migrations: may we go on?", "sluice");
  app.set_version_flag("--version", std::string("sluice ") + version);
  app.require_subcommand(1);
  app.formatter(std::make_shared<cli::HelpFormatter>());
  app.failure_message(cli::usage_error);

  cli::Action action;
  cli::add_run_command(app, action);
  cli::add_up_command(app, action);
  cli::add_validate_command(app, action);
  cli::add_list_command(app, action);
  cli::add_explain_command(app, action);
  cli::add_schema_command(app, action);
  cli::add_report_command(app, action);
  cli::add_gate_command(app, action);
  cli::add_prove_command(app, action);
  cli::add_status_command(app, action);
  cli::add_diff_command(app, action);
  cli::add_completion_command(app, action);
  app.footer(cli::general_footer());  // last: commands take over the footer that is there when they are added

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? run::ExitCode::go : run::ExitCode::usage;
  }
  try {
    return action({.arguments = {argv, argv + argc}});
  } catch (const InputError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return run::ExitCode::usage;
  } catch (const EnvironmentError& error) {
    fmt::print(stderr, "sluice: {}\n", error.what());
    return run::ExitCode::environment;
  } catch (const std::exception& error) {
    fmt::print(stderr, "sluice: {}\n", error.what());
    return run::ExitCode::environment;
  }
}
