#include "suites/migration/testing/sync_fixture.hpp"

#include <fmt/core.h>
#include <sqlite3.h>

#include <chrono>
#include <stdexcept>

#include "harness/stores/sql_session.hpp"

namespace sluice::migration {
namespace {

constexpr const char* sqlite_now = "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)";
constexpr const char* postgres_now = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

std::string statements(const std::string& now) {
  return fmt::format(
      "{{ insert: \"INSERT INTO items VALUES ('{{key}}', '{{value}}', {0}, false)\", "
      "update: \"UPDATE items SET value = '{{value}}', deleted = false, updated = {0} WHERE key = '{{key}}'\", "
      "delete: \"UPDATE items SET deleted = true, updated = {0} WHERE key = '{{key}}'\", "
      "read: \"SELECT value, updated FROM items WHERE key = '{{key}}' AND NOT deleted\" }}",
      now);
}

}  // namespace

void SyncFixture::SetUp() {
  SideFixture::SetUp();
  old_side(
      "PRAGMA journal_mode = WAL; CREATE TABLE items (key TEXT, value TEXT, updated INTEGER, deleted BOOLEAN); CREATE "
      "UNIQUE INDEX items_key ON items (key)");
  new_side(
      "CREATE TABLE items (key text, value text, updated bigint, deleted boolean); CREATE UNIQUE INDEX items_key ON "
      "items (key)");
  parameters_ =
      fmt::format("old: {}, new: {}, trials: 3, quiet: 400ms", statements(sqlite_now), statements(postgres_now));
}

void SyncFixture::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

Outcome SyncFixture::run_sync(const std::string& more) {
  stopping_ = false;
  thread_ = std::thread([this] {
    try {
      const testing::SqliteFile old_store(folder().path() / "old.db");
      old_store.execute("PRAGMA busy_timeout = 10000");
      while (!stopping_) {
        poll(old_store);
        std::this_thread::sleep_for(std::chrono::milliseconds(60));  // as real ones do, it looks now and then
      }
    } catch (const std::exception& error) {
      failure_ = error.what();
    }
  });
  const std::string within = more.find("within:") == std::string::npos ? ", within: 20s" : "";
  const Outcome outcome = run(sync_kind(), "{ " + parameters_ + within + more + " }");
  stop();
  EXPECT_EQ(failure_, "");
  return outcome;
}

void SyncFixture::poll(const testing::SqliteFile& old_store) {
  const Rows old_rows = read_old(old_store), new_rows = read_new();
  std::set<std::string> keys;
  for (const auto& [key, row] : old_rows) keys.insert(key);
  for (const auto& [key, row] : new_rows) keys.insert(key);
  const auto find = [](const Rows& rows, const std::string& key) {
    const auto found = rows.find(key);
    return found == rows.end() ? std::nullopt : std::optional(found->second);
  };
  for (const auto& key : keys) level(key, find(old_rows, key), find(new_rows, key), old_store);
}

bool SyncFixture::old_stands(const Row& old_row, const Row& new_row) const {
  if (faults_.contains("deletes-ignored") && old_row.deleted != new_row.deleted) return new_row.deleted;
  if (wins_ == Wins::last) return old_row.updated >= new_row.updated;
  return wins_ == Wins::old_side;
}

void SyncFixture::level(const std::string& key, const std::optional<Row>& old_row, const std::optional<Row>& new_row,
                        const testing::SqliteFile& old_store) {
  const auto known = equal_.find(key);
  if (old_row == new_row) {
    equal_[key] = *old_row;
    return;
  }
  const bool old_changed = old_row && (known == equal_.end() || *old_row != known->second);
  const bool new_changed = new_row && (known == equal_.end() || *new_row != known->second);
  const bool conflict = old_changed && new_changed;
  if (conflict && faults_.contains("conflicts-ignored")) return;
  bool to_new = conflict ? old_stands(*old_row, *new_row) : old_changed;
  if (!conflict && old_row && new_row && faults_.contains("deletes-ignored")) to_new = old_stands(*old_row, *new_row);
  if (!to_new && faults_.contains("one-way")) return;
  Row carried = to_new ? *old_row : *new_row;
  if (faults_.contains("echo")) ++carried.updated;  // it takes its own write for a newer one of the user's
  bool done = false;
  if (to_new) {
    done = !ask_new_side(upsert(key, carried, new_row, true) + " RETURNING 1").empty();
  } else {
    old_store.execute(upsert(key, carried, old_row, false));
    done = sqlite3_changes(old_store.handle()) > 0;
  }
  // What was carried over is no change of the other side's; what a user wrote there meanwhile is.
  if (done && carried == (to_new ? *old_row : *new_row)) equal_[key] = carried;
  if (faults_.contains("doubles-rows") && to_new && !new_row) new_side(upsert(key, carried, new_row, true));
}

// Only over the row that was seen: what a user wrote meanwhile is for the next look.
std::string SyncFixture::upsert(const std::string& key, const Row& row, const std::optional<Row>& over, bool to_new) {
  const std::string name = stores::quote_literal(key), value = stores::quote_literal(row.value);
  const char* const deleted = row.deleted ? "true" : "false";
  if (over)
    return fmt::format("UPDATE items SET value = {}, updated = {}, deleted = {} WHERE key = {} AND updated = {}", value,
                       row.updated, deleted, name, over->updated);
  return fmt::format("INSERT INTO items {} VALUES ({}, {}, {}, {}){}", to_new ? "AS i" : "", name, value, row.updated,
                     deleted, to_new ? "" : " ON CONFLICT DO NOTHING");
}

SyncFixture::Rows SyncFixture::read_old(const testing::SqliteFile& old_store) const {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(old_store.handle(), "SELECT key, value, updated, deleted FROM items", -1, &statement,
                         nullptr) != SQLITE_OK)
    throw std::runtime_error(sqlite3_errmsg(old_store.handle()));
  Rows rows;
  const auto text = [&](int column) { return reinterpret_cast<const char*>(sqlite3_column_text(statement, column)); };
  while (sqlite3_step(statement) == SQLITE_ROW)
    rows[text(0)] = {.value = text(1),
                     .updated = sqlite3_column_int64(statement, 2),
                     .deleted = sqlite3_column_int(statement, 3) != 0};
  sqlite3_finalize(statement);
  return rows;
}

SyncFixture::Rows SyncFixture::read_new() {
  Rows rows;
  for (const auto& line : ask_new_side("SELECT concat_ws(' ', key, value, updated, deleted::int) FROM items")) {
    const auto first = line.find(' '), second = line.find(' ', first + 1), third = line.find(' ', second + 1);
    rows[line.substr(0, first)] = {.value = line.substr(first + 1, second - first - 1),
                                   .updated = std::stoll(line.substr(second + 1, third - second - 1)),
                                   .deleted = line.substr(third + 1) == "1"};
  }
  return rows;
}

}  // namespace sluice::migration
