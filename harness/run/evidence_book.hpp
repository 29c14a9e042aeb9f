#pragma once
#include <optional>
#include <string>
#include <vector>

#include "harness/core/result.hpp"
#include "harness/plan/plan.hpp"

namespace sluice::run {

/// What earlier runs prove. On external services a phase opens only if the book has evidence for every phase that it
/// needs and that is not judged in the same run.
class EvidenceBook {
 public:
  struct Answer {
    std::optional<Evidence> evidence;
    /// Where there is none: what is missing or different, and what to do; such as "phase data was never run".
    std::string why_not;
  };

  virtual ~EvidenceBook() = default;
  /// Whether `needed` of the plan is known to be GO for these very artifacts. Does not throw.
  virtual Answer look_up(const plan::Plan& plan, const plan::PhaseSpec& needed,
                         const std::vector<Identity>& identities) const = 0;
};

}  // namespace sluice::run
