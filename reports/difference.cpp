#include "reports/difference.hpp"

#include <algorithm>

namespace sluice::reports {
namespace {

bool continues_character(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

std::size_t back_to_character(std::string_view text, std::size_t at) {
  while (at > 0 && continues_character(text, at)) --at;
  return at;
}

std::size_t on_to_character(std::string_view text, std::size_t at) {
  while (at < text.size() && continues_character(text, at)) ++at;
  return at;
}

std::size_t common_prefix(std::string_view left, std::string_view right) {
  const auto [end, unused] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  // Both share the bytes before, so a cut between characters of one is a cut between characters of the other.
  return std::min(back_to_character(left, static_cast<std::size_t>(end - left.begin())),
                  back_to_character(right, static_cast<std::size_t>(end - left.begin())));
}

std::size_t common_suffix(std::string_view left, std::string_view right) {
  const auto [end, unused] = std::mismatch(left.rbegin(), left.rend(), right.rbegin(), right.rend());
  const auto length = static_cast<std::size_t>(end - left.rbegin());
  return left.size() - on_to_character(left, left.size() - length);
}

Split window_of(std::string_view value, std::size_t prefix, std::size_t suffix, std::size_t window) {
  const std::size_t context = window / 4;
  const std::size_t begin = prefix <= window ? 0 : back_to_character(value, prefix - context);
  const std::size_t end =
      value.size() - begin <= window ? value.size() : back_to_character(value, std::max(begin + window, prefix));
  const std::size_t middle_end = std::min(value.size() - suffix, end);
  return {.skipped_before = begin,
          .before = std::string(value.substr(begin, prefix - begin)),
          .middle = std::string(value.substr(prefix, middle_end - prefix)),
          .after = std::string(value.substr(middle_end, end - middle_end)),
          .skipped_after = value.size() - end};
}

std::string excerpt(const Split& split) {
  std::string text = split.skipped_before == 0 ? "" : "… ";
  text += split.before + split.middle + split.after;
  return split.skipped_after == 0 ? text : text + " …";
}

}  // namespace

std::pair<Split, Split> split_difference(std::string_view old_value, std::string_view new_value, std::size_t window) {
  const std::size_t prefix = common_prefix(old_value, new_value);
  const std::size_t suffix = common_suffix(old_value.substr(prefix), new_value.substr(prefix));
  return {window_of(old_value, prefix, suffix, window), window_of(new_value, prefix, suffix, window)};
}

Split whole(std::string_view value, std::size_t window) {
  const std::size_t end = value.size() <= window ? value.size() : back_to_character(value, window);
  return {.before = std::string(value.substr(0, end)), .skipped_after = value.size() - end};
}

std::pair<std::optional<std::string>, std::optional<std::string>> excerpts(const std::optional<std::string>& old_value,
                                                                           const std::optional<std::string>& new_value,
                                                                           std::size_t window) {
  if (old_value && new_value) {
    const auto [old_split, new_split] = split_difference(*old_value, *new_value, window);
    return {excerpt(old_split), excerpt(new_split)};
  }
  const auto alone = [&](const std::optional<std::string>& value) {
    return value ? std::optional(excerpt(whole(*value, window))) : std::nullopt;
  };
  return {alone(old_value), alone(new_value)};
}

}  // namespace sluice::reports
