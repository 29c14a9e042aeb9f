#include "suites/migration/testing/random_table.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>

namespace sluice::migration {
namespace {

using stores::Engine;

stores::ComparisonType declared_type(const std::string& declared, Engine engine) {
  if (engine == Engine::sqlite) return stores::sqlite_type(declared);
  const std::string base = declared.substr(0, declared.find('('));
  return stores::postgres_type(base == "char" ? "bpchar" : base);
}

template <typename Item>
void shuffle(std::vector<Item>& items, RandomValues& random) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.below(i)]);
}

}  // namespace

RandomTable::RandomTable(std::uint64_t seed, std::uint64_t number, std::array<Engine, 2> engines, TableShape shape)
    : random_(seed * 1'000'003 + number),
      number_(number),
      name_(fmt::format("o{}", number)),
      engines_(engines),
      shape_(shape) {
  make_columns();
  make_rows();
}

void RandomTable::make_columns() {
  key_ = shape_ == TableShape::keyless ? 0 : 1 + (random_.once_in(3) ? 1 + random_.below(2) : 0);
  key_declared_ = !random_.once_in(8);
  const std::size_t count = key_ + 1 + random_.below(7);
  for (std::size_t i = 0; i < count; ++i) {
    RandomColumn column{.kind = static_cast<ValueKind>(random_.below(value_kinds)), .nullable = i >= key_};
    while (i < key_ && !can_be_key(column.kind)) column.kind = static_cast<ValueKind>(random_.below(value_kinds));
    if (shape_ == TableShape::keyless && i == 0) column.kind = ValueKind::integer;  // names the row in a finding
    column.names = {fmt::format("c{}", i), fmt::format("{}{}", random_.once_in(4) ? "renamed" : "c", i)};
    for (std::size_t side = 0; side < 2; ++side) {
      column.declared[side] = random_.declared(column.kind, engines_[side], i < key_);
    }
    if (i >= key_ && random_.once_in(4)) column.nullable = false;
    if (i >= key_ && shape_ == TableShape::tolerant) column.tolerance = RandomTolerance::of(column.kind, random_);
    columns_.push_back(column);
  }
}

void RandomTable::make_rows() {
  const std::uint64_t rows = random_.once_in(10) ? random_.below(120) : 1 + random_.below(16);
  for (std::uint64_t i = 0; i < rows; ++i) {
    const bool copy = shape_ == TableShape::keyless && !rows_[0].empty() && random_.once_in(3);
    Row row = copy ? rows_[0][random_.below(rows_[0].size())] : make_row();
    if (!has_key(rows_[0], row)) rows_[0].push_back(std::move(row));
  }
  rows_[1] = rows_[0];
  for (auto& row : rows_[1]) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      auto& cell = row.cells[i];
      if (columns_[i].tolerance && random_.once_in(2)) cell = columns_[i].tolerance->within(cell, random_);
    }
  }
}

RandomTable::Row RandomTable::make_row() {
  Row row;
  for (const auto& column : columns_) {
    row.cells.push_back(column.nullable && random_.once_in(6) ? std::nullopt : random_.value(column.kind));
  }
  return row;
}

bool RandomTable::has_key(const std::vector<Row>& rows, const Row& row) const {
  if (key_ == 0) return false;
  return std::any_of(rows.begin(), rows.end(), [&](const Row& other) { return other.has_key_of(row, key_); });
}

bool RandomTable::equal(std::size_t column, const Value& left, const Value& right) const {
  const auto& tolerance = columns_[column].tolerance;
  return left == right || (tolerance && tolerance->allows(left, right));
}

RandomTable::Row* RandomTable::any_row() {
  return rows_[1].empty() ? nullptr : &rows_[1][random_.below(rows_[1].size())];
}

void RandomTable::alter_cell(Row& row) {
  const std::size_t column = key_ + random_.below(columns_.size() - key_);
  row.cells[column] = random_.other(columns_[column].kind, row.cells[column], columns_[column].nullable);
}

// By the least that is no longer allowed.
void RandomTable::leave_tolerance(Row& row) {
  for (std::size_t i = key_; i < columns_.size(); ++i) {
    if (!columns_[i].tolerance || random_.once_in(2)) continue;
    const Row& before =
        *std::find_if(rows_[0].begin(), rows_[0].end(), [&](const Row& other) { return other.has_key_of(row, key_); });
    row.cells[i] = columns_[i].tolerance->beyond(before.cells[i]);
  }
}

// Counts, sums and the values of every column stay what they were.
void RandomTable::swap_values(Row& left, Row& right) {
  const std::size_t column = key_ + random_.below(columns_.size() - key_);
  std::swap(left.cells[column], right.cells[column]);
}

