#pragma once
#include <string>
#include <vector>

#include "harness/core/action_timeline.hpp"
#include "harness/core/parameter_problems.hpp"
#include "harness/core/parameters.hpp"

namespace sluice::migration {

/// Where the client's writes go.
enum class WriteTarget { old_side, both, new_side, none };

/// Which endpoint from when: the entries of `route:`, of which the last that holds counts.
class WriteRoute {
 public:
  /// Throws InputError when the first entry has a condition, another has none or two, or when one names an action that
  /// is not among those `planned`.
  WriteRoute(const Parameters& parameters, const std::vector<std::string>& planned);

  /// The target once these actions have begun and ended.
  WriteTarget now(const std::vector<std::string>& begun, const std::vector<std::string>& ended) const;
  /// Whether any entry sends writes to this side.
  bool uses(const std::string& side) const;

  static ParameterSpec parameter();
  /// Says which entries have a condition too few or too many.
  static void examine(const Parameters& parameters, ParameterProblems& problems);

 private:
  struct Entry {
    WriteTarget target = WriteTarget::old_side;
    std::string from;   ///< once this action begins
    std::string after;  ///< once it has ended
  };
  std::vector<Entry> entries_;
};

/// "old", "both", "new", "none".
std::string to_string(WriteTarget target);

}  // namespace sluice::migration
