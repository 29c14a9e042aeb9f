#include "suites/migration/testing/random_expressions.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace sluice::migration {
namespace {

using stores::Engine;

constexpr std::int64_t shift = 1000;

}  // namespace

RandomExpressions::RandomExpressions(std::uint64_t seed, std::uint64_t number, std::array<Engine, 2> engines)
    : random_(seed * 1'000'003 + number),
      number_(number),
      name_(fmt::format("o{}", number)),
      engines_(engines),
      computed_key_(random_.once_in(3)) {
  add_columns();
  const std::uint64_t rows = 1 + random_.below(14);
  for (std::uint64_t i = 0; i < rows; ++i) rows_[0].push_back(make_row(static_cast<std::int64_t>(i * 3)));
  rows_[1] = rows_[0];
}

void RandomExpressions::add_columns() {
  old_columns_ = computed_key_ ? std::vector<std::string>{"a integer", "b integer"}
                               : std::vector<std::string>{"id integer PRIMARY KEY"};
  do {
    if (random_.once_in(2)) columns_.push_back({Kind::constant, "tenant"});
    if (random_.once_in(2)) {
      columns_.push_back({Kind::joined, "full_name"});
      old_columns_.insert(old_columns_.end(), {"first text", "last text"});
    }
    if (random_.once_in(2)) {
      columns_.push_back({Kind::head, "head"});
      columns_.push_back({Kind::tail, "tail"});
      old_columns_.emplace_back("pair text");
    }
    if (random_.once_in(2)) {
      columns_.push_back({Kind::shifted, "n"});
      old_columns_.emplace_back("n integer");
    }
    if (random_.once_in(2)) {
      columns_.push_back({Kind::filled, "s"});
      old_columns_.emplace_back("s text");
    }
  } while (columns_.empty());
  if (random_.once_in(2)) {
    columns_.push_back({Kind::plain, "note"});
    old_columns_.emplace_back("note text");
  }
}

std::string RandomExpressions::text_literal(const Value& value) {
  return random_.write(value, ValueKind::text, Engine::sqlite, "TEXT").literal;
}

