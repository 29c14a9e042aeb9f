// A small two-way sync between the table `items` of an SQLite file and that of a PostgreSQL database, for tests of what
// watches such programs. It looks at both sides again and again, as SQLite tells nobody when it changes, and carries
// over what changed since they were equal, until it is killed.
//
//   sluice_sync_program PATH URL WINS [FAULT]…
//
// WINS: last, old, new. FAULTs are what is wrong with it:
//   one-way            nothing is carried to the old side
//   echo               it takes its own write for a newer one of the user's
//   restless           it touches what is equal
//   first-wins         of two conflicting writes the earlier stands
//   conflicts-ignored  what changed on both sides is left as it is
//   deletes-ignored    a delete counts for nothing beside a row
//   delete-loses       a delete that conflicts with an update does, also when it came last
//   deletes-undone     what was deleted on both sides comes back on both
//   update-reverted    what was carried over is set back where it came from
//   doubles-rows       new rows arrive twice
#include <fmt/core.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "harness/stores/postgres_connection.hpp"
#include "harness/stores/sql_session.hpp"
#include "harness/stores/sqlite_database.hpp"

namespace sluice::migration {
namespace {

constexpr auto between_looks = std::chrono::milliseconds(60);
constexpr const char* doing = "keeping both sides equal";

struct Row {
  std::string value;
  std::int64_t updated = 0;  // microseconds since 1970
  bool deleted = false;
  friend bool operator==(const Row&, const Row&) = default;
};
using Rows = std::map<std::string, Row>;  // by key

std::optional<Row> row_of(const Rows& rows, const std::string& key) {
  const auto found = rows.find(key);
  return found == rows.end() ? std::nullopt : std::optional(found->second);
}

class SyncProgram {
 public:
  SyncProgram(const std::string& old_path, const std::string& new_url, std::string wins, std::set<std::string> faults)
      : old_("old", old_path, options(), true),
        new_(new_url, options()),
        wins_(std::move(wins)),
        faults_(std::move(faults)) {}

  void look() {
    const Rows old_rows = read_old(), new_rows = read_new();
    std::set<std::string> keys;
    for (const auto& [key, row] : old_rows) keys.insert(key);
    for (const auto& [key, row] : new_rows) keys.insert(key);
    for (const auto& key : keys) level(key, row_of(old_rows, key), row_of(new_rows, key));
  }

 private:
  static stores::StoreOptions options() { return {.lock_timeout = std::chrono::seconds(10)}; }
  bool has(const char* fault) const { return faults_.contains(fault); }

  void level(const std::string& key, const std::optional<Row>& old_row, const std::optional<Row>& new_row) {
    if (reverted_.contains(key)) return;
    const auto known = equal_.find(key);
    if (old_row == new_row) {
      equal_[key] = *old_row;
      if (has("restless") && !old_row->deleted) write_both(key, *old_row, *old_row);
      if (has("deletes-undone") && old_row->deleted && ++seen_deleted_[key] == 4) write_both(key, *old_row, *old_row);
      return;
    }
    const bool old_changed = old_row && (known == equal_.end() || *old_row != known->second);
    const bool new_changed = new_row && (known == equal_.end() || *new_row != known->second);
    const bool conflict = old_changed && new_changed;
    if (conflict && has("conflicts-ignored")) return;
    bool to_new = conflict ? old_stands(*old_row, *new_row) : old_changed;
    if (!conflict && old_row && new_row && has("deletes-ignored")) to_new = old_stands(*old_row, *new_row);
    if (!to_new && has("one-way")) return;
    carry(key, to_new, to_new ? *old_row : *new_row, to_new ? new_row : old_row);
  }

  bool old_stands(const Row& old_row, const Row& new_row) const {
    if ((has("deletes-ignored") || has("delete-loses")) && old_row.deleted != new_row.deleted) return new_row.deleted;
    if (has("first-wins")) return old_row.updated <= new_row.updated;
    return wins_ == "last" ? old_row.updated >= new_row.updated : wins_ == "old";
  }

  void carry(const std::string& key, bool to_new, const Row& row, const std::optional<Row>& over) {
    Row carried = row;
    if (has("echo")) ++carried.updated;
    const bool done = write(key, to_new, carried, over);
    // What was carried over is no change of the other side's; what a user wrote there meanwhile is.
    if (done && carried == row) equal_[key] = carried;
    if (done && over && !row.deleted && has("update-reverted")) reverted_.insert(key);
    if (reverted_.contains(key)) write(key, !to_new, *over, row);
    if (has("doubles-rows") && to_new && !over) write(key, to_new, carried, over);
  }

  // Only over the row that was seen: what a user wrote meanwhile is for the next look.
  bool write(const std::string& key, bool to_new, const Row& row, const std::optional<Row>& over) {
    const std::string name = stores::quote_literal(key), value = stores::quote_literal(row.value);
    const char* const deleted = row.deleted ? "true" : "false";
    std::string sql =
        over ? fmt::format("UPDATE items SET value = {}, updated = {}, deleted = {} WHERE key = {} AND updated = {}",
                           value, row.updated, deleted, name, over->updated)
             : fmt::format("INSERT INTO items VALUES ({}, {}, {}, {}) ON CONFLICT DO NOTHING", name, value, row.updated,
                           deleted);
    if (to_new) return !new_.query(sql + " RETURNING 1", {}, doing).empty();
    old_.execute(sql, doing);
    return sqlite3_changes(old_.handle()) > 0;
  }

  // Makes it look as if a user had just written the row, on both sides.
  void write_both(const std::string& key, Row row, const Row& over) {
    ++row.updated;
    row.deleted = false;
    write(key, false, row, over);
    write(key, true, row, over);
  }

  Rows read_old() {
    stores::SqliteStatement statement(old_, "SELECT key, value, updated, deleted FROM items", doing);
    Rows rows;
    while (statement.step())
      rows[statement.text(0)] = {
          .value = statement.text(1), .updated = std::stoll(statement.text(2)), .deleted = statement.text(3) == "1"};
    return rows;
  }

  Rows read_new() {
    Rows rows;
    for (const auto& row : new_.query("SELECT key, value, updated, deleted::int FROM items", {}, doing))
      rows[*row[0]] = {.value = *row[1], .updated = std::stoll(*row[2]), .deleted = *row[3] == "1"};
    return rows;
  }

  stores::SqliteDatabase old_;
  stores::PostgresConnection new_;
  std::string wins_;
  std::set<std::string> faults_;
  Rows equal_;  // what both sides held when they were last the same
  std::map<std::string, int> seen_deleted_;
  std::set<std::string> reverted_;
};

}  // namespace
}  // namespace sluice::migration

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + 1, words + count);
  if (arguments.size() < 3) {
    fmt::print(stderr, "usage: sluice_sync_program PATH URL last|old|new [FAULT]...\n");
    return 2;
  }
  try {
    sluice::migration::SyncProgram program(arguments[0], arguments[1], arguments[2],
                                           {arguments.begin() + 3, arguments.end()});
    while (true) {
      program.look();
      std::this_thread::sleep_for(sluice::migration::between_looks);
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
