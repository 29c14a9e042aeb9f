#pragma once
#include <string>
#include <vector>

namespace sluice::plan {

/// The number of a signal that a plan may send, by its name with or without SIG; 0 for any other text.
int signal_number(const std::string& name);

/// The names that signal_number() knows.
std::vector<std::string> signal_names();

}  // namespace sluice::plan
