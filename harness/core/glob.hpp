#pragma once
#include <string_view>

namespace sluice {

/// Whether `text` matches `pattern`, in which * stands for any run of characters and ? for one. Linear in practice,
/// never exponential.
bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace sluice
