#include "suites/compat/pointer_pattern.hpp"

#include <fmt/core.h>

#include <span>

#include "harness/core/errors.hpp"
#include "harness/core/glob.hpp"

namespace sluice::compat {
namespace {

bool segments_match(std::span<const std::string> pattern, std::span<const std::string> place) {
  while (!pattern.empty()) {
    if (pattern.front() == "**") {
      if (pattern.size() == 1) return true;
      for (std::size_t skipped = 0; skipped <= place.size(); ++skipped) {
        if (segments_match(pattern.subspan(1), place.subspan(skipped))) return true;
      }
      return false;
    }
    if (place.empty() || !glob_matches(pattern.front(), place.front())) return false;
    pattern = pattern.subspan(1);
    place = place.subspan(1);
  }
  return place.empty();
}

bool can_match(std::string_view text) {
  return text.empty() || text.starts_with('/') || text.starts_with("**") || text.starts_with("header:") ||
         text == "status" || text.starts_with("body") || text == "close-code";
}

}  // namespace

std::vector<std::string> pointer_segments(std::string_view pointer) {
  std::vector<std::string> segments;
  while (true) {
    const auto end = pointer.find('/');
    segments.emplace_back(pointer.substr(0, end));
    if (end == std::string_view::npos) return segments;
    pointer.remove_prefix(end + 1);
  }
}

PointerPattern::PointerPattern(std::string text) : text_(std::move(text)), segments_(pointer_segments(text_)) {
  if (!can_match(text_)) {
    throw InputError(
        fmt::format("\"{}\" is not a place of an answer; write a JSON pointer (\"/items/*/id\", \"/**/updated_at\"), "
                    "\"header:NAME\", "
                    "\"status\", \"body\" or \"close-code\"",
                    text_));
  }
}

bool PointerPattern::matches(std::string_view place) const {
  return segments_match(segments_, pointer_segments(place));
}

}  // namespace sluice::compat
