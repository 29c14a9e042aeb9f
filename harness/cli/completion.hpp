#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

/// What may follow an option, or stand as an argument.
struct CompletedValue {
  enum class From { nothing, anything, files, folders, choices, phases, checks, kinds };
  From from = From::nothing;
  std::vector<std::string> choices;  ///< where `from` is choices
};

struct CompletedOption {
  std::vector<std::string> names;  ///< "--help", "-h"
  std::string help;
  CompletedValue value;
  bool repeatable = false;
};

struct CompletedCommand {
  std::string name;
  std::string help;
  std::vector<CompletedOption> options;
  std::vector<CompletedValue> arguments;  ///< in order
};

/// The commands of an app as a shell completes them. What an option takes is read from its type's name: FILE, FOLDER,
/// PHASE, CHECK, KIND, or choices in braces.
std::vector<CompletedCommand> completed_commands(const CLI::App& app);

/// The shells that there are scripts for: bash, zsh, fish.
std::vector<std::string> completed_shells();
/// The script that teaches `shell` to complete `sluice`.
std::string completion_script(const CLI::App& app, std::string_view shell);

}  // namespace sluice::cli