// Two rows with one value get another value, both the same: what cancels in an exclusive or.
void RandomTable::replace_duplicates() {
  const std::size_t column = key_ + random_.below(columns_.size() - key_);
  Row& left = *any_row();
  const Value before = left.cells[column];
  const Value after = random_.other(columns_[column].kind, before, columns_[column].nullable);
  left.cells[column] = after;
  for (auto& row : rows_[1]) {
    if (row.cells[column] != before) continue;
    row.cells[column] = after;
    return;
  }
}

// All copies of a row become copies of another.
void RandomTable::replace_copies(const Row& row, const Row& by) {
  const std::vector<Value> from = row.cells, to = by.cells;
  for (auto& candidate : rows_[1]) {
    if (candidate.cells == from) candidate.cells = to;
  }
}

void RandomTable::change_key(Row& row) {
  Row changed = row;
  const std::size_t column = random_.below(key_);
  changed.cells[column] = random_.other(columns_[column].kind, row.cells[column], false);
  if (!has_key(rows_[1], changed)) row = std::move(changed);
}

// ('x|y', 'z') becomes ('x', 'y|z').
void RandomTable::move_separator(Row& row) {
  std::vector<std::size_t> texts;
  for (std::size_t i = key_; i < columns_.size(); ++i) {
    if (columns_[i].kind == ValueKind::text && row.cells[i]) texts.push_back(i);
  }
  if (texts.size() < 2) return alter_cell(row);
  std::string& left = *row.cells[texts[0]];
  std::string& right = *row.cells[texts[1]];
  const auto at = left.find('|');
  right = (at == std::string::npos ? left : left.substr(at + 1)) + "|" + right;
  left = at == std::string::npos ? "" : left.substr(0, at);
}

void RandomTable::violate() {
  Row* const row = any_row();
  if (row == nullptr) {
    rows_[1].push_back(make_row());
    return;
  }
  switch (random_.below(shape_ == TableShape::keyed ? 9 : 12)) {
    case 0:
      rows_[1].erase(rows_[1].begin() + (row - rows_[1].data()));
      return;
    case 1: {
      Row extra = make_row();
      if (!has_key(rows_[1], extra)) rows_[1].push_back(std::move(extra));
      return;
    }
    case 2:
      return swap_values(*row, *any_row());
    case 3:
      return replace_duplicates();
    case 4:
      return key_ > 0 ? change_key(*row) : replace_copies(*row, *any_row());
    case 5:
      return move_separator(*row);
    case 9:
    case 10:
    case 11:
      if (key_ == 0) return replace_copies(*row, *any_row());
      if (has_key(rows_[0], *row)) return leave_tolerance(*row);
      return;
    default:
      return alter_cell(*row);
  }
}

void RandomTable::corrupt() {
  const auto tells = [](const std::string& line) { return !line.starts_with("tolerated"); };
  do {
    for (std::uint64_t i = 1 + random_.below(3); i > 0; --i) violate();
    const auto lines = expected();
    if (std::any_of(lines.begin(), lines.end(), tells)) return;
  } while (true);
}

std::string RandomTable::sql(std::size_t side) {
  std::vector<std::size_t> order(columns_.size());
  std::iota(order.begin(), order.end(), 0);
  if (side == 1) shuffle(order, random_);
  std::vector<std::string> parts, key, names, lines;
  for (const std::size_t i : order) {
    parts.push_back(columns_[i].names[side] + " " + columns_[i].declared[side] +
                    (columns_[i].nullable ? "" : " NOT NULL"));
    names.push_back(columns_[i].names[side]);
  }
  for (std::size_t i = 0; i < key_; ++i) key.push_back(columns_[i].names[side]);
  if (has_surrogate()) {
    parts.emplace_back(engines_[side] == Engine::sqlite ? "surrogate INTEGER PRIMARY KEY"
                                                        : "surrogate int GENERATED ALWAYS AS IDENTITY PRIMARY KEY");
  }
  if (key_declared_ && key_ > 0) parts.push_back(fmt::format("PRIMARY KEY ({})", fmt::join(key, ", ")));
  const std::string table = fmt::format("{}{}", side == 0 ? 'o' : 'n', number_);
  std::string all = fmt::format("CREATE TABLE {} ({});\n", table, fmt::join(parts, ", "));
  for (auto& row : rows_[side]) {
    std::vector<std::string> cells(columns_.size());
    row.shown_key.clear();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const auto& column = columns_[i];
      const Written written = random_.write(row.cells[i], column.kind, engines_[side], column.declared[side]);
      cells[i] = written.literal;
      if (i < key_) row.shown_key += fmt::format("{}{}={}", i == 0 ? "" : ", ", column.names[0], written.shown);
    }
    std::vector<std::string> ordered;
    for (const std::size_t i : order) ordered.push_back(cells[i]);
    lines.push_back(fmt::format("({})", fmt::join(ordered, ", ")));
  }
  shuffle(lines, random_);
  if (!lines.empty()) {
    all += fmt::format("INSERT INTO {} ({}) VALUES {};\n", table, fmt::join(names, ", "), fmt::join(lines, ", "));
  }
  return all;
}

