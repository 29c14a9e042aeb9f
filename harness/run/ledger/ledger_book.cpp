#include "harness/run/ledger/ledger_book.hpp"

#include <fmt/format.h>

#include <utility>

#include "harness/run/ledger/history.hpp"
#include "harness/run/ledger/standing.hpp"

namespace sluice::ledger {

LedgerBook::LedgerBook(std::filesystem::path path, std::string problem, const Clock& clock)
    : path_(std::move(path)), problem_(std::move(problem)), clock_(clock) {}

run::EvidenceBook::Answer LedgerBook::look_up(const plan::Plan& plan, const plan::PhaseSpec& needed,
                                              const std::vector<Identity>& identities) const {
  const auto refuse = [](std::string why) { return Answer{.evidence = std::nullopt, .why_not = std::move(why)}; };
  if (path_.empty()) return refuse(fmt::format("of phase {} there is no evidence: {}", needed.name, problem_));
  try {
    if (!std::filesystem::exists(path_)) {
      return refuse(fmt::format("phase {} was never run: there is no ledger {}; run --phase {} first", needed.name,
                                path_.string(), needed.name));
    }
    const History history = read_recent(path_, plan.name, {needed.name}, Sought::judgement);
    if (!history.verification.holds()) {
      return refuse(fmt::format("the ledger {} cannot be believed: {}; `sluice status --verify` says more",
                                path_.string(), history.verification.problem));
    }
    const Standing standing = standing_of(history, plan, needed, identities, clock_.today());
    if (standing.state == Standing::State::go) return {.evidence = standing.evidence(), .why_not = {}};
    const bool never = standing.state == Standing::State::never_run;
    return refuse(never ? fmt::format("phase {} was never run on this plan by the ledger {}; run --phase {} first",
                                      needed.name, path_.string(), needed.name)
                        : fmt::format("{}; run --phase {} again", standing.why, needed.name));
  } catch (const std::exception& error) {
    return refuse(fmt::format("of phase {} there is no evidence: {}", needed.name, error.what()));
  }
}

}  // namespace sluice::ledger
