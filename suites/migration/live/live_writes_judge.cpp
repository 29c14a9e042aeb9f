#include "suites/migration/live/live_writes_judge.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace sluice::migration {
namespace {

using Cells = std::map<std::string, std::vector<std::string>>;  // by nonce

class KeyJudge {
 public:
  KeyJudge(const Cells& cells, const WriteRules& rules, std::vector<WriteProblem>& problems)
      : cells_(cells), rules_(rules), problems_(problems) {}

  // The writes of one key, in the order of sending.
  void judge_key(const std::vector<const WriteRecord*>& writes) {
    std::optional<std::size_t> current;
    for (std::size_t i = 0; i < writes.size(); ++i) {
      if (writes[i]->fate == WriteFate::acknowledged) current = i;
    }
    const WriteRecord* standing = nullptr;  // the one that the key is found to hold
    bool may_be_gone = !current;
    for (std::size_t i = current.value_or(0); i < writes.size(); ++i) {
      may_be_gone = may_be_gone || writes[i]->is_delete();
      const auto& seen = seen_of(*writes[i]);
      if (seen.empty()) continue;
      if (seen.size() > 1 || standing != nullptr) add(WriteProblemKind::duplicated, *writes[i]);
      standing = writes[i];
    }
    if (!may_be_gone && standing == nullptr) add(WriteProblemKind::lost, *writes[*current]);
    for (std::size_t i = 0; i < current.value_or(0); ++i) {
      if (!seen_of(*writes[i]).empty()) add(WriteProblemKind::resurrected, *writes[i], *writes[*current]);
    }
    for (const WriteRecord* write : writes) judge_value(*write);
  }

  void add(WriteProblemKind kind, const WriteRecord& write, std::optional<WriteRecord> superseded_by = std::nullopt) {
    problems_.push_back(
        {.kind = kind, .write = write, .superseded_by = std::move(superseded_by), .seen = seen_of(write)});
  }

 private:
  const std::vector<std::string>& seen_of(const WriteRecord& write) const {
    static const std::vector<std::string> none;
    const auto found = cells_.find(write.nonce);
    return found == cells_.end() || write.is_delete() ? none : found->second;
  }

  void judge_value(const WriteRecord& write) {
    if (!rules_.exact_value) return;
    const auto& seen = seen_of(write);
    if (std::any_of(seen.begin(), seen.end(), [&](const std::string& cell) { return cell != write.value; }))
      add(WriteProblemKind::differs, write);
  }

  const Cells& cells_;
  const WriteRules& rules_;
  std::vector<WriteProblem>& problems_;
};

}  // namespace

const char* rule_of(WriteProblemKind kind) {
  switch (kind) {
    case WriteProblemKind::lost:
      return "write-lost";
    case WriteProblemKind::duplicated:
      return "write-duplicated";
    case WriteProblemKind::resurrected:
      return "write-resurrected";
    case WriteProblemKind::differs:
      return "value-differs";
    case WriteProblemKind::unknown:
      return "write-unknown";
  }
  return "";
}

std::vector<WriteProblem> judge_writes(const std::vector<WriteRecord>& ledger,
                                       const std::vector<WriteSighting>& sightings, const WriteRules& rules) {
  Cells cells;
  for (const auto& sighting : sightings) cells[sighting.nonce].push_back(sighting.cell);
  std::map<std::string, std::vector<const WriteRecord*>> keys;
  Cells foreign = cells;
  for (const auto& write : ledger) {
    // A refused write sets nothing, so it neither supersedes nor may come in another's place; on its own it may be
    // there once, as a service may store and then fail to say so.
    keys[write.fate == WriteFate::refused ? "refused " + write.nonce : "key " + write.key].push_back(&write);
    if (!write.is_delete()) foreign.erase(write.nonce);  // a delete's own nonce is never sent
  }
  std::vector<WriteProblem> problems;
  KeyJudge judge(cells, rules, problems);
  for (auto& [key, writes] : keys) {
    std::stable_sort(writes.begin(), writes.end(),
                     [](const WriteRecord* a, const WriteRecord* b) { return a->number < b->number; });
    judge.judge_key(writes);
  }
  for (const auto& [nonce, seen] : foreign) {
    WriteRecord record;
    record.nonce = nonce;
    judge.add(WriteProblemKind::unknown, record);
  }
  std::stable_sort(problems.begin(), problems.end(),
                   [](const WriteProblem& a, const WriteProblem& b) { return a.write.number < b.write.number; });
  return problems;
}

}  // namespace sluice::migration
