#pragma once
#include <string_view>

namespace sluice::reports {

/// assets/page.css, built into the program.
extern const std::string_view page_css;

}  // namespace sluice::reports
