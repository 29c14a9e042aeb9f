#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "harness/core/result.hpp"

namespace sluice::run {

/// Keeps secrets out of everything that is written: the values of `${secret.NAME}` and passwords in URLs become "***".
class Redactor {
 public:
  /// Values shorter than 4 characters are not replaced inside texts: that would garble everything and hide nothing.
  void add_secret(std::string value);
  std::string operator()(std::string text) const;
  /// Rewrites the logs in a folder that hold a secret: what programs print about themselves.
  void clean_folder(const std::filesystem::path& folder) const;
  /// Every text of the result that services, stores or commands may have had a part in.
  void apply(RunResult& result) const;
  void apply(PhaseResult& phase) const;

 private:
  void clean(std::string& text) const { text = (*this)(std::move(text)); }
  void apply(ActionResult& action) const;
  void apply(CheckResult& check) const;

  std::vector<std::string> secrets_;
};

}  // namespace sluice::run
