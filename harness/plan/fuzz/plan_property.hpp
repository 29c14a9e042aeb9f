#pragma once
#include <string>

namespace sluice::plan::fuzz {

/// What must hold for any text that is read as a plan and as an overlay: it loads, or it is refused by a PlanError
/// whose every problem is one printable line with a place inside the text; what loads has names without doubles and
/// phases in an order, and loads to the same values again when these are written out. Returns which of this does not
/// hold, or nothing. Every other exception passes through: it is a defect too.
std::string violation_by_plan(const std::string& text);

}  // namespace sluice::plan::fuzz
