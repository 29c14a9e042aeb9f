#pragma once
#include <string>
#include <utility>
#include <vector>

#include "harness/core/errors.hpp"

namespace sluice {

/// What is wrong with a parameter, and which it is.
struct ParameterProblem {
  /// From the check downwards: names of fields and of map entries, numbers of list items from 0, such as
  /// {"tables", "users", "zone"}. Empty for the check itself.
  std::vector<std::string> path;
  std::string message;
};

/// Collects what is wrong with a check's parameters, so that all is reported at once.
class ParameterProblems {
 public:
  void add(std::vector<std::string> path, std::string message) {
    all_.push_back({std::move(path), std::move(message)});
  }
  /// Calls `read`; what it refuses by an InputError is wrong there.
  template <typename Read>
  void guard(std::vector<std::string> path, Read&& read) {
    try {
      read();
    } catch (const InputError& error) {
      add(std::move(path), error.what());
    }
  }
  const std::vector<ParameterProblem>& all() const { return all_; }
  /// Throws InputError with all of them, if there are any: "tables, users, zone: …; …".
  void refuse() const;

 private:
  std::vector<ParameterProblem> all_;
};

}  // namespace sluice
