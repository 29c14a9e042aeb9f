#include "harness/plan/signals.hpp"

#include <array>
#include <csignal>
#include <string_view>
#include <utility>

namespace sluice::plan {
namespace {

constexpr std::array<std::pair<std::string_view, int>, 9> known{{{"HUP", SIGHUP},
                                                                 {"INT", SIGINT},
                                                                 {"QUIT", SIGQUIT},
                                                                 {"KILL", SIGKILL},
                                                                 {"USR1", SIGUSR1},
                                                                 {"USR2", SIGUSR2},
                                                                 {"TERM", SIGTERM},
                                                                 {"STOP", SIGSTOP},
                                                                 {"CONT", SIGCONT}}};

}  // namespace

int signal_number(const std::string& name) {
  std::string_view plain = name;
  if (plain.starts_with("SIG")) plain.remove_prefix(3);
  for (const auto& [text, number] : known) {
    if (text == plain) return number;
  }
  return 0;
}

std::vector<std::string> signal_names() {
  std::vector<std::string> names;
  for (const auto& [text, number] : known) names.emplace_back(text);
  return names;
}

}  // namespace sluice::plan
