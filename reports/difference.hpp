#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::reports {

/// One of two values, split where they begin and cease to differ, so that a page can mark the middle.
struct Split {
  std::size_t skipped_before = 0;  ///< bytes left out in front, equal on both sides
  std::string before;              ///< equal on both sides
  std::string middle;              ///< differs
  std::string after;               ///< equal on both sides
  std::size_t skipped_after = 0;   ///< bytes left out behind
};

/// Splits two values at their common beginning and end, between characters, and keeps about `window` bytes of each
/// around the place where they begin to differ: a change at byte 9,000 of 10,000 is shown, not cut away.
std::pair<Split, Split> split_difference(std::string_view old_value, std::string_view new_value, std::size_t window);

/// The whole of a value that has no counterpart, cut to `window` bytes.
Split whole(std::string_view value, std::size_t window);

/// Two values, either of which may be absent, as excerpts of about `window` bytes around their difference for formats
/// that mark nothing; "… " stands for what was left out.
std::pair<std::optional<std::string>, std::optional<std::string>> excerpts(const std::optional<std::string>& old_value,
                                                                           const std::optional<std::string>& new_value,
                                                                           std::size_t window);

}  // namespace sluice::reports
