#include "harness/cli/completion.hpp"

#include <fmt/format.h>

#include <utility>

namespace sluice::cli {
namespace {

using From = CompletedValue::From;

std::vector<std::string> choices_in(const std::string& type) {
  const auto open = type.find('{');
  const auto close = type.find('}', open);
  if (open == std::string::npos || close == std::string::npos) return {};
  std::vector<std::string> choices;
  std::string choice;
  for (const char c : type.substr(open + 1, close - open - 1)) {
    if (c != ',') {
      choice += c;
    } else {
      choices.push_back(std::exchange(choice, {}));
    }
  }
  choices.push_back(choice);
  return choices;
}

CompletedValue value_of(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return {};
  const std::string type = option.get_type_name();
  if (auto choices = choices_in(type); !choices.empty()) return {.from = From::choices, .choices = choices};
  constexpr std::pair<std::string_view, From> names[] = {
      {"FILE", From::files},   {"PATH", From::files},   {"FOLDER", From::folders}, {"DIR", From::folders},
      {"PHASE", From::phases}, {"CHECK", From::checks}, {"KIND", From::kinds}};
  for (const auto& [name, from] : names) {
    if (type.find(name) != std::string::npos) return {.from = from, .choices = {}};
  }
  return {.from = From::anything, .choices = {}};
}

CompletedCommand completed(const CLI::App& app) {
  CompletedCommand command{.name = app.get_name(), .help = app.get_description(), .options = {}, .arguments = {}};
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) {
      command.arguments.push_back(value_of(*option));
      continue;
    }
    CompletedOption completed{.names = {},
                              .help = option->get_description(),
                              .value = value_of(*option),
                              .repeatable = option->get_expected_max() > 1};
    for (const auto& name : option->get_lnames()) completed.names.push_back("--" + name);
    for (const auto& name : option->get_snames()) completed.names.push_back("-" + name);
    command.options.push_back(std::move(completed));
  }
  return command;
}

// `text` in single quotes for bash and zsh.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// ---- bash

std::string bash_words(const std::vector<std::string>& words) {
  return fmt::format("_sluice_words {}", shell_quoted(fmt::format("{}", fmt::join(words, "\n"))));
}

std::string bash_action(const CompletedValue& value) {
  switch (value.from) {
    case From::files:
      return "_sluice_files -f";
    case From::folders:
      return "_sluice_files -d";
    case From::choices:
      return bash_words(value.choices);
    case From::phases:
      return "_sluice_names phases";
    case From::checks:
      return "_sluice_names checks";
    case From::kinds:
      return "_sluice_words \"$(\"$program\" explain 2>/dev/null)\"";
    case From::nothing:
    case From::anything:
      break;
  }
  return ":";
}

constexpr std::string_view bash_head = R"--(# bash completion for sluice. Load it with: source <(sluice completion bash)

_sluice_words() { mapfile -t COMPREPLY < <(IFS=$'\n'; compgen -W "$1" -- "$current"); }
_sluice_files() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen "$1" -- "$current"); }
# The phases or checks of the plan on the line: its first argument that is a file.
_sluice_names() {
  local word
  for word in "${COMP_WORDS[@]:2}"; do
    [[ -f $word ]] || continue
    _sluice_words "$("$program" list "$word" --names "$1" 2>/dev/null)"
    return
  done
}
_sluice() {
  local program=${COMP_WORDS[0]} command=${COMP_WORDS[1]} current=${COMP_WORDS[COMP_CWORD]}
  local previous=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  if [[ $current == = ]]; then current=; elif [[ $previous == = ]]; then previous=${COMP_WORDS[COMP_CWORD - 2]}; fi
)--";

std::string bash_script(const std::vector<CompletedCommand>& commands) {
  std::string script(bash_head);
  std::vector<std::string> names;
  for (const auto& command : commands) names.push_back(command.name);
  script += "  if ((COMP_CWORD == 1)); then\n    " + bash_words(names) + "\n    return\n  fi\n";
  script += "  case $command/$previous in\n";
  for (const auto& command : commands) {
    for (const auto& option : command.options) {
      if (option.value.from == From::nothing) continue;
      for (const auto& name : option.names)
        script += fmt::format("    {}/{}) {}; return ;;\n", command.name, name, bash_action(option.value));
    }
  }
  script += "  esac\n  if [[ $current == -* ]]; then\n    case $command in\n";
  for (const auto& command : commands) {
    std::vector<std::string> options;
    for (const auto& option : command.options) options.insert(options.end(), option.names.begin(), option.names.end());
    script += fmt::format("      {}) {} ;;\n", command.name, bash_words(options));
  }
  script += "    esac\n    return\n  fi\n  case $command in\n";
  for (const auto& command : commands) {
    if (command.arguments.empty()) continue;
    script += fmt::format("    {}) {} ;;\n", command.name, bash_action(command.arguments.front()));
  }
  return script + "  esac\n}\ncomplete -F _sluice sluice\n";
}

// ---- zsh

// Text inside of an _arguments specification.
std::string zsh_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

