#pragma once
#include <filesystem>
#include <string>

#include "harness/core/clock.hpp"
#include "harness/run/evidence_book.hpp"

namespace sluice::ledger {

/// The ledger as the runner sees it. Each question verifies the ledger before it believes it.
class LedgerBook final : public run::EvidenceBook {
 public:
  /// `path` empty: there is no ledger, and `problem` says why. The clock outlives the book.
  LedgerBook(std::filesystem::path path, std::string problem, const Clock& clock);

  Answer look_up(const plan::Plan& plan, const plan::PhaseSpec& needed,
                 const std::vector<Identity>& identities) const override;

 private:
  std::filesystem::path path_;
  std::string problem_;
  const Clock& clock_;
};

}  // namespace sluice::ledger
