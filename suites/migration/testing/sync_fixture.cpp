#include "suites/migration/testing/sync_fixture.hpp"

#include <fmt/core.h>

#include <fstream>
#include <iterator>

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

std::string text_of(const std::filesystem::path& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

std::unique_ptr<services::ProcessHost> SyncFixture::host_;

void SyncFixture::SetUpTestSuite() {
  SideFixture::SetUpTestSuite();
  host_ = std::make_unique<services::ProcessHost>("sync-tests");
}

void SyncFixture::TearDownTestSuite() {
  host_.reset();
  SideFixture::TearDownTestSuite();
}

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

Outcome SyncFixture::run_sync(const std::string& more) {
  std::vector<std::string> command{SLUICE_SYNC_PROGRAM, (folder().path() / "old.db").string(), new_url(), wins_};
  command.insert(command.end(), faults_.begin(), faults_.end());
  const std::filesystem::path log = folder().path() / "sync.log";
  const auto program = host_->spawn(
      {.command = command, .environment = {}, .directory = folder().path(), .log = log, .run_as = std::nullopt});
  const std::string within = more.find("within:") == std::string::npos ? ", within: 20s" : "";
  const Outcome outcome = run_without_sync(within + more);
  EXPECT_FALSE(program->exited()) << "the sync ended by itself: " << text_of(log);
  program->end(SIGKILL, std::chrono::seconds(10));
  return outcome;
}

Outcome SyncFixture::run_without_sync(const std::string& more) {
  return run(sync_kind(), "{ " + parameters_ + more + " }");
}

}  // namespace sluice::migration
