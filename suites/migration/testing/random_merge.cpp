#include "suites/migration/testing/random_merge.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace sluice::migration {

using stores::Engine;

RandomMerge::RandomMerge(std::uint64_t seed, std::uint64_t number, std::array<Engine, 2>)
    : random_(seed * 1'000'003 + number), number_(number) {
  sources_.resize(2 + random_.below(2));
  for (std::size_t source = 0; source < sources_.size(); ++source) {
    for (std::uint64_t i = random_.below(8); i > 0; --i) {
      const OldRow row{static_cast<std::int64_t>(sources_[source].size() * 2 + 1), random_.value(ValueKind::text)};
      sources_[source].push_back(row);
      merged_.push_back({0, letter(source), row.id, row.text});
    }
  }
  for (std::size_t i = merged_.size(); i > 1; --i) std::swap(merged_[i - 1], merged_[random_.below(i)]);
  for (std::size_t i = 0; i < merged_.size(); ++i) merged_[i].surrogate = static_cast<std::int64_t>(i + 1);
}

std::string RandomMerge::old_name(std::size_t source) const { return fmt::format("o{}{}", number_, letter(source)); }

bool RandomMerge::owns(const std::string& table) const {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (table == old_name(i)) return true;
  }
  return table == new_name();
}

bool RandomMerge::claims(std::size_t source, const NewRow& row) const {
  return row.origin && (*row.origin == letter(source) || *row.origin == "all");
}

// Whether a source already has a row of that id: two would be an error of the plan's, which names no unique key.
bool RandomMerge::is_taken(const NewRow& row) const {
  return std::any_of(merged_.begin(), merged_.end(), [&](const NewRow& other) {
    if (other.surrogate == row.surrogate || other.id != row.id) return false;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (claims(i, row) && claims(i, other)) return true;
    }
    return false;
  });
}

void RandomMerge::violate() {
  if (merged_.empty() || random_.once_in(7)) {
    const auto next = static_cast<std::int64_t>(100 + merged_.size());
    const NewRow row{next, letter(random_.below(sources_.size())), static_cast<std::int64_t>(random_.below(20)),
                     random_.value(ValueKind::text)};
    const bool surrogate_taken = std::any_of(merged_.begin(), merged_.end(),
                                             [&](const NewRow& other) { return other.surrogate == row.surrogate; });
    if (!surrogate_taken && !is_taken(row)) merged_.push_back(row);
    return;
  }
  const std::size_t index = random_.below(merged_.size());
  NewRow changed = merged_[index];
  switch (random_.below(7)) {
    case 0:
      merged_.erase(merged_.begin() + static_cast<std::ptrdiff_t>(index));
      return;
    case 1:  // the right row under the wrong provenance
      changed.origin = letter(random_.below(sources_.size()));
      break;
    case 2:
      changed.origin = random_.once_in(2) ? Value("nobody") : std::nullopt;
      break;
    case 3:
      changed.origin = "all";
      break;
    case 4:
      changed.id = static_cast<std::int64_t>(random_.below(20));
      break;
    case 5:  // one source's row overwritten with another's
      changed.text = merged_[random_.below(merged_.size())].text;
      break;
    default:
      changed.text = random_.other(ValueKind::text, changed.text, true);
  }
  if (!is_taken(changed)) merged_[index] = changed;
}

void RandomMerge::corrupt() {
  do {
    for (std::uint64_t i = 1 + random_.below(3); i > 0; --i) violate();
  } while (expected().empty());
}

std::string RandomMerge::sql(std::size_t side) {
  const auto literal = [&](const Value& value) {
    return random_.write(value, ValueKind::text, Engine::sqlite, "TEXT").literal;
  };
  std::string all;
  const auto create = [&](const std::string& table, const char* columns, const std::vector<std::string>& lines) {
    all += fmt::format("CREATE TABLE {} ({});\n", table, columns);
    if (!lines.empty()) all += fmt::format("INSERT INTO {} VALUES {};\n", table, fmt::join(lines, ", "));
  };
  std::vector<std::string> lines;
  for (std::size_t i = 0; side == 0 && i < sources_.size(); ++i, lines.clear()) {
    for (const auto& row : sources_[i]) lines.push_back(fmt::format("({}, {})", row.id, literal(row.text)));
    create(old_name(i), "id integer PRIMARY KEY, s text", lines);
  }
  if (side == 0) return all;
  for (const auto& row : merged_) {
    lines.push_back(fmt::format("({}, {}, {}, {})", row.surrogate, literal(row.origin), row.id, literal(row.text)));
  }
  create(new_name(), "pk integer PRIMARY KEY, origin text, old_id integer, s text", lines);
  return all;
}

void RandomMerge::map(nlohmann::json& parameters) {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    parameters["tables"][old_name(i)] = {{"to", new_name()},
                                         {"columns", {{"id", "old_id"}}},
                                         {"where_new", fmt::format("origin IN ('{}', 'all')", letter(i))}};
  }
}

std::vector<std::string> RandomMerge::expected() const {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const auto& rows = sources_[i];
    for (const auto& row : rows) {
      const auto match = std::find_if(merged_.begin(), merged_.end(),
                                      [&](const NewRow& other) { return claims(i, other) && other.id == row.id; });
      if (match == merged_.end())
        lines.push_back(fmt::format("row-missing {} id={}", old_name(i), row.id));
      else if (match->text != row.text)
        lines.push_back(fmt::format("row-changed {} id={} s", old_name(i), row.id));
    }
    for (const auto& row : merged_) {
      const bool known = std::any_of(rows.begin(), rows.end(), [&](const OldRow& other) { return other.id == row.id; });
      if (claims(i, row) && !known) lines.push_back(fmt::format("row-extra {} id={}", old_name(i), row.id));
    }
  }
  for (const auto& row : merged_) {
    std::size_t claimed = 0;
    for (std::size_t i = 0; i < sources_.size(); ++i) claimed += claims(i, row) ? 1 : 0;
    if (claimed == 1) continue;
    lines.push_back(
        fmt::format("{} {} pk={}", claimed == 0 ? "row-unclaimed" : "row-contested", new_name(), row.surrogate));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace sluice::migration
