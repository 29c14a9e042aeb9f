#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "harness/stores/value.hpp"

namespace sluice::stores {

/// Eight bytes that sort like the number.
void append_ordered(std::int64_t value, std::string& out);
/// Eight bytes that sort like the number: -0 becomes 0 (SQLite cannot keep it), every NaN the same one, after infinity.
void append_ordered(double value, std::string& out);

/// Appends the value as a 64-bit integer; false, with nothing appended, when the cell is not exactly one. A text must
/// be written plainly: "7", "-7", but not "007" or "+7", which would lose something as an integer.
bool append_integer(const RawCell& cell, std::string& out);

/// Appends the value as an exact decimal and returns how many significant digits it has; nullopt, with nothing
/// appended, when the cell is not a number. Doubles are read as the shortest decimal that prints back the same double.
std::optional<std::size_t> append_decimal(const RawCell& cell, std::string& out);

/// The number written plainly, without an exponent or zeros that mean nothing, when it has at most 15 significant
/// digits: so many survive a double. `text` gives the room. Nullopt for what is not so easily a number.
std::optional<std::string_view> usual_decimal(const RawCell& cell, std::array<char, 40>& text);

/// Appends the value as a double, rounded to 32 bits first when `single`; false when it is not a number or, for
/// integers, not exactly a double.
bool append_float(const RawCell& cell, bool single, std::string& out);

}  // namespace sluice::stores
