#include "suites/compat/id_map.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "harness/core/printable.hpp"
#include "suites/compat/ascii.hpp"
#include "suites/compat/pointer_pattern.hpp"

namespace sluice::compat {
namespace {

constexpr std::size_t shortest_known_value = 12;

bool is_index(std::string_view segment) {
  return segment.empty() || segment.find_first_not_of("0123456789*") == std::string_view::npos;
}

std::string shown(const std::pair<std::string, std::string>& id) {
  return id.first == id.second ? printable(id.first, 80)
                               : fmt::format("{} (again: {})", printable(id.first, 80), printable(id.second, 80));
}

/// The last segment that names a collection: not an index, a parameter, or a number.
std::string last_name(const std::vector<std::string>& segments) {
  for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment) {
    if (!is_index(*segment) && segment->find('{') == std::string::npos) return singular(*segment);
  }
  return "";
}

}  // namespace

std::string singular(std::string_view noun) {
  std::string word = lower_case(noun);
  if (word.ends_with("ies") && word.size() > 4) return word.substr(0, word.size() - 3) + "y";
  if (word.ends_with('s') && !word.ends_with("ss") && word.size() > 2) word.pop_back();
  return word;
}

std::optional<std::string> id_kind(std::string_view pointer, std::string_view route_path) {
  auto segments = pointer_segments(pointer);
  while (!segments.empty() && is_index(segments.back())) segments.pop_back();
  if (segments.empty()) return std::nullopt;
  const std::string name = segments.back();
  segments.pop_back();
  const std::string lowered = lower_case(name);
  for (const std::string_view whole : {"id", "ids", "uuid", "guid", "_id"}) {
    if (lowered != whole) continue;
    const std::string container = last_name(segments);
    if (!container.empty()) return container;
    return last_name(pointer_segments(route_path.substr(0, route_path.find('?'))));
  }
  for (const std::string_view end : {"_id", "_ids", "_uuid", "_guid", "-id"}) {
    if (lowered.ends_with(end) && lowered.size() > end.size())
      return singular(lowered.substr(0, lowered.size() - end.size()));
  }
  for (const std::string_view end : {"Id", "ID", "Ids", "Uuid", "UUID"}) {
    if (name.ends_with(end) && name.size() > end.size()) return singular(name.substr(0, name.size() - end.size()));
  }
  return std::nullopt;
}

std::optional<IdConflict> IdMap::add(const std::string& kind, std::string_view first, std::string_view again,
                                     std::string_view value, const std::string& place) {
  Kind& known = kinds_[kind];
  const OldId old{std::string(first), std::string(again)};
  const auto [forward, new_old] = known.forward.try_emplace(old, NewId{std::string(value), place});
  if (!new_old && forward->second.value != value) {
    return IdConflict{
        fmt::format("the old side's id {} is {} here and {} at {}: the reference points to another entity", shown(old),
                    printable(value, 80), printable(forward->second.value, 80), forward->second.place),
        forward->second.value};
  }
  const auto [backward, new_value] = known.backward.try_emplace(std::string(value), OldSeen{old, place});
  if (!new_value && backward->second.id != old) {
    return IdConflict{fmt::format("the new side's id {} stands for two of the old side: {} here and {} at {}",
                                  printable(value, 80), shown(old), shown(backward->second.id), backward->second.place),
                      old.first};
  }
  return std::nullopt;
}

std::size_t IdMap::size() const {
  std::size_t count = 0;
  for (const auto& [name, kind] : kinds_) count += kind.forward.size();
  return count;
}

void KnownValues::add(const std::string& first, const std::string& again, const std::string& candidate) {
  if (std::min({first.size(), again.size(), candidate.size()}) < shortest_known_value) return;
  counterparts_[{first, again}] = candidate;
  ++candidates_[candidate];
}

const std::string* KnownValues::counterpart(std::string_view first, std::string_view again) const {
  const auto found = counterparts_.find({std::string(first), std::string(again)});
  return found == counterparts_.end() ? nullptr : &found->second;
}

bool KnownValues::is_candidate(std::string_view value) const { return candidates_.find(value) != candidates_.end(); }

}  // namespace sluice::compat
