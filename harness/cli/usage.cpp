#include "harness/cli/usage.hpp"

#include <fmt/format.h>

#include <sstream>

#include "harness/core/printable.hpp"
#include "harness/plan/source.hpp"

namespace sluice::cli {
namespace {

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(sub->get_name());
  return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string unexpected(const CLI::App& command, const std::string& word) {
  const std::string shown = printable(word);
  if (!word.starts_with("-")) return fmt::format("nothing is expected where '{}' stands", shown);
  const std::string name = word.substr(0, word.find('='));
  const std::string meant = plan::nearest(name, option_names(command));
  return fmt::format("there is no option {}{}", printable(name),
                     meant.empty() ? "" : fmt::format("; did you mean {}?", meant));
}

// The word to speak of among those that were not expected: an option, because what follows it was meant for it.
std::string offender(const std::string& words) {
  std::istringstream stream(words);
  std::string first;
  for (std::string word; stream >> word;) {
    if (word.starts_with("-")) return word;
    if (first.empty()) first = word;
  }
  return first;
}

}  // namespace

std::string HelpFormatter::make_option_name(const CLI::Option* option, bool is_positional) const {
  const std::string name = Formatter::make_option_name(option, is_positional);
  return name.substr(0, name.find('{'));  // a flag's default stands in braces
}

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  std::string text = Formatter::make_option_opts(option);
  const std::string type = option->get_type_name();
  const auto at = text.find(type);
  if (type.empty() || at == std::string::npos) return text;
  if (option->get_items_expected_max() == 0) return type.starts_with(":{") ? "[=" + type.substr(1) + "]" : "";
  const auto colon = type.find(':');
  std::string shown = colon == std::string::npos ? type : type.substr(colon + 1);
  if (option->get_positional() && option->get_name() == shown) return text.erase(at, type.size() + 1);
  return text.replace(at, type.size(), shown);
}

std::string usage_error(const CLI::App* app, const CLI::Error& error) {
  const auto chosen = app->get_subcommands();
  if (chosen.empty()) {
    const auto left = app->remaining(true);
    std::string problem = "say what to do";
    if (!left.empty() && left.front().starts_with("-")) {
      problem = unexpected(*app, left.front());
    } else if (!left.empty()) {
      problem = fmt::format("no command is called '{}'{}", printable(left.front()),
                            plan::suggestion(left.front(), command_names(*app)));
    }
    return fmt::format("sluice: {}\n`sluice --help` lists the commands.\n", problem);
  }
  const CLI::App& command = *chosen.back();
  const std::string said = error.what();
  const bool extra = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && said.find(": ") != std::string::npos;
  return fmt::format("sluice {0}: {1}\n`sluice {0} --help` lists its arguments and options.\n", command.get_name(),
                     extra ? unexpected(command, offender(said.substr(said.find(": ") + 2))) : printable(said, 1000));
}

std::string general_footer() {
  return "Examples:\n"
         "  sluice validate plan.yaml                  every mistake of a plan at once\n"
         "  sluice run plan.yaml                       run all phases, decide their gates\n"
         "  sluice run plan.yaml --phase data          enter what `data` needs, then judge `data`\n"
         "  sluice run plan.yaml --check same --keep   one check, services kept up to poke at\n"
         "  sluice run plan.yaml --dry-run             what would run, and why the rest would not\n"
         "  sluice diff sqlite:a.db sqlite:b.db        compare two stores without a plan\n"
         "  sluice explain migration.rows              what a kind proves, and its parameters\n"
         "\n"
         "Exit codes:\n"
         "  0         GO; nothing differs\n"
         "  1         NO-GO; something differs\n"
         "  2         the plan or the command line is wrong\n"
         "  3         a service or the environment failed\n"
         "  4         inconclusive, or nothing ran\n"
         "  130, 143  interrupted (SIGINT, SIGTERM)\n"
         "\n"
         "Results go to stdout, progress to stderr. NO_COLOR, CLICOLOR, CLICOLOR_FORCE and CI are honoured.";
}

}  // namespace sluice::cli
