#pragma once
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice::compat {

/// What breaks the bijection between the old side's ids and the new side's.
struct IdConflict {
  std::string summary;
  std::string expected;  ///< what the new side should have said, or the old ids that were mixed up
};

/// The checked bijection between ids. An old id is known by its values in both passes over the old side, which tells
/// two entities apart even where one pass gave both the same value. One mapping per kind, because short ids (1, 2, 3)
/// repeat between kinds.
class IdMap {
 public:
  /// Notes that the new side's `value` stands where the old side had `first` and `again`; `place` is for messages. A
  /// conflict when that contradicts what was noted before.
  std::optional<IdConflict> add(const std::string& kind, std::string_view first, std::string_view again,
                                std::string_view value, const std::string& place);
  std::size_t size() const;

 private:
  using OldId = std::pair<std::string, std::string>;
  struct NewId {
    std::string value;
    std::string place;
  };
  struct OldSeen {
    OldId id;
    std::string place;
  };
  struct Kind {
    std::map<OldId, NewId> forward;
    std::unordered_map<std::string, OldSeen> backward;
  };
  std::map<std::string, Kind> kinds_;
};

/// Values that a replay itself sent or captured, in step across the three passes: where the old side shows the same one
/// in both passes, the new side must show its counterpart.
class KnownValues {
 public:
  /// Adds one value's three forms. Ignored when one is short enough to appear by accident.
  void add(const std::string& first, const std::string& again, const std::string& candidate);
  /// The counterpart on the new side of a value that both old passes show; nullptr when the two are not one known
  /// value.
  const std::string* counterpart(std::string_view first, std::string_view again) const;
  /// Whether it is any of the new side's known values.
  bool is_candidate(std::string_view value) const;

 private:
  std::map<std::pair<std::string, std::string>, std::string> counterparts_;
  std::map<std::string, std::size_t, std::less<>> candidates_;
};

/// The kind of a short id from where it stands: "item" for /items/3/id, /item_id, /itemId, and for /id of a route that
/// ends in /items. nullopt when the name does not say that it is an id.
std::optional<std::string> id_kind(std::string_view pointer, std::string_view route_path);
/// "item" of "items", "category" of "categories"; lower case.
std::string singular(std::string_view noun);

}  // namespace sluice::compat