void RandomTable::map(nlohmann::json& parameters) {
  nlohmann::json& mapping = parameters["tables"][name_];
  mapping = {{"to", fmt::format("n{}", number_)}};
  if (has_surrogate()) mapping.update({{"multiset", true}, {"ignore", {"surrogate"}}});
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const auto& column = columns_[i];
    if (column.names[0] != column.names[1]) mapping["columns"][column.names[0]] = column.names[1];
    if (i < key_ && !key_declared_) mapping["key"].push_back(column.names[0]);
    const auto own = stores::common_type(declared_type(column.declared[0], engines_[0]),
                                         declared_type(column.declared[1], engines_[1]));
    if (own != comparison_type(column.kind))
      mapping["types"][column.names[0]] = to_string(comparison_type(column.kind));
    if (column.tolerance) mapping["tolerance"][column.names[0]] = column.tolerance->text();
  }
}

std::vector<std::string> RandomTable::expected() const {
  if (key_ == 0) return expected_counts();
  std::vector<std::string> lines;
  std::map<std::string, int> tolerated;
  const auto find = [&](std::size_t side, const Row& row) {
    return std::find_if(rows_[side].begin(), rows_[side].end(),
                        [&](const Row& other) { return other.has_key_of(row, key_); });
  };
  for (const auto& row : rows_[0]) {
    const auto match = find(1, row);
    if (match == rows_[1].end()) {
      lines.push_back(fmt::format("row-missing {} {}", name_, row.shown_key));
      continue;
    }
    for (std::size_t i = key_; i < columns_.size(); ++i) {
      if (row.cells[i] == match->cells[i]) continue;
      if (equal(i, row.cells[i], match->cells[i]))
        ++tolerated[columns_[i].names[0]];
      else
        lines.push_back(fmt::format("row-changed {} {} {}", name_, row.shown_key, columns_[i].names[0]));
    }
  }
  for (const auto& row : rows_[1]) {
    if (find(0, row) == rows_[0].end()) lines.push_back(fmt::format("row-extra {} {}", name_, row.shown_key));
  }
  for (const auto& [column, count] : tolerated) lines.push_back(fmt::format("tolerated {} {}", column, count));
  std::sort(lines.begin(), lines.end());
  return lines;
}

namespace {

std::vector<std::string> counted_lines(const std::map<std::string, std::uint64_t>& counts) {
  std::vector<std::string> lines;
  for (const auto& [row, count] : counts) lines.push_back(fmt::format("{} ×{}", row, count));
  return lines;
}

}  // namespace

// By the first column: which of several spellings of equal rows a finding shows is nobody's business.
std::vector<std::string> RandomTable::expected_counts() const {
  std::map<std::vector<Value>, std::int64_t> surplus;
  for (const auto& row : rows_[0]) --surplus[row.cells];
  for (const auto& row : rows_[1]) ++surplus[row.cells];
  std::map<std::string, std::uint64_t> counts;
  for (const auto& [cells, count] : surplus) {
    if (count == 0) continue;
    counts[fmt::format("{} {} c0={}", count < 0 ? "row-missing" : "row-extra", name_, cells[0].value_or("NULL"))] +=
        static_cast<std::uint64_t>(count < 0 ? -count : count);
  }
  return counted_lines(counts);
}

std::vector<std::string> RandomTable::observed(const std::vector<const Finding*>& findings,
                                               const std::map<std::string, double>& metrics) const {
  if (key_ == 0) {
    std::map<std::string, std::uint64_t> counts;
    for (const auto* finding : findings) {
      const std::string line = line_of(*finding);
      counts[line.substr(0, line.find(", c1="))] += finding->occurrences;
    }
    return counted_lines(counts);
  }
  auto lines = RandomCase::observed(findings, metrics);
  for (const auto& column : columns_) {
    const auto tolerated = metrics.find(name_ + "." + column.names[0] + ".cells_tolerated");
    if (tolerated == metrics.end() || tolerated->second == 0) continue;
    lines.push_back(fmt::format("tolerated {} {}", column.names[0], tolerated->second));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace sluice::migration
