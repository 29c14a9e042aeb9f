#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::migration {

/// A time as a status table holds it.
struct StepTime {
  std::string written;  ///< as the store wrote it, printable, and the zone it was read in where it names none
  std::optional<std::int64_t> microseconds;  ///< since 1970 UTC; nullopt when it cannot be read as a time
  bool is_none = false;  ///< how programs write "not yet" without a NULL: 0 seconds since 1970, -infinity, infinity
};

/// One row of a status table.
struct Step {
  std::string name;                   ///< its key: "component=cleanup"
  std::optional<std::string> status;  ///< printable; nullopt for NULL
  bool completed = false;             ///< the status is one of the completed ones, or there is no status column
  bool failed = false;                ///< the status is one that ends without success
  std::optional<std::string> error;   ///< printable; nullopt for NULL and for blank text
  std::optional<StepTime> started, finished;
};

/// What the columns of the table allow to ask, and of when.
struct StepRules {
  bool has_started = false, has_finished = false;
  std::vector<std::string> expected;       ///< names of steps that must be there
  std::int64_t now = 0;                    ///< microseconds since 1970
  std::int64_t tolerance = 0;              ///< microseconds by which clocks may differ
  std::optional<std::int64_t> not_before;  ///< no step may have started earlier
};

struct StepProblem {
  std::string rule;  ///< "step-not-completed", "step-failed", "error-recorded", …
  std::string step;
  std::string summary;
  std::string observed;  ///< the value that is wrong
};

/// What is wrong with the steps; empty when all of them ended well.
std::vector<StepProblem> judge_steps(const std::vector<Step>& steps, const StepRules& rules);

/// Whether waiting longer may still help: a step is missing or not completed, and none has failed.
bool may_still_complete(const std::vector<Step>& steps, const StepRules& rules);

}  // namespace sluice::migration
