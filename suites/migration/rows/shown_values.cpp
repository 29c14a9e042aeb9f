#include "suites/migration/rows/shown_values.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "harness/core/exact_json.hpp"
#include "harness/core/printable.hpp"

namespace sluice::migration {
namespace {

using stores::RawCell;
using Storage = RawCell::Storage;

constexpr std::size_t shown_limit = 400;  // of what is shown of a value, about
constexpr std::size_t shown_lead = 40;    // bytes before the first that differs
constexpr std::size_t shown_window = 160;
constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

bool has_bytes(const RawCell& cell) { return cell.storage == Storage::text || cell.storage == Storage::blob; }

std::string_view without_blanks(std::string_view text) {
  const auto begin = std::min(text.find_first_not_of(' '), text.size());
  return text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

// Nothing, or nothing but blanks.
bool is_blank(const RawCell& cell) { return cell.storage == Storage::text && without_blanks(cell.bytes).empty(); }

std::string in_quotes(const RawCell& cell, std::size_t most) { return "'" + stores::printable_cell(cell, most) + "'"; }

std::string with_storage(const RawCell& cell) {
  switch (cell.storage) {
    case Storage::integer:
      return "integer " + stores::printable_cell(cell);
    case Storage::real:
      return "real " + stores::printable_cell(cell);
    case Storage::text:
      return "text " + in_quotes(cell, shown_limit);
    case Storage::blob:
      return "blob " + stores::printable_cell(cell);
    case Storage::null:
      break;
  }
  return "NULL";
}

std::size_t first_difference(std::string_view left, std::string_view right) {
  const std::size_t common = std::min(left.size(), right.size());
  return static_cast<std::size_t>(
      std::mismatch(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(common), right.begin()).first -
      left.begin());
}

std::size_t shown_size(const RawCell& cell, std::size_t bytes) {
  if (cell.storage == Storage::blob) return 2 * std::min(bytes, cell.bytes.size());
  // Every byte is shown by one at least.
  return printable(cell.bytes.substr(0, std::min(bytes, shown_limit + 1)), unlimited).size();
}

// Back to where a character of UTF-8 begins; of other bytes by no more than one could have.
std::size_t character_start(std::string_view bytes, std::size_t at) {
  for (int i = 0; i < 3 && at > 0 && at < bytes.size() && (static_cast<unsigned char>(bytes[at]) & 0xC0) == 0x80; ++i) {
    --at;
  }
  return at;
}

std::string from_difference(const RawCell& cell, std::size_t difference) {
  const bool text = cell.storage == Storage::text;
  const auto cut = [&](std::size_t at) { return text ? character_start(cell.bytes, at) : at; };
  const std::size_t begin = cut(std::min(difference, cell.bytes.size()) - std::min(shown_lead, difference));
  const std::size_t end = cut(std::min(begin + shown_window, cell.bytes.size()));
  const std::string_view part = cell.bytes.substr(begin, end - begin);
  return fmt::format("{}…{}{}{} ({} bytes, the first that differs is number {})", text ? "" : "x'",
                     text ? printable(part, unlimited) : stores::hexadecimal(part), end < cell.bytes.size() ? "…" : "",
                     text ? "" : "'", cell.bytes.size(), difference + 1);
}

bool is_a_number_to_compare(stores::ComparisonType type) {
  using enum stores::ComparisonType;
  return type == boolean || type == integer || type == decimal || type == float4 || type == float8;
}

}  // namespace

ShownValues show_values(const RawCell& old_cell, const RawCell& new_cell) {
  if (old_cell.storage == new_cell.storage && has_bytes(old_cell)) {
    const std::size_t difference = first_difference(old_cell.bytes, new_cell.bytes);
    const bool cut = std::max(shown_size(old_cell, unlimited), shown_size(new_cell, unlimited)) > shown_limit;
    const bool in_sight = difference < shown_limit && shown_size(old_cell, difference) + shown_lead < shown_limit;
    if (cut && !in_sight) return {from_difference(old_cell, difference), from_difference(new_cell, difference)};
  }
  ShownValues shown{stores::printable_cell(old_cell), stores::printable_cell(new_cell)};
  const bool alike = shown.old_value == shown.new_value && old_cell.storage != new_cell.storage;
  const bool texts = old_cell.storage == Storage::text && new_cell.storage == Storage::text;
  if (alike || (!texts && (is_blank(old_cell) || is_blank(new_cell)))) {
    return {with_storage(old_cell), with_storage(new_cell)};
  }
  // Blanks at an end cannot be seen: where they are the difference, or all there is.
  const bool blanks = texts && (is_blank(old_cell) || is_blank(new_cell) ||
                                without_blanks(old_cell.bytes) == without_blanks(new_cell.bytes));
  if (blanks) return {in_quotes(old_cell, shown_limit), in_quotes(new_cell, shown_limit)};
  return shown;
}

std::string show_value(const RawCell& cell, stores::ComparisonType type, std::size_t most) {
  if (cell.storage != Storage::text) return stores::printable_cell(cell, most);
  const bool number = !is_a_number_to_compare(type) && cell.bytes.size() < 40 && canonical_decimal(cell.bytes);
  const bool misleading = number || is_blank(cell) || cell.bytes.front() == ' ' || cell.bytes.back() == ' ' ||
                          cell.bytes == "NULL" || cell.bytes.starts_with("x'");
  return misleading ? in_quotes(cell, most) : stores::printable_cell(cell, most);
}

}  // namespace sluice::migration
