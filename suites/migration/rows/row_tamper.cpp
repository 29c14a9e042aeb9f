#include "suites/migration/rows/row_tamper.hpp"

#include <utility>

namespace sluice::migration {
namespace {

using stores::ComparisonType;
using stores::OwnedCell;
using stores::RawCell;

std::string encoding(const RawCell& cell, const stores::ColumnRule& rule) {
  std::string out;
  stores::append_canonical(cell, rule, out);
  return out;
}

// Two valid values of every type, so that at least one differs from whatever is there.
std::vector<OwnedCell> samples(ComparisonType type) {
  const auto texts = [](std::string_view first, std::string_view second) {
    return std::vector<OwnedCell>{OwnedCell(RawCell::of_text(first)), OwnedCell(RawCell::of_text(second))};
  };
  switch (type) {
    case ComparisonType::boolean:
    case ComparisonType::integer:
    case ComparisonType::decimal:
    case ComparisonType::float4:
    case ComparisonType::float8:
      return texts("1", "0");
    case ComparisonType::timestamp:
      return texts("2001-02-03 04:05:06Z", "2001-02-03 04:05:07Z");
    case ComparisonType::date:
      return texts("2001-02-03", "2001-02-04");
    case ComparisonType::time:
      return texts("01:02:03", "01:02:04");
    case ComparisonType::uuid:
      return texts("00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002");
    case ComparisonType::json:
      return texts("{\"planted\":1}", "{\"planted\":2}");
    case ComparisonType::bytes:
      return {OwnedCell(RawCell::of_blob("planted")), OwnedCell(RawCell::of_blob("also planted"))};
    case ComparisonType::exact:
    case ComparisonType::text:
    case ComparisonType::character:
      break;
  }
  return texts("planted", "also planted");
}

// The smallest alterations first: the last digit, then one more character.
std::vector<OwnedCell> small_alterations(const RawCell& cell) {
  std::vector<OwnedCell> candidates;
  if (cell.storage == RawCell::Storage::integer) {
    candidates.emplace_back(RawCell::of_integer(cell.integer == 0 ? 1 : cell.integer - (cell.integer > 0 ? 1 : -1)));
  } else if (cell.storage == RawCell::Storage::real) {
    candidates.emplace_back(RawCell::of_real(cell.real + 1));
  } else if (!cell.is_null()) {
    OwnedCell digit(cell);
    const auto at = digit.bytes.find_last_of("0123456789");
    if (at != std::string::npos) {
      digit.bytes[at] = digit.bytes[at] == '9' ? '8' : static_cast<char>(digit.bytes[at] + 1);
      candidates.push_back(std::move(digit));
    }
    OwnedCell longer(cell);
    longer.bytes += '~';
    candidates.push_back(std::move(longer));
  }
  return candidates;
}

}  // namespace

OwnedCell altered(const RawCell& cell, const stores::ColumnRule& rule, const Tolerance* tolerance) {
  const std::string before = encoding(cell, rule);
  std::vector<OwnedCell> candidates = small_alterations(cell);
  for (auto& sample : samples(rule.type)) candidates.push_back(std::move(sample));
  for (auto& candidate : candidates) {
    const std::string after = encoding(candidate.view(), rule);
    if (after == before || stores::is_raw_encoding(after)) continue;
    if (tolerance == nullptr || !tolerance->allows(cell, rule, candidate.view(), rule)) return std::move(candidate);
  }
  return cell.is_null() ? OwnedCell(RawCell::of_text("planted")) : OwnedCell();
}

stores::OwnedRow invented_row(const std::vector<stores::ColumnRule>& rules) {
  stores::OwnedRow row;
  for (const auto& rule : rules) row.push_back(samples(rule.type).front());
  return row;
}

TamperingCursor::TamperingCursor(stores::RowCursor& inner, std::vector<stores::ColumnRule> rules, Tampering tampering)
    : inner_(inner), rules_(std::move(rules)), tampering_(tampering) {}

bool TamperingCursor::next(stores::RawRow& row) {
  if (!inner_.next(row)) {
    if (tampering_.kind != Tampering::Kind::add_row || planted_) return false;
    planted_ = true;
    added_ = invented_row(rules_);
    row.clear();
    for (const auto& cell : added_) row.push_back(cell.view());
    return true;
  }
  const bool here = position_++ == tampering_.row;
  if (!here || tampering_.kind == Tampering::Kind::add_row) return true;
  planted_ = true;
  original_ = stores::own(row, row.size());
  if (tampering_.kind == Tampering::Kind::drop_row) return inner_.next(row);
  cell_ = altered(row[tampering_.column], rules_[tampering_.column], tampering_.tolerance.get());
  row[tampering_.column] = cell_.view();
  return true;
}

}  // namespace sluice::migration
