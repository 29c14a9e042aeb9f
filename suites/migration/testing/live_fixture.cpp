#include "suites/migration/testing/live_fixture.hpp"

#include <fmt/core.h>
#include <sqlite3.h>

#include <stdexcept>
#include <thread>

#include "harness/core/exact_json.hpp"
#include "harness/stores/sql_session.hpp"

namespace sluice::migration {
namespace {

std::string key_of(const testing::ServedRequest& request) {
  return request.target.substr(request.target.rfind('/') + 1);
}

std::string text_of(const testing::ServedRequest& request) {
  const JsonParse parsed = parse_exact_json(request.body);
  return parsed.value ? parsed.value->find("text")->text() : "";
}

std::string with(std::string statement, const std::string& key, const std::string& text = "") {
  statement.replace(statement.find("{key}"), 5, stores::quote_literal(key));
  const auto at = statement.find("{text}");
  return at == std::string::npos ? statement : statement.replace(at, 6, stores::quote_literal(text));
}

testing::ServedResponse stored(const std::string& key) {
  return {.status = 201, .body = fmt::format(R"({{"id": "{}"}})", key)};
}

testing::ServedResponse removed(bool found) {
  return found ? testing::ServedResponse{.status = 204} : testing::ServedResponse{.status = 404, .body = "{}"};
}

// The number of the next change, which no other had before.
constexpr const char* next_change =
    "(SELECT 1 + coalesce(max(changed), 0) FROM (SELECT changed FROM items UNION ALL SELECT changed FROM removed))";

}  // namespace

void LiveFixture::SetUp() {
  SideFixture::SetUp();
  old_side(
      "PRAGMA journal_mode = WAL; CREATE TABLE items (key TEXT PRIMARY KEY, body TEXT, changed INTEGER NOT NULL "
      "UNIQUE); CREATE TABLE removed (key TEXT PRIMARY KEY, changed INTEGER NOT NULL UNIQUE)");
  new_side("CREATE TABLE items (id bigint GENERATED ALWAYS AS IDENTITY, key text UNIQUE, body text)");
  served_.emplace(folder().path() / "old.db");
  served_->execute("PRAGMA busy_timeout = 10000");
  old_service_ = [this](const std::string& key, const std::string& text, std::size_t) {
    store_in_old(key, text);
    return stored(key);
  };
  old_delete_service_ = [this](const std::string& key, std::size_t) { return removed(remove_from_old(key)); };
  old_server_.emplace(testing::ServerHandlers{
      .http = [this](const testing::ServedRequest& request) { return serve_old(request); }, .websocket = {}});
  new_server_.emplace(testing::ServerHandlers{
      .http = [this](const testing::ServedRequest& request) { return serve_new(request); }, .websocket = {}});
  context().endpoints = {{"old", old_server_->url()}, {"new", new_server_->url()}};
}

void LiveFixture::store_in_old(const std::string& key, const std::string& text) {
  served_->execute(with(fmt::format("INSERT INTO items VALUES ({{key}}, {{text}}, {}) "
                                    "ON CONFLICT (key) DO UPDATE SET body = excluded.body, changed = excluded.changed",
                                    next_change),
                        key, text));
}

bool LiveFixture::remove_from_old(const std::string& key) {
  served_->execute("BEGIN IMMEDIATE");
  served_->execute(with(
      fmt::format("INSERT OR REPLACE INTO removed SELECT key, {} FROM items WHERE key = {{key}}", next_change), key));
  served_->execute(with("DELETE FROM items WHERE key = {key}", key));
  const bool found = sqlite3_changes(served_->handle()) > 0;
  served_->execute("COMMIT");
  return found;
}

void LiveFixture::store_in_new(const std::string& key, const std::string& text) {
  new_side(
      with("INSERT INTO items (key, body) VALUES ({key}, {text}) ON CONFLICT (key) DO UPDATE SET body = "
           "excluded.body",
           key, text));
}

testing::ServedResponse LiveFixture::serve_old(const testing::ServedRequest& request) {
  auto response = request.method == "DELETE" ? old_delete_service_(key_of(request), old_requests_ + 1)
                                             : old_service_(key_of(request), text_of(request), old_requests_ + 1);
  const std::scoped_lock lock(mutex_);
  ++old_requests_;
  served_one_.notify_all();
  return response;
}

testing::ServedResponse LiveFixture::serve_new(const testing::ServedRequest& request) {
  if (request.method == "GET") {
    const auto rows = ask_new_side("SELECT body FROM items WHERE key = " + stores::quote_literal(key_of(request)));
    const std::string found = rows.empty() ? "null" : ExactJson::make_string(rows.front()).dump();
    return {.body = fmt::format(R"({{"asked": "{}", "found": {}}})", key_of(request), found)};
  }
  if (request.method == "DELETE")
    return removed(!ask_new_side(with("DELETE FROM items WHERE key = {key} RETURNING 1", key_of(request))).empty());
  store_in_new(key_of(request), text_of(request));
  return stored(key_of(request));
}

std::size_t LiveFixture::copy_changes() {
  const testing::SqliteFile source(folder().path() / "old.db");
  source.execute("PRAGMA busy_timeout = 10000");
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(source.handle(),
                         "SELECT key, body, changed FROM items WHERE changed > ?1 UNION ALL "
                         "SELECT key, NULL, changed FROM removed WHERE changed > ?1 ORDER BY changed",
                         -1, &statement, nullptr) != SQLITE_OK)
    throw std::runtime_error(sqlite3_errmsg(source.handle()));
  sqlite3_bind_int64(statement, 1, copied_up_to_);
  const auto text = [&](int column) { return reinterpret_cast<const char*>(sqlite3_column_text(statement, column)); };
  std::string all = "SELECT 1";
  std::size_t rows = 0;
  for (; sqlite3_step(statement) == SQLITE_ROW; ++rows) {
    const bool gone = sqlite3_column_type(statement, 1) == SQLITE_NULL;
    all +=
        ";\n" + (gone ? with(copy_delete_statement_, text(0)) : with(copy_statement_, text(0), copied_text_(text(1))));
    copied_up_to_ = sqlite3_column_int64(statement, 2);
  }
  sqlite3_finalize(statement);
  new_side(all);
  return rows;
}