// A blank before a function of ours keeps _arguments from putting options of its own before our arguments.
std::string zsh_action(const CompletedValue& value) {
  switch (value.from) {
    case From::files:
      return "_files";
    case From::folders:
      return "_files -/";
    case From::choices:
      return fmt::format("({})", fmt::join(value.choices, " "));
    case From::phases:
      return " _sluice_names phases";
    case From::checks:
      return " _sluice_names checks";
    case From::kinds:
      return " _sluice_kinds";
    case From::nothing:
    case From::anything:
      break;
  }
  return " ";
}

constexpr std::string_view zsh_head = R"--(#compdef sluice
# zsh completion for sluice. Save it as _sluice in a folder of $fpath, or load it with: source <(sluice completion zsh)

# The phases or checks of the plan on the line: its first argument that is a file.
_sluice_names() {
  local word
  for word in "${(@)words[2,-1]}"; do
    [[ -f $word ]] || continue
    compadd -- ${(f)"$($program list $word --names $1 2>/dev/null)"}
    return
  done
}
_sluice_kinds() { compadd -- ${(f)"$($program explain 2>/dev/null)"} }
_sluice() {
  local program=$words[1]
  local -a commands=(
)--";

std::string zsh_script(const std::vector<CompletedCommand>& commands) {
  std::string script(zsh_head);
  for (const auto& command : commands)
    script += fmt::format("    {}\n", shell_quoted(command.name + ":" + command.help));
  script += "  )\n  if ((CURRENT == 2)); then\n    _describe command commands\n    return\n  fi\n";
  script += "  local command=$words[2]\n  shift words\n  ((CURRENT--))\n  case $command in\n";
  for (const auto& command : commands) {
    script += fmt::format("    {}) _arguments", command.name);
    for (const auto& option : command.options) {
      for (const auto& name : option.names) {
        std::string spec = fmt::format("{}{}[{}]", option.repeatable ? "*" : "", name, zsh_escaped(option.help));
        if (option.value.from != From::nothing) spec += fmt::format(": :{}", zsh_action(option.value));
        script += " \\\n      " + shell_quoted(spec);
      }
    }
    for (const auto& argument : command.arguments) script += " \\\n      " + shell_quoted(": :" + zsh_action(argument));
    script += " ;;\n";
  }
  return script +
         "  esac\n}\nif [[ $funcstack[1] == _sluice ]]; then\n  _sluice \"$@\"\nelse\n  compdef _sluice sluice\nfi\n";
}

// ---- fish

std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string fish_action(const CompletedValue& value) {
  switch (value.from) {
    case From::files:
      return " -r -F";
    case From::folders:
      return " -x -a '(__fish_complete_directories)'";
    case From::choices:
      return fmt::format(" -x -a {}", fish_quoted(fmt::format("{}", fmt::join(value.choices, " "))));
    case From::phases:
      return " -x -a '(__sluice_names phases)'";
    case From::checks:
      return " -x -a '(__sluice_names checks)'";
    case From::kinds:
      return " -x -a '(__sluice_kinds)'";
    case From::anything:
      return " -x";
    case From::nothing:
      break;
  }
  return "";
}

constexpr std::string_view fish_head = R"--(# fish completion for sluice. Load it with: sluice completion fish | source

# The phases or checks of the plan on the line: its first argument that is a file.
function __sluice_names
    set -l words (commandline -opc)
    for word in $words[2..-1]
        if test -f $word
            $words[1] list $word --names $argv[1] 2>/dev/null
            return
        end
    end
end
function __sluice_kinds
    set -l words (commandline -opc)
    $words[1] explain 2>/dev/null
end
complete -c sluice -f
)--";

std::string fish_script(const std::vector<CompletedCommand>& commands) {
  std::string script(fish_head);
  for (const auto& command : commands) {
    script += fmt::format("complete -c sluice -n __fish_use_subcommand -a {} -d {}\n", command.name,
                          fish_quoted(command.help));
    const std::string within = fmt::format("complete -c sluice -n '__fish_seen_subcommand_from {}'", command.name);
    for (const auto& option : command.options) {
      script += within;
      for (const auto& name : option.names)
        script += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      script += fmt::format("{} -d {}\n", fish_action(option.value), fish_quoted(option.help));
    }
    if (command.arguments.empty()) continue;
    const std::string action = fish_action(command.arguments.front());
    script += within + (action == " -r -F" ? " -F" : action) + "\n";
  }
  return script;
}

}  // namespace

std::vector<CompletedCommand> completed_commands(const CLI::App& app) {
  std::vector<CompletedCommand> commands;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    commands.push_back(completed(*sub));
  return commands;
}

std::vector<std::string> completed_shells() { return {"bash", "zsh", "fish"}; }

std::string completion_script(const CLI::App& app, std::string_view shell) {
  const auto commands = completed_commands(app);
  if (shell == "bash") return bash_script(commands);
  return shell == "zsh" ? zsh_script(commands) : fish_script(commands);
}

}  // namespace sluice::cli
