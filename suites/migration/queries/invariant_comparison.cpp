#include "suites/migration/queries/invariant_comparison.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

#include "harness/core/ascii.hpp"
#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"

namespace sluice::migration {
namespace {

using stores::SqlResult;

std::vector<std::string> names_of(const SqlResult& result) {
  std::vector<std::string> names;
  for (const auto& column : result.columns) names.push_back(column.name);
  return names;
}

// Columns are paired by position; the same names in another order were meant to be paired by name.
void require_one_order(const SqlResult& old_result, const SqlResult& new_result) {
  const auto old_names = names_of(old_result), new_names = names_of(new_result);
  const auto folded = [](std::vector<std::string> names) {
    for (auto& name : names) name = ascii_lower(name);
    return names;
  };
  auto left = folded(old_names), right = folded(new_names);
  if (left == right) return;
  std::sort(left.begin(), left.end());
  std::sort(right.begin(), right.end());
  if (left != right) return;
  throw InputError(fmt::format(
      "the old side's query returns the columns {}, the new side's {}; they are compared by position: write "
      "them in the same order, or name them differently where that is meant",
      printable(fmt::format("{}", fmt::join(old_names, ", ")), 300),
      printable(fmt::format("{}", fmt::join(new_names, ", ")), 300)));
}

bool is_empty(const SqlResult& result) {
  if (result.rows.size() != 1) return result.rows.empty();
  const auto& row = result.rows.front();
  return std::all_of(row.begin(), row.end(), [](const stores::OwnedCell& cell) { return cell.view().is_null(); });
}

std::size_t require_column(const SqlResult& result, const std::string& name, const char* parameter) {
  if (const auto index = result.find(name)) return *index;
  throw InputError(fmt::format("`{}` names the column {}, which the old side's query does not return{}", parameter,
                               printable(name, 100), stores::did_you_mean(name, names_of(result))));
}

std::string printable_cells(const SqlResult& result, std::size_t row, const std::vector<std::size_t>& columns) {
  std::string text;
  for (const std::size_t column : columns) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", printable(result.columns[column].name, 100),
                        stores::printable_cell(result.rows[row][column].view(), 200));
  }
  return text;
}

class ResultComparer {
 public:
  ResultComparer(const SqlResult& old_result, const SqlResult& new_result, const ResultRules& rules, std::size_t sample)
      : old_(old_result), new_(new_result), sample_(sample) {
    choose_rules(rules);
    for (const auto& name : rules.key) key_.push_back(require_column(old_, name, "key"));
    for (std::size_t i = 0; i < old_.columns.size(); ++i) {
      if (std::find(key_.begin(), key_.end(), i) == key_.end()) values_.push_back(i);
    }
    keyed_ = !key_.empty() || (old_.rows.size() == 1 && new_.rows.size() == 1);
  }

  ResultComparison run() {
    result_.rows = std::max(old_.rows.size(), new_.rows.size());
    if (keyed_)
      compare_by_key();
    else
      compare_as_multiset();
    return std::move(result_);
  }

 private:
  using Place = std::map<std::string, std::size_t>;

  void choose_rules(const ResultRules& rules) {
    if (old_.columns.size() != new_.columns.size()) {
      throw InputError(fmt::format("the old side's query returns {} columns, the new side's {}; they must match",
                                   old_.columns.size(), new_.columns.size()));
    }
    require_one_order(old_, new_);
    std::map<std::size_t, std::string> wanted;
    for (const auto& [name, type] : rules.types) wanted[require_column(old_, name, "types")] = type;
    for (std::size_t i = 0; i < old_.columns.size(); ++i) {
      const auto chosen = wanted.find(i);
      const auto type = chosen != wanted.end() ? stores::parse_comparison_type(chosen->second)
                                               : stores::common_type(old_.columns[i].type, new_.columns[i].type);
      if (!type) {
        throw InputError(fmt::format(
            "the column {} is {} on the old side and {} on the new one, which have no common reading; choose one in "
            "`types`",
            printable(old_.columns[i].name, 100), stores::to_string(old_.columns[i].type),
            stores::to_string(new_.columns[i].type)));
      }
      old_rules_.push_back({*type, rules.zone, old_.columns[i].single_precision, false});
      new_rules_.push_back({*type, nullptr, new_.columns[i].single_precision, false});
    }
  }

