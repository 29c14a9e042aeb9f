#include <fmt/core.h>

#include "harness/cli/command.hpp"
#include "harness/cli/completion.hpp"
#include "harness/run/runner.hpp"

namespace sluice::cli {

void add_completion_command(CLI::App& app, Action& action) {
  auto shell = std::make_shared<std::string>();
  CLI::App* sub = app.add_subcommand("completion", "Print a script that teaches your shell to complete sluice");
  sub->add_option("SHELL", *shell, "your shell")->required()->check(CLI::IsMember(completed_shells()));
  sub->footer(
      "Load it for good:\n"
      "  bash: echo 'source <(sluice completion bash)' >> ~/.bashrc\n"
      "  zsh:  sluice completion zsh > \"${fpath[1]}/_sluice\"\n"
      "  fish: sluice completion fish > ~/.config/fish/completions/sluice.fish");
  sub->callback([&app, shell, &action] {
    action = [&app, shell](const Invocation&) {
      fmt::print("{}", completion_script(app, *shell));
      return run::ExitCode::go;
    };
  });
}

}  // namespace sluice::cli
