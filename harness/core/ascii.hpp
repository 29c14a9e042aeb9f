#pragma once
#include <algorithm>
#include <string>

namespace sluice {

/// `text` with the letters A to Z in lower case and everything else as it is.
inline std::string ascii_lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return text;
}

}  // namespace sluice