  static stores::RawCell cell(const SqlResult& result, std::size_t row, std::size_t column,
                              const stores::ColumnRule& rule) {
    stores::RawCell raw = result.rows[row][column].view();
    // PostgreSQL sends text; as a timestamp an integer is seconds, and the same digits in a text are not.
    if (rule.type == stores::ComparisonType::timestamp &&
        result.columns[column].type == stores::ComparisonType::integer && raw.storage == stores::RawCell::Storage::text)
      raw = stores::RawCell::of_integer(std::stoll(std::string(raw.bytes)));
    return raw;
  }

  static std::string encode(const SqlResult& result, std::size_t row, const std::vector<std::size_t>& columns,
                            const std::vector<stores::ColumnRule>& rules) {
    std::string all;
    for (const std::size_t column : columns) {
      std::string one;
      stores::append_canonical(cell(result, row, column, rules[column]), rules[column], one);
      all += fmt::format("{}:", one.size()) + one;  // lengths keep neighbours apart
    }
    return all;
  }

  Place places(const SqlResult& result, const std::vector<stores::ColumnRule>& rules, const char* side) const {
    Place found;
    for (std::size_t row = 0; row < result.rows.size(); ++row) {
      if (!found.emplace(encode(result, row, key_, rules), row).second) {
        throw InputError(fmt::format("the `key` is not unique: the {} side's query returns {} more than once", side,
                                     printable_cells(result, row, key_)));
      }
    }
    return found;
  }

  void add(ResultDifference difference) {
    ++result_.total;
    if (result_.sample.size() < sample_) result_.sample.push_back(std::move(difference));
  }

  void compare_by_key() {
    const Place old_places = places(old_, old_rules_, "old");
    const Place new_places = places(new_, new_rules_, "new");
    for (const auto& [key, row] : old_places) {
      const auto partner = new_places.find(key);
      if (partner == new_places.end())
        add_row(ResultDifference::Kind::only_old, old_, row);
      else
        compare_values(row, partner->second);
    }
    for (const auto& [key, row] : new_places) {
      if (!old_places.contains(key)) add_row(ResultDifference::Kind::only_new, new_, row);
    }
  }

  void compare_values(std::size_t old_row, std::size_t new_row) {
    for (const std::size_t column : values_) {
      if (encode(old_, old_row, {column}, old_rules_) == encode(new_, new_row, {column}, new_rules_)) continue;
      add({.kind = ResultDifference::Kind::value,
           .row = printable_cells(old_, old_row, key_),
           .column = printable(old_.columns[column].name, 100),
           .old_value = stores::printable_cell(old_.rows[old_row][column].view()),
           .new_value = stores::printable_cell(new_.rows[new_row][column].view())});
    }
  }

  void add_row(ResultDifference::Kind kind, const SqlResult& result, std::size_t row) {
    const std::string values = printable_result_row(result, row);
    const bool is_old = kind == ResultDifference::Kind::only_old;
    add({.kind = kind,
         .row = key_.empty() ? values : printable_cells(result, row, key_),
         .column = {},
         .old_value = is_old ? std::optional(values) : std::nullopt,
         .new_value = is_old ? std::nullopt : std::optional(values)});
  }

  void compare_as_multiset() {
    std::map<std::string, std::pair<std::vector<std::size_t>, std::vector<std::size_t>>> rows;
    for (std::size_t row = 0; row < old_.rows.size(); ++row)
      rows[encode(old_, row, values_, old_rules_)].first.push_back(row);
    for (std::size_t row = 0; row < new_.rows.size(); ++row)
      rows[encode(new_, row, values_, new_rules_)].second.push_back(row);
    for (const auto& [encoding, both] : rows) {
      const auto& [left, right] = both;
      for (std::size_t i = right.size(); i < left.size(); ++i) add_row(ResultDifference::Kind::only_old, old_, left[i]);
      for (std::size_t i = left.size(); i < right.size(); ++i)
        add_row(ResultDifference::Kind::only_new, new_, right[i]);
    }
  }

  const SqlResult& old_;
  const SqlResult& new_;
  std::size_t sample_;
  bool keyed_ = false;
  std::vector<std::size_t> key_, values_;
  std::vector<stores::ColumnRule> old_rules_, new_rules_;
  ResultComparison result_;
};

}  // namespace

std::string printable_result_row(const SqlResult& result, std::size_t row) {
  std::vector<std::size_t> all(result.columns.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return printable(printable_cells(result, row, all), 1000);
}

bool says_nothing(const SqlResult& old_result, const SqlResult& new_result) {
  return is_empty(old_result) && is_empty(new_result);
}

ResultComparison compare_results(const SqlResult& old_result, const SqlResult& new_result, const ResultRules& rules,
                                 std::size_t sample) {
  return ResultComparer(old_result, new_result, rules, sample).run();
}

}  // namespace sluice::migration
