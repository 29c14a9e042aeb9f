#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "harness/testing/http_server.hpp"
#include "suites/migration/live/live_writes.hpp"
#include "suites/migration/testing/side_fixture.hpp"

namespace sluice::migration {

/// A service on each side that keeps things by their key, the old one in SQLite, the new one in PostgreSQL, and a
/// migration that copies what changed from one to the other, deletes included, while clients write. What is wrong with
/// any of them is up to the test.
class LiveFixture : public SideFixture {
 protected:
  void SetUp() override;

  /// Runs the check with `more` parameters beside the actions `migrate`, during which the old service takes at least
  /// `writes` requests after the copy, and `catch-up`.
  Outcome run_live(const std::string& more = "");
  std::string run_live_error(const std::string& more = "");
  /// Copies what changed on the old side since the last copy; returns how many rows.
  std::size_t copy_changes();
  void store_in_old(const std::string& key, const std::string& text);
  void store_in_new(const std::string& key, const std::string& text);
  /// False when there is none.
  bool remove_from_old(const std::string& key);
  /// Returns when the check has begun to ask the new store what is there.
  void wait_for_first_look();
  std::size_t old_requests() const { return old_requests_; }

  /// What happens in the actions, and what the services do with a write; the defaults are right.
  std::function<void()> migrate_ = [this] { copy_changes(); };
  std::function<void()> catch_up_ = [this] { copy_changes(); };
  std::function<testing::ServedResponse(const std::string& key, const std::string& text, std::size_t number)>
      old_service_;
  std::function<testing::ServedResponse(const std::string& key, std::size_t number)> old_delete_service_;
  std::function<std::string(const std::string& text)> copied_text_ = [](const std::string& text) { return text; };
  std::string copy_statement_ =
      "INSERT INTO items (key, body) VALUES ({key}, {text}) ON CONFLICT (key) DO UPDATE SET body = excluded.body";
  std::string copy_delete_statement_ = "DELETE FROM items WHERE key = {key}";
  std::string parameters_ =
      "write: { method: PUT, path: \"/items/{key}\", body: '{\"text\": \"{value}\"}' }, rate: 1000/s, overlap_min: 10, "
      "route: [old, { to: none, from: catch-up }], settle: 0s, stable: 0s, find: { table: items, column: body }";
  std::string deletes_ = ", delete: { path: \"/items/{key}\" }";  ///< more parameters
  std::size_t writes_beside_ = 25;

 private:
  testing::ServedResponse serve_old(const testing::ServedRequest& request);
  testing::ServedResponse serve_new(const testing::ServedRequest& request);
  void act(ActionTimeline& timeline);

  std::optional<testing::SqliteFile> served_;  // the service's own connection
  std::int64_t copied_up_to_ = 0;
  std::mutex mutex_;
  std::condition_variable served_one_;
  std::atomic<std::size_t> old_requests_{0};
  std::optional<testing::HttpServer> old_server_, new_server_;
};

}  // namespace sluice::migration
