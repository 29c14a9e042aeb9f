#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harness/stores/sqlite_pages.hpp"
#include "harness/stores/sqlite_record.hpp"

namespace sluice::stores {

/// A part of a table's tree, and the rowids that may be in it, first and last included.
struct SqliteSubtree {
  std::uint32_t page = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;
};

/// Reads a table's tree of pages without SQLite's code (sqlite.org/fileformat2.html, "B-tree Pages"), which costs a
/// fraction. Anything that is not exactly as expected is an UnusualFile: whoever reads then takes SQLite instead, which
/// knows better or says what is wrong. For one thread.
class SqliteTree {
 public:
  /// All outlive it.
  SqliteTree(const SqlitePages& pages, const SqliteRecord& record);

  /// Subtrees that hold all rows once, ascending: at least `wanted` where there are so many pages.
  std::vector<SqliteSubtree> split(std::size_t wanted);
  /// Reads the rows of a subtree, ascending, into `row`, and calls `on_row` after each; `on_page` after each page of
  /// rows. `row` points into pages that are overwritten later.
  void read(const SqliteSubtree& tree, RawRow& row, const std::function<void()>& on_row,
            const std::function<void()>& on_page);

 private:
  struct Reading;
  const char* page(std::uint32_t number);
  void read_leaf(const char* page, SqliteSubtree rows, const Reading& reading);
  std::string_view record_of(const char* cell, const char* end, std::uint64_t payload);
  std::vector<SqliteSubtree> children(const char* page, const SqliteSubtree& tree) const;
  void walk(const SqliteSubtree& tree, std::size_t depth, const Reading& reading);

  const SqlitePages& pages_;
  const SqliteRecord& record_;
  std::vector<char> window_;  // of pages that follow each other
  std::uint32_t window_first_ = 0;
  std::uint32_t window_pages_ = 0;
  std::string overflowing_;  // a record of more than one page
  std::vector<char> overflow_page_;
};

}  // namespace sluice::stores
