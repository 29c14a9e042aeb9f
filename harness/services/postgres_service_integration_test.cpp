#include <cstdlib>
#include <fstream>
#include <pqxx/pqxx>

#include "harness/services/memory_room.hpp"
#include "harness/services/supervisor_fixture.hpp"

namespace sluice::services {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class PostgresServiceTest : public SupervisorTest {
 protected:
  ~PostgresServiceTest() override {
    supervisor_.reset();
    release_shared_memory(folder_.path() / "one" / "data");
    release_shared_memory(folder_.path() / "two" / "data");
  }
  std::string value(const std::string& sql, const std::string& database, const std::string& service = "db") const {
    pqxx::connection connection(supervisor_->attribute(service, "url") + "/" + database);
    return pqxx::nontransaction(connection).exec1(sql)[0].as<std::string>();
  }
  // The folders of templates, whole and half.
  std::vector<fs::path> templates() const {
    std::vector<fs::path> found;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(folder_.path() / "templates", none)) {
      if (entry.is_directory()) found.push_back(entry.path());
    }
    return found;
  }
  // Whether initdb ran: it says so in the service's log.
  bool ran_initdb(const std::string& service = "db") const {
    return log_contains(folder_.path() / (service + ".log"), "The files belonging to this database system");
  }
  void again(const std::string& services) {
    supervisor_.reset();
    fs::remove(folder_.path() / "db.log");
    fs::remove_all(folder_.path() / "db");
    up(services);
    start();
  }
};

constexpr const char* one_database = "  db: { kind: postgres, databases: [voice] }\n";

TEST_F(PostgresServiceTest, RunsInitdbOnceForAllRuns) {
  up(one_database);
  start();
  EXPECT_TRUE(ran_initdb());
  const auto cold = supervisor_->results()[0].ready_after;
  ASSERT_THAT(templates(), SizeIs(1));
  again(one_database);
  EXPECT_FALSE(ran_initdb());
  EXPECT_EQ(value("SELECT current_database()", "voice"), "voice");
  EXPECT_THAT(templates(), SizeIs(1));
  RecordProperty("cold_ms", static_cast<int>(cold / 1ms));
  RecordProperty("warm_ms", static_cast<int>(supervisor_->results()[0].ready_after / 1ms));
}

TEST_F(PostgresServiceTest, MakesADamagedTemplateAnew) {
  up(one_database);
  start();
  const auto damaged = templates().at(0);
  fs::resize_file(damaged / "data" / "global" / "pg_filenode.map", 1);
  again(one_database);
  EXPECT_TRUE(ran_initdb());
  EXPECT_EQ(value("SELECT 1", "voice"), "1");
  fs::remove(damaged / "complete");
  again(one_database);
  EXPECT_TRUE(ran_initdb());
  again(one_database);
  EXPECT_FALSE(ran_initdb());
}

TEST_F(PostgresServiceTest, MakesOneTemplateWhenTwoStartAtOnce) {
  up("  one: { kind: postgres }\n  two: { kind: postgres }\n");
  start();
  EXPECT_NE(ran_initdb("one"), ran_initdb("two"));
  EXPECT_THAT(templates(), SizeIs(1));
  EXPECT_EQ(value("SELECT 1", "postgres", "one"), "1");
  EXPECT_EQ(value("SELECT 1", "postgres", "two"), "1");
}

TEST_F(PostgresServiceTest, CleansUpAfterARunThatWasKilledWhileMakingTheTemplate) {
  up(one_database);
  std::stop_source stop;
  auto started = std::async(std::launch::async, [&] { start(stop.get_token()); });
  while (templates().empty()) std::this_thread::yield();  // the folder that initdb works in
  stop.request_stop();
  EXPECT_THROW(started.get(), Cancelled);
  EXPECT_TRUE(templates().empty());
  // What a run that was killed leaves: nobody cleaned up after it, and the lock went with it.
  std::string key;
  for (const auto& entry : fs::directory_iterator(folder_.path() / "templates")) key = entry.path().stem();
  ASSERT_EQ(key.size(), 64u);
  const auto half = folder_.path() / "templates" / (key + ".making-abcdef") / "data";
  fs::create_directories(half);
  std::ofstream(half / "PG_VERSION") << "15\n";
  again(one_database);
  EXPECT_TRUE(ran_initdb());
  EXPECT_THAT(templates(), SizeIs(1));
}

TEST_F(PostgresServiceTest, CreatesExtensionsInEachDatabase) {
  up("  db: { kind: postgres, databases: [one, two], extensions: [plpgsql] }\n");
  start();
  EXPECT_EQ(value("SELECT count(*) FROM pg_extension WHERE extname = 'plpgsql'", "two"), "1");
  supervisor_.reset();
  fs::remove_all(folder_.path() / "db");
  up("  db: { kind: postgres, databases: [one], extensions: [no_such_thing] }\n");
  EXPECT_THAT(failure_of_start(),
              AllOf(HasSubstr("service db: cannot create its extensions: "), HasSubstr("no_such_thing")));
}

