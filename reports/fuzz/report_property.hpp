#pragma once
#include <string>

namespace sluice::reports::fuzz {

/// What must hold for any text that is read as a report: it is refused by an InputError of one printable line, or it is
/// read; then it is the same after being written and read again, and every format can be made of it: JUnit well-formed,
/// CTRF JSON, nothing in a terminal or a page but text. Returns which of this does not hold, or nothing. Every other
/// exception passes through: it is a defect too.
std::string violation_by_report(const std::string& text);

}  // namespace sluice::reports::fuzz