void LiveFixture::wait_for_first_look() {
  while (ask_new_side("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sluice_query%' AND pid <> "
                      "pg_backend_pid()")
             .front() == "0") {
  }
}

void LiveFixture::act(ActionTimeline& timeline) {
  timeline.begin("migrate");
  migrate_();
  {
    std::unique_lock lock(mutex_);
    const std::size_t enough = old_requests_ + writes_beside_;
    served_one_.wait_for(lock, std::chrono::seconds(30), [&] { return old_requests_ >= enough; });
  }
  timeline.end();
  timeline.begin("catch-up");
  catch_up_();
  timeline.end();
}

Outcome LiveFixture::run_live(const std::string& more) {
  ActionTimeline timeline(*context().clock, {"migrate", "catch-up"});
  context().actions = &timeline;
  const CheckKind kind = live_writes_kind();
  const auto check = kind.make(testing::make_parameters(kind, "{ " + parameters_ + more + " }"));
  check->prepare(context());
  std::exception_ptr broken;
  std::jthread actions([&] {
    try {
      act(timeline);
    } catch (...) {
      broken = std::current_exception();
    }
    timeline.close();
  });
  check->exercise(context());
  actions.join();
  if (broken) std::rethrow_exception(broken);
  Outcome outcome = check->judge(context());
  if (outcome.verdict == Verdict::passed) outcome.control = check->control(context());
  return outcome;
}

std::string LiveFixture::run_live_error(const std::string& more) {
  try {
    run_live(more);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no exception";
}

}  // namespace sluice::migration
