#pragma once
#include <string>
#include <vector>

#include "harness/core/result.hpp"

namespace sluice::run {

/// Whether `waiver` means `finding` of the check: check, rule and every named place match its globs, and a critical
/// finding only where it says so. Its date is not looked at. Info and warnings fail nothing, so they are not meant.
bool accepts(const Waiver& waiver, const std::string& check, const Finding& finding);

/// How far waivers cover a failed check.
struct Cover {
  std::uint64_t errors = 0;               ///< findings of severity error or worse that are listed
  std::uint64_t covered = 0;              ///< of those, how many a waiver in force accepts
  std::uint64_t unlisted = 0;             ///< findings that were counted and not listed: nobody can tell what they are
  std::vector<const Waiver*> by;          ///< the waivers that cover one of them
  std::vector<const Waiver*> lapsed;      ///< those that would, had they not expired
  std::vector<const Finding*> uncovered;  ///< what no waiver in force accepts

  bool whole() const { return errors > 0 && covered == errors && unlisted == 0; }
};

/// The waivers of one phase's policy against its checks. Keeps a reference to `phase`, which must outlive it.
class PhaseWaivers {
 public:
  explicit PhaseWaivers(const PhaseResult& phase);

  /// Of a check with the verdict failed.
  Cover cover(const CheckResult& check) const;
  /// What every waiver did. One whose checks did not run whole is left out unless it hides something: nothing can be
  /// said of it.
  std::vector<WaiverUse> uses() const;

 private:
  bool in_force(const Waiver& waiver) const;
  WaiverUse use_of(const Waiver& waiver) const;
  bool ran(const Waiver& waiver, bool whole) const;

  const PhaseResult& phase_;
  std::string today_;  ///< the day on which the phase started
  bool too_many_ = false;
};

/// The rules that a phase's waivers must keep: each is in force and of use. Only the broken ones.
std::vector<RuleResult> judge_waivers(const PhaseResult& phase, const std::vector<WaiverUse>& uses);

/// The results of a required check, normally one. A report that was written by hand may hold more: all count.
std::vector<const CheckResult*> results_of(const PhaseResult& phase, const RequiredCheck& required);

/// "Ada Lovelace until 2026-12-31 (plan.yaml:40:5)".
std::string to_string(const Waiver& waiver);

}  // namespace sluice::run
