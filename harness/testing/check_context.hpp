#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "harness/core/check.hpp"

namespace sluice::testing {

/// A folder that is empty at construction and gone at destruction.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  /// Writes `text` to a file in the folder and returns its path.
  std::filesystem::path write(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path path_;
};

/// A context for running one check in a test: plan folder, work and output folders all inside `folder`; seed 1.
CheckContext make_context(const TemporaryFolder& folder, const std::string& check = "the-check");

/// prepare, exercise, judge and, after a pass, control; throws what the check throws.
Outcome run_check(Check& check, CheckContext& context);

/// The kind's parameters from JSON text as a plan would hold them, checked and with defaults filled in by the
/// declaration table; throws InputError with all problems. The same code path that plans use.
Parameters make_parameters(const CheckKind& kind, const std::string& json);

}  // namespace sluice::testing
