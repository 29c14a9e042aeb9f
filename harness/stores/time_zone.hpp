#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::stores {

/// A time zone: a fixed offset or the system's table (RFC 8536) of a named one. Immutable, safe to share.
class TimeZone {
 public:
  /// "UTC", "Z", "+02:00", "-0330", or a name such as "Europe/Berlin". Throws InputError that says what can be written.
  static std::shared_ptr<const TimeZone> load(const std::string& name);

  /// Seconds since 1970 UTC for seconds since 1970 on a wall clock of this zone. nullopt where that time did not exist,
  /// existed twice, or lies beyond a table whose rule for later years is not understood: there is no one answer then.
  std::optional<std::int64_t> to_utc(std::int64_t local_seconds) const;

 private:
  struct Transition {
    std::int64_t at = 0;      ///< seconds UTC
    std::int64_t offset = 0;  ///< seconds east of UTC from then on
  };
  void read_table(std::string_view file);
  void follow_rule(std::string_view rule);

  std::int64_t first_offset_ = 0;
  std::vector<Transition> transitions_;
  bool open_ended_ = true;  ///< the last offset holds for ever
  bool repeats_ = false;    ///< the last 400 years of the transitions come again and again
};

/// "+02", "+02:00", "-0330", "+01:02:03" as seconds east of UTC; nullopt for anything else.
std::optional<std::int64_t> parse_offset(std::string_view text);

}  // namespace sluice::stores