TEST_F(PostgresServiceTest, LoadsSqlAndDumps) {
  folder_.write("schema.sql", "CREATE TABLE t (x text);\nCOPY t FROM stdin;\nhello\n\\.\n");
  up("  db: { kind: postgres, databases: [one], load: [ { database: one, file: schema.sql } ] }\n");
  start();
  EXPECT_EQ(value("SELECT x FROM t", "one"), "hello");
  const auto dump =
      host_.spawn({.command = {"pg_dump", "--format=custom", "--file", (folder_.path() / "t.dump").string(),
                               supervisor_->attribute("db", "url") + "/one"},
                   .environment = {},
                   .directory = folder_.path(),
                   .log = folder_.path() / "dump.log"});
  ASSERT_TRUE(dump->wait(60s)->succeeded()) << log_tail(folder_.path() / "dump.log");
  again("  db: { kind: postgres, databases: [two], load: [ { database: two, file: t.dump } ] }\n");
  EXPECT_EQ(value("SELECT x FROM t", "two"), "hello");
}

TEST_F(PostgresServiceTest, NamesTheFileAndTheLineThatCannotBeLoaded) {
  folder_.write("bad.sql", "SELECT 1;\nSELECT 2;\nSELECT no_such_column;\nCREATE TABLE never (x int);\n");
  up("  db: { kind: postgres, load: [ { database: postgres, file: bad.sql } ] }\n");
  EXPECT_THAT(failure_of_start(), AllOf(HasSubstr("service db: cannot load its data: loading "),
                                        HasSubstr("bad.sql:3: "), HasSubstr("no_such_column")));
}

class PostgresInMemoryTest : public PostgresServiceTest {
 protected:
  PostgresInMemoryTest() {
    std::string name = "/dev/shm/sluice-test-XXXXXX";
    if (memory_room("/dev/shm") == 0 || mkdtemp(name.data()) == nullptr) return;
    environment_.memory = name;
    fs::permissions(name, fs::perms(0711));
  }
  ~PostgresInMemoryTest() override {
    supervisor_.reset();
    release_shared_memory(environment_.memory / "db" / "data");
    std::error_code ignored;
    if (!environment_.memory.empty()) fs::remove_all(environment_.memory, ignored);
  }
  void SetUp() override {
    if (!why_on_disk({.wanted = "auto", .room = memory_room(environment_.memory)}).empty())
      GTEST_SKIP() << "too little memory is free here";
  }
};

TEST_F(PostgresInMemoryTest, KeepsItsDataThereAndOverARestart) {
  up(one_database);
  start();
  EXPECT_TRUE(fs::exists(environment_.memory / "db" / "data" / "PG_VERSION"));
  EXPECT_FALSE(fs::exists(folder_.path() / "db" / "data"));
  EXPECT_TRUE(log_contains(folder_.path() / "db.log", "(memory)"));
  EXPECT_EQ(value("CREATE TABLE t (x int); INSERT INTO t VALUES (7) RETURNING x", "voice"), "7");
  supervisor_->restart("db", {});
  EXPECT_EQ(value("SELECT x FROM t", "voice"), "7");
  EXPECT_TRUE(log_contains(folder_.path() / "db.log", "shutting down"));  // in order: its data stays
  supervisor_->stop();
  EXPECT_TRUE(log_contains(folder_.path() / "db.log", "received immediate shutdown request"));
  EXPECT_FALSE(fs::exists(environment_.memory / "db" / "data" / "postmaster.pid"));
}

TEST_F(PostgresInMemoryTest, WhatIsDurableOrAskedToLiesOnTheDisk) {
  for (const char* option : {"durable: true", "storage: disk"}) {
    up(std::string("  db: { kind: postgres, ") + option + " }\n");
    start();
    EXPECT_TRUE(fs::exists(folder_.path() / "db" / "data" / "PG_VERSION")) << option;
    supervisor_.reset();
    fs::remove_all(folder_.path() / "db");
  }
}

TEST_F(PostgresServiceTest, SaysWhyItsDataCannotLieInMemory) {
  up("  db: { kind: postgres, storage: memory }\n");
  EXPECT_THAT(
      failure_of_start(),
      AllOf(HasSubstr("service db: its data cannot lie in memory as `storage: memory` asks: memory has room for 0 "
                      "MiB, and 2048 MiB should be free"),
            HasSubstr("choose `storage: disk` or `auto`")));
}

TEST_F(PostgresServiceTest, NamesAFileThatIsMissing) {
  up("  db: { kind: postgres, load: [ { database: postgres, file: none.sql } ] }\n");
  EXPECT_THAT(failure_of_start(), AllOf(HasSubstr("cannot read "), HasSubstr("none.sql")));
}

}  // namespace
}  // namespace sluice::services
