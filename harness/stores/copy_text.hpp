#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "harness/stores/value.hpp"

namespace sluice::stores {

/// Splits one line of PostgreSQL's COPY text format (without its newline) into `columns.size()` cells, which point into
/// `line`: escapes are undone in place, as no escape is shorter than what it stands for. columns[i] says whether the
/// i-th holds bytea, whose hexadecimal text becomes a blob. False when the line does not have exactly that many fields
/// or a field is malformed.
bool split_copy_line(std::span<char> line, const std::vector<bool>& columns, RawRow& row);

}  // namespace sluice::stores
