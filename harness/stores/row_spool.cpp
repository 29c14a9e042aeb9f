#include "harness/stores/row_spool.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <utility>

#include "harness/stores/scratch_database.hpp"
#include "harness/stores/sqlite_cursor.hpp"

namespace sluice::stores {
namespace {

constexpr const char* doing = "putting rows aside to sort them";

std::vector<std::string> numbered(char letter, std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(fmt::format("{}{}", letter, i));
  return names;
}

}  // namespace

RowSpool::RowSpool(const std::filesystem::path& folder, std::vector<ColumnRule> rules, const StoreOptions& options)
    : database_(open_scratch_database(folder, "rows put aside", options)), rules_(std::move(rules)) {
  // Columns without a type keep every value as it is.
  database_->execute(fmt::format("CREATE TABLE spool ({}, {}); BEGIN", fmt::join(numbered('c', rules_.size()), ", "),
                                 fmt::join(numbered('k', rules_.size()), ", ")),
                     doing);
  insert_ = std::make_unique<SqliteStatement>(
      *database_,
      fmt::format("INSERT INTO spool VALUES (?{})", fmt::join(std::vector<std::string>(rules_.size() * 2, ""), ", ?")),
      doing);
}

void RowSpool::add(const RawRow& row) {
  database_->start_statement();
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    insert_->bind(static_cast<int>(i + 1), row[i]);
    encoding_.clear();
    append_canonical(row[i], rules_[i], encoding_);
    insert_->bind(static_cast<int>(rules_.size() + i + 1), RawCell::of_blob(encoding_));
  }
  insert_->step();
  sqlite3_reset(insert_->handle());
  ++rows_;
}

std::unique_ptr<RowCursor> RowSpool::sorted(std::size_t key_columns) {
  insert_.reset();
  return std::make_unique<SqliteCursor>(
      *database_,
      fmt::format("SELECT {} FROM spool{}{}", fmt::join(numbered('c', rules_.size()), ", "),
                  key_columns == 0 ? "" : " ORDER BY ", fmt::join(numbered('k', key_columns), ", ")),
      rules_.size(), doing);
}

}  // namespace sluice::stores
