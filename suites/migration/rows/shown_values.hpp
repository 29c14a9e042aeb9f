#pragma once
#include <string>

#include "harness/stores/canonical.hpp"
#include "harness/stores/value.hpp"

namespace sluice::migration {

/// Two values of one cell that differ, as printable text that differs as well.
struct ShownValues {
  std::string old_value;
  std::string new_value;
};

/// As printable_cell() has them. Where that would hide the difference: with the names of their storage classes, in
/// quotes, or, of long values, from shortly before the first byte that differs.
ShownValues show_values(const stores::RawCell& old_cell, const stores::RawCell& new_cell);

/// A value that stands alone: a text that could be taken for NULL, a blob, a number or nothing is in quotes. `type` is
/// what the cell is compared as: a number that came as text is none.
std::string show_value(const stores::RawCell& cell, stores::ComparisonType type, std::size_t limit);

}  // namespace sluice::migration
