#include "harness/stores/sqlite_tree.hpp"

#include <algorithm>
#include <limits>

namespace sluice::stores {
namespace {

constexpr unsigned char interior_kind = 5, leaf_kind = 13;
constexpr std::size_t leaf_header = 8, interior_header = 12;
constexpr std::size_t deepest = 20;  // SQLite's own limit

std::uint32_t byte(const char* at) { return static_cast<unsigned char>(*at); }
std::uint32_t two_bytes(const char* at) { return byte(at) << 8 | byte(at + 1); }
std::uint32_t four_bytes(const char* at) { return two_bytes(at) << 16 | two_bytes(at + 2); }

}  // namespace

struct SqliteTree::Reading {
  RawRow& row;
  const std::function<void()>& on_row;
  const std::function<void()>& on_page;
};

SqliteTree::SqliteTree(const SqlitePages& pages, const SqliteRecord& record)
    : pages_(pages), record_(record), overflow_page_(pages.size()) {}

// Reads ahead where the pages are asked for in their order.
const char* SqliteTree::page(std::uint32_t number) {
  constexpr std::uint32_t largest_window = 1 << 16;  // bytes: stays in the processor's cache
  constexpr std::uint32_t gap = 4;                   // pages: of the tree's upper levels, between those of rows
  if (number < window_first_ || number - window_first_ >= window_pages_) {
    const std::uint32_t end = window_first_ + window_pages_;
    const bool follows = window_pages_ > 0 && number >= end && number - end <= gap;
    const std::uint32_t most = std::max(largest_window / pages_.size(), 1U);
    std::uint32_t pages = follows ? std::min(2 * window_pages_, most) : 1;
    if (number <= pages_.count()) pages = std::min(pages, pages_.count() - number + 1);
    window_.resize(std::size_t{most} * pages_.size());
    window_pages_ = 0;  // what is left when reading fails
    pages_.read(number, pages, window_.data());
    window_first_ = number;
    window_pages_ = pages;
  }
  return window_.data() + std::size_t{number - window_first_} * pages_.size();
}

std::vector<SqliteSubtree> SqliteTree::children(const char* page, const SqliteSubtree& tree) const {
  const std::size_t count = two_bytes(page + 3);
  const std::size_t cells = interior_header + 2 * count;
  if (cells > pages_.usable()) throw UnusualFile("a page with more cells than it has room for");
  std::vector<SqliteSubtree> all;
  std::int64_t first = tree.first;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t offset = two_bytes(page + interior_header + 2 * i);
    if (offset < cells || offset + 5 > pages_.usable()) throw UnusualFile("a cell outside of its page");
    const char* at = page + offset + 4;
    const auto last = static_cast<std::int64_t>(read_varint(at, page + pages_.usable()));
    if (last < first || last >= tree.last) throw UnusualFile("rows that are not in order");
    all.push_back({four_bytes(page + offset), first, last});
    first = last + 1;
  }
  all.push_back({four_bytes(page + 8), first, tree.last});
  return all;
}

std::vector<SqliteSubtree> SqliteTree::split(std::size_t wanted) {
  std::vector<SqliteSubtree> level{
      {record_.root(), std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}};
  for (std::size_t depth = 0; depth < deepest && level.size() < wanted; ++depth) {
    std::vector<SqliteSubtree> next;
    for (const auto& tree : level) {
      const char* const read = page(tree.page);
      if (byte(read) == leaf_kind)
        return level;  // all of a level are alike, or reading them will say that they are not
      if (byte(read) != interior_kind) throw UnusualFile("a page that belongs to no table");
      const auto below = children(read, tree);
      next.insert(next.end(), below.begin(), below.end());
    }
    level = std::move(next);
  }
  return level;
}

void SqliteTree::read(const SqliteSubtree& tree, RawRow& row, const std::function<void()>& on_row,
                      const std::function<void()>& on_page) {
  walk(tree, 0, Reading{row, on_row, on_page});
}

void SqliteTree::walk(const SqliteSubtree& tree, std::size_t depth, const Reading& reading) {
  if (depth >= deepest) throw UnusualFile("a tree without end");
  const char* const here = page(tree.page);
  if (byte(here) == leaf_kind) {
    read_leaf(here, tree, reading);
    reading.on_page();
    return;
  }
  if (byte(here) != interior_kind) throw UnusualFile("a page that belongs to no table");
  for (const auto& child : children(here, tree)) walk(child, depth + 1, reading);
}

void SqliteTree::read_leaf(const char* page, SqliteSubtree rows, const Reading& reading) {
  const std::size_t count = two_bytes(page + 3);
  const std::size_t cells = leaf_header + 2 * count;
  const char* const end = page + pages_.usable();
  if (cells > pages_.usable()) throw UnusualFile("a page with more cells than it has room for");
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t offset = two_bytes(page + leaf_header + 2 * i);
    if (offset < cells || offset >= pages_.usable()) throw UnusualFile("a cell outside of its page");
    const char* at = page + offset;
    const std::uint64_t payload = read_varint(at, end);
    const auto rowid = static_cast<std::int64_t>(read_varint(at, end));
    const bool in_order = rowid >= rows.first && rowid <= rows.last;
    if (!in_order || (rowid == rows.last && i + 1 < count)) throw UnusualFile("rows that are not in order");
    if (rowid < rows.last) rows.first = rowid + 1;
    record_.read(record_of(at, end, payload), rowid, reading.row);
    reading.on_row();
  }
}

std::string_view SqliteTree::record_of(const char* cell, const char* end, std::uint64_t payload) {
  constexpr std::uint64_t largest = 1 << 24;  // bytes; SQLite need not hold a larger one in memory twice
  const std::uint64_t usable = pages_.usable();
  const auto room = static_cast<std::uint64_t>(end - cell);
  if (payload <= usable - 35) {
    if (payload > room) throw UnusualFile("a record outside of its page");
    return {cell, static_cast<std::size_t>(payload)};
  }
  if (payload > largest) throw UnusualFile("a very large record");
  const std::uint64_t least = (usable - 12) * 32 / 255 - 23;
  const std::uint64_t surplus = least + (payload - least) % (usable - 4);
  const std::uint64_t here = surplus <= usable - 35 ? surplus : least;
  if (here + 4 > room) throw UnusualFile("a record outside of its page");
  overflowing_.assign(cell, static_cast<std::size_t>(here));
  std::uint32_t next = four_bytes(cell + here);
  while (overflowing_.size() < payload) {
    pages_.read(next, 1, overflow_page_.data());
    next = four_bytes(overflow_page_.data());
    overflowing_.append(overflow_page_.data() + 4, std::min<std::uint64_t>(payload - overflowing_.size(), usable - 4));
  }
  if (next != 0) throw UnusualFile("a record that goes on behind its end");
  return overflowing_;
}

}  // namespace sluice::stores
