#include "suites/migration/live/live_writes_control.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

namespace sluice::migration {

WriteControl::WriteControl(const std::filesystem::path& ledger, const std::vector<WriteSighting>& sightings,
                           const std::vector<WriteRecord>& standing, const WriteRules& rules, const std::string& run,
                           const std::filesystem::path& folder)
    : ledger_path_(ledger),
      sightings_(sightings),
      standing_(standing),
      rules_(rules),
      run_(run),
      folder_(folder),
      ledger_(load_ledger(ledger)) {}

void WriteControl::plant(const std::string& what, WriteProblemKind kind, const std::string& nonce,
                         const std::filesystem::path& ledger, const std::vector<WriteSighting>& sightings) {
  const auto problems = judge_writes(load_ledger(ledger), sightings, rules_);
  const bool caught = std::any_of(problems.begin(), problems.end(), [&](const WriteProblem& problem) {
    return problem.kind == kind && problem.write.nonce == nonce;
  });
  planted_.push_back(what);
  observed_.push_back(fmt::format("{} {}", rule_of(kind), caught ? "found" : "not found"));
  caught_ = caught_ && caught;
}

// A ledger with one acknowledged write more at its end.
void WriteControl::invent(const std::string& what, WriteProblemKind kind, const std::string& nonce,
                          WriteRecord invented) {
  const std::filesystem::path path = folder_ / "planted.jsonl";
  {
    WriteLedger copy(path);
    for (const auto& write : ledger_) {
      copy.sent(write);
      if (write.answered) copy.answered(write);
    }
    invented.fate = WriteFate::acknowledged;
    copy.sent(invented);
    copy.answered(invented);
  }
  plant(what, kind, nonce, path, sightings_);
}

void WriteControl::bring_back(const std::string& what, const std::string& nonce) {
  const auto write = std::find_if(ledger_.begin(), ledger_.end(),
                                  [&](const WriteRecord& candidate) { return candidate.nonce == nonce; });
  auto altered = sightings_;
  altered.push_back({.nonce = nonce, .cell = write->value});
  plant(what, WriteProblemKind::resurrected, nonce, ledger_path_, altered);
}

void WriteControl::plant_all(std::uint64_t seed) {
  const WriteRecord& chosen = standing_[seed % standing_.size()];
  WriteRecord next = chosen;
  next.number = ledger_.back().number + 1;
  next.nonce = fmt::format("{}n{:07}", run_, next.number);
  WriteRecord invented = next;
  invented.key = next.nonce;
  invent("an acknowledged write invented", WriteProblemKind::lost, next.nonce, invented);
  const auto place = std::find_if(sightings_.begin(), sightings_.end(),
                                  [&](const WriteSighting& sighting) { return sighting.nonce == chosen.nonce; });
  auto altered = sightings_;
  altered.push_back(*place);
  plant("one doubled", WriteProblemKind::duplicated, chosen.nonce, ledger_path_, altered);
  if (rules_.exact_value) {
    altered = sightings_;
    altered[static_cast<std::size_t>(place - sightings_.begin())].cell += "?";
    plant("one value altered", WriteProblemKind::differs, chosen.nonce, ledger_path_, altered);
  }
  // What another of its key superseded, and what was deleted for good; there is none where every write has a key of its
  // own, or where nothing is deleted.
  std::map<std::string, const WriteRecord*> last;
  for (const auto& write : ledger_) {
    if (write.fate == WriteFate::acknowledged) last[write.key] = &write;
  }
  const WriteRecord *superseded = nullptr, *removed = nullptr;
  for (const auto& write : ledger_) {
    if (write.fate != WriteFate::acknowledged || write.is_delete()) continue;
    const WriteRecord& later = *last.at(write.key);
    if (later.is_delete() && later.removes == write.nonce) removed = &write;
    if (!later.is_delete() && later.number != write.number) superseded = &write;
  }
  if (superseded != nullptr) bring_back("one superseded write brought back", superseded->nonce);
  if (removed == nullptr) return;
  bring_back("one deleted write brought back", removed->nonce);
  next.removes = chosen.nonce;
  invent("an acknowledged delete invented", WriteProblemKind::resurrected, chosen.nonce, next);
}

}  // namespace sluice::migration
