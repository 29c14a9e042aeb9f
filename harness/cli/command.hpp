#pragma once
#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace sluice::cli {

/// What every command gets from main().
struct Invocation {
  std::vector<std::string> arguments;  ///< argv, for command lines that reproduce
};

/// Each adds its subcommand to `app`; the chosen one sets `action`, which returns the exit code.
using Action = std::function<int(const Invocation&)>;
void add_run_command(CLI::App& app, Action& action);
void add_up_command(CLI::App& app, Action& action);
void add_validate_command(CLI::App& app, Action& action);
void add_list_command(CLI::App& app, Action& action);
void add_explain_command(CLI::App& app, Action& action);
void add_schema_command(CLI::App& app, Action& action);
void add_report_command(CLI::App& app, Action& action);
void add_gate_command(CLI::App& app, Action& action);
void add_prove_command(CLI::App& app, Action& action);
void add_status_command(CLI::App& app, Action& action);
void add_diff_command(CLI::App& app, Action& action);
/// Completes every command of `app`, also those that are added later. `app` must outlive the action.
void add_completion_command(CLI::App& app, Action& action);

}  // namespace sluice::cli