RandomExpressions::Row RandomExpressions::make_row(std::int64_t key) {
  Row row{.key = computed_key_ ? fmt::format("{}-{}", key / 2, key) : std::to_string(key)};
  row.old_sql = computed_key_ ? std::vector{std::to_string(key / 2), std::to_string(key)} : std::vector{row.key};
  const auto text = [&] { return random_.once_in(6) ? std::nullopt : random_.value(ValueKind::text); };
  for (const auto& column : columns_) {
    switch (column.kind) {
      case Kind::constant:
        row.values.emplace_back("it's 7");
        break;
      case Kind::joined: {
        const Value first = text(), last = text();
        row.values.push_back(first && last ? Value(*first + " | " + *last) : std::nullopt);
        row.old_sql.insert(row.old_sql.end(), {text_literal(first), text_literal(last)});
        break;
      }
      case Kind::head: {
        std::string head = *random_.value(ValueKind::text), tail = *random_.value(ValueKind::text);
        std::replace(head.begin(), head.end(), '|', '/');
        std::replace(tail.begin(), tail.end(), '|', '/');
        row.old_sql.push_back(text_literal(head + "|" + tail));
        row.values.insert(row.values.end(), {head, tail});
        break;
      }
      case Kind::tail:
        break;  // came with its head
      case Kind::shifted: {
        const bool null = random_.once_in(6);
        const auto n = static_cast<std::int64_t>(random_.below(100'000)) - 50'000;
        row.values.push_back(null ? std::nullopt : Value(std::to_string(n)));
        row.old_sql.push_back(null ? "NULL" : std::to_string(n));
        break;
      }
      case Kind::filled: {
        const Value value = text();
        row.values.emplace_back(value.value_or(""));
        row.old_sql.push_back(text_literal(value));
        break;
      }
      case Kind::plain:
        row.values.push_back(text());
        row.old_sql.push_back(text_literal(row.values.back()));
        break;
    }
  }
  return row;
}

Value RandomExpressions::other_value(const Column& column, const Value& than) {
  const bool nullable = column.kind != Kind::filled && column.kind != Kind::head && column.kind != Kind::tail;
  if (column.kind != Kind::shifted) return random_.other(ValueKind::text, than, nullable);
  Value value;
  do {
    value = std::to_string(static_cast<std::int64_t>(random_.below(100'000)) - 50'000);
  } while (value == than);
  return than && random_.once_in(5) ? std::nullopt : value;
}

const RandomExpressions::Row* RandomExpressions::find(std::size_t side, const std::string& key) const {
  const auto found =
      std::find_if(rows_[side].begin(), rows_[side].end(), [&](const Row& row) { return row.key == key; });
  return found == rows_[side].end() ? nullptr : &*found;
}

void RandomExpressions::corrupt() {
  auto& rows = rows_[1];
  do {
    const std::uint64_t what = random_.below(8);
    if (what == 0 || rows.empty()) {
      Row row = make_row(1 + 3 * static_cast<std::int64_t>(random_.below(20)));
      if (find(1, row.key) == nullptr) rows.push_back(std::move(row));
      continue;
    }
    const std::size_t index = random_.below(rows.size()), column = random_.below(columns_.size());
    Value& cell = rows[index].values[column];
    if (what == 1)
      rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(index));
    else if (what == 2)
      std::swap(cell, rows[random_.below(rows.size())].values[column]);
    else
      cell = other_value(columns_[column], cell);
  } while (expected().empty());
}

std::string RandomExpressions::sql(std::size_t side) {
  std::vector<std::string> lines;
  if (side == 0) {
    for (const auto& row : rows_[0]) lines.push_back(fmt::format("({})", fmt::join(row.old_sql, ", ")));
    return fmt::format("CREATE TABLE o{0} ({1}); INSERT INTO o{0} VALUES {2};\n", number_,
                       fmt::join(old_columns_, ", "), fmt::join(lines, ", "));
  }
  std::vector<std::string> declared{computed_key_ ? "code text PRIMARY KEY" : "id integer PRIMARY KEY"};
  for (const auto& column : columns_) {
    declared.push_back(column.kind == Kind::shifted ? "m integer" : column.name + " text");
  }
  for (const auto& row : rows_[1]) {
    std::vector<std::string> cells{computed_key_ ? text_literal(row.key) : row.key};
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const Value& value = row.values[i];
      const bool number = columns_[i].kind == Kind::shifted && value;
      cells.push_back(number ? std::to_string(std::stoll(*value) + shift) : text_literal(value));
    }
    lines.push_back(fmt::format("({})", fmt::join(cells, ", ")));
  }
  std::string all = fmt::format("CREATE TABLE n{} ({});\n", number_, fmt::join(declared, ", "));
  if (!lines.empty()) all += fmt::format("INSERT INTO n{} VALUES {};\n", number_, fmt::join(lines, ", "));
  return all;
}

nlohmann::json RandomExpressions::expression_of(const Column& column) const {
  const bool sqlite = engines_[0] == Engine::sqlite;
  switch (column.kind) {
    case Kind::constant:
      return {{"old", "'it''s 7' -- of all"}};
    case Kind::joined:
      return {{"old", "first || ' | ' || last"}, {"covers", {"first", "last"}}};
    case Kind::head:
      return {{"old", sqlite ? "substr(pair, 1, instr(pair, '|') - 1)" : "split_part(pair, '|', 1)"},
              {"covers", {"pair"}}};
    case Kind::tail:
      return {{"old", sqlite ? "substr(pair, instr(pair, '|') + 1)" : "split_part(pair, '|', 2)"}};
    case Kind::shifted:
      return {{"new", fmt::format("m - {}", shift)}, {"covers", {"m"}}};
    default:
      return {{"old", "coalesce(s, '')"}};
  }
}

void RandomExpressions::map(nlohmann::json& parameters) {
  nlohmann::json mapping{{"to", fmt::format("n{}", number_)}};
  for (const auto& column : columns_) {
    if (column.kind != Kind::plain) mapping["expressions"][column.name] = expression_of(column);
  }
  if (computed_key_) {
    mapping["key"] = {"code"};
    mapping["expressions"]["code"] = {{"old", "a || '-' || b"}, {"covers", {"a", "b"}}};
  }
  parameters["tables"][name_] = std::move(mapping);
}

std::vector<std::string> RandomExpressions::expected() const {
  std::vector<std::string> lines;
  const char* const key = computed_key_ ? "code" : "id";
  for (const auto& row : rows_[0]) {
    const Row* const match = find(1, row.key);
    if (match == nullptr) lines.push_back(fmt::format("row-missing {} {}={}", name_, key, row.key));
    for (std::size_t i = 0; match != nullptr && i < columns_.size(); ++i) {
      if (row.values[i] == match->values[i]) continue;
      lines.push_back(fmt::format("row-changed {} {}={} {}", name_, key, row.key, columns_[i].name));
    }
  }
  for (const auto& row : rows_[1]) {
    if (find(0, row.key) == nullptr) lines.push_back(fmt::format("row-extra {} {}={}", name_, key, row.key));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace sluice::migration
