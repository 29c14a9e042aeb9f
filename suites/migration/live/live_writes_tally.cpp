#include "suites/migration/live/live_writes_tally.hpp"

#include <algorithm>
#include <map>

namespace sluice::migration {

using Actions = std::vector<ActionTimeline::Span>;
using Time = std::chrono::steady_clock::time_point;

WriteTally tally_writes(const std::vector<WriteRecord>& ledger, Time begun, const Actions& actions) {
  WriteTally seen;
  // Of each key the number of the last acknowledged write, and when the first was.
  std::map<std::string, std::uint64_t> last;
  std::map<std::string, Time> known_since;
  for (const auto& write : ledger) {
    if (write.fate != WriteFate::acknowledged) continue;
    last[write.key] = write.number;
    known_since.try_emplace(write.key, begun + write.answered.value_or(write.sent));
  }
  for (const auto& write : ledger) {
    ++(write.fate == WriteFate::acknowledged ? seen.acknowledged
       : write.fate == WriteFate::refused    ? seen.refused
                                             : seen.unknown);
    if (write.fate != WriteFate::acknowledged) {
      if (!seen.first_failed) seen.first_failed = write;
      continue;
    }
    const auto sent = begun + write.sent, answered = begun + write.answered.value_or(write.sent);
    const auto overlaps = [&](const ActionTimeline::Span& action) {
      return answered >= action.begun && action.ended && sent <= *action.ended;
    };
    const auto takes_from = [&](const ActionTimeline::Span& action) {
      return overlaps(action) && known_since.at(write.key) <= action.begun;
    };
    seen.overlapping += std::any_of(actions.begin(), actions.end(), overlaps);
    if (!write.is_delete() || last.at(write.key) != write.number) continue;
    ++seen.deletes;
    seen.deletes_overlapping += std::any_of(actions.begin(), actions.end(), takes_from);
  }
  return seen;
}

std::optional<std::string> action_without_writers(const std::vector<WriteRecord>& ledger, std::size_t most, Time begun,
                                                  const Actions& actions, const WriteRoute& route) {
  if (ledger.empty() || ledger.back().number < most) return std::nullopt;
  const Time sent_last = begun + ledger.back().sent;
  std::vector<std::string> begun_actions, ended_actions;
  for (const auto& action : actions) {
    begun_actions.push_back(action.action);
    const bool went_on = !action.ended || *action.ended > sent_last;
    if (went_on && route.now(begun_actions, ended_actions) != WriteTarget::none) return action.action;
    ended_actions.push_back(action.action);
  }
  return std::nullopt;
}

}  // namespace sluice::migration
