#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/stores/postgres_connection.hpp"
#include "harness/testing/check_context.hpp"
#include "harness/testing/postgres_cluster.hpp"
#include "harness/testing/sqlite_file.hpp"

// `sluice diff` as a person calls it: the program itself, over a real SQLite file and a real PostgreSQL.
namespace sluice {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* users = "INSERT INTO users VALUES (1, 'Ada', '1.50'), (2, 'Bo', NULL), (3, 'Cy', '7')";

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
};

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Diff : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { cluster_ = std::make_unique<testing::PostgresCluster>(); }
  static void TearDownTestSuite() { cluster_.reset(); }

  void SetUp() override {
    database_ = fmt::format("diff{}", ++databases_);
    cluster_->execute("CREATE DATABASE " + database_);
    old_.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, score NUMERIC)");
    new_side("CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL, score numeric)");
    old_.execute(users);
    new_side(users);
  }
  void new_side(const std::string& sql) { cluster_->execute(sql, database_); }
  std::string new_url() const { return cluster_->url(database_); }

  /// Starts the program; finish() takes what it said.
  pid_t start(const std::vector<std::string>& arguments) const {
    const pid_t child = fork();
    if (child != 0) return child;
    for (const auto& [descriptor, name] : {std::pair(STDOUT_FILENO, "out"), std::pair(STDERR_FILENO, "err")}) {
      dup2(open((folder_.path() / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), descriptor);
    }
    const std::string program = std::string(SLUICE_BIN_DIR) + "/sluice";
    std::vector<char*> words{const_cast<char*>(program.c_str()), const_cast<char*>("diff")};
    for (const auto& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    execv(program.c_str(), words.data());
    _exit(127);
  }
  Ran finish(pid_t child) const {
    int status = 0;
    waitpid(child, &status, 0);
    return {.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            .out = contents(folder_.path() / "out"),
            .err = contents(folder_.path() / "err")};
  }
  Ran diff_of(const std::vector<std::string>& arguments) const { return finish(start(arguments)); }
  Ran diff(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {old_.url(), new_url()});
    return diff_of(more);
  }
  json json_of(const Ran& ran) const { return json::parse(ran.out); }

  static std::unique_ptr<testing::PostgresCluster> cluster_;
  static int databases_;
  testing::TemporaryFolder folder_;
  testing::SqliteFile old_{folder_.path() / "old.db"};
  std::string database_;
};

std::unique_ptr<testing::PostgresCluster> Diff::cluster_;
int Diff::databases_ = 0;

TEST_F(Diff, SaysNothingDiffersWhereNothingDoes) {
  const Ran ran = diff();
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("= users: 3 rows equal, 3 columns"));
  EXPECT_THAT(ran.out, HasSubstr("1 of 1 table equal; 3 rows compared\n"));
  EXPECT_THAT(ran.err, IsEmpty());
}

TEST_F(Diff, AgreesWithItselfByHashAndByMerge) {
  new_side("UPDATE users SET name = 'Bob' WHERE id = 2");
  const json by_hash = json_of(diff({"--strategy", "hash", "--format", "json"}));
  const json by_merge = json_of(diff({"--strategy", "merge", "--format", "json"}));
  for (const char* field : {"result", "rows", "cells_changed"}) {
    EXPECT_EQ(by_hash["tables"][0][field], by_merge["tables"][0][field]) << field;
  }
  EXPECT_THAT(by_hash["tables"][0]["strategy"], HasSubstr("hash"));
  EXPECT_EQ(by_merge["tables"][0]["strategy"], "merge: as asked");
}

TEST_F(Diff, ComparesTwoServersByHash) {
  const std::string other = database_ + "_copy";
  new_side("ALTER TABLE users ADD COLUMN seen timestamptz DEFAULT '2026-11-21 10:00:00.123456+02'");
  new_side("INSERT INTO users SELECT i, 'Eve', i, now() FROM generate_series(10, 40000) i; ANALYZE users");
  cluster_->execute("CREATE DATABASE " + other + " TEMPLATE " + database_);
  const Ran equal = diff_of({new_url(), cluster_->url(other), "--strategy", "hash"});
  EXPECT_EQ(equal.code, 0) << equal.out << equal.err;
  // Rows were copied in the order of their key: every 64 blocks of the heap are a part.
  const auto parts = cluster_->query("SELECT pg_relation_size('users') / 8192 / 64", database_).at(0);
  EXPECT_THAT(equal.out, HasSubstr("hash: 0 of " + parts + " buckets"));
  // The rows go to the end of the heap; two trade a value, one is far away, where two instants are one double.
  new_side(
      "UPDATE users SET score = 40 - score WHERE id IN (19, 21); UPDATE users SET seen = '2300-01-01' WHERE id = 9000");
  cluster_->execute(
      "UPDATE users SET seen = '2300-01-01 00:00:00.000001' WHERE id = 9000; DELETE FROM users WHERE id = 3", other);
  const json table =
      json_of(diff_of({new_url(), cluster_->url(other), "--strategy", "hash", "--format", "json"}))["tables"][0];
  EXPECT_EQ(table["cells_changed"], json::parse(R"({"score": 2, "seen": 1})"));
  EXPECT_EQ(table["rows"]["only_old"], 1);
  EXPECT_THAT(table["strategy"], HasSubstr("hash: "));
}

TEST_F(Diff, ShowsKeyColumnAndBothValuesOfWhatDiffers) {
  new_side("UPDATE users SET name = E'B\\x1b[31m\\no' WHERE id = 2; DELETE FROM users WHERE id = 3");
  new_side("INSERT INTO users VALUES (4, 'Di', 0)");
  const Ran ran = diff();
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("3 rows differ: 1 changed, 1 only in old, 1 only in new; of 3 rows"));
  EXPECT_THAT(ran.out, HasSubstr("  ~ id=2: name\n      old  Bo\n      new  B"));
  EXPECT_THAT(ran.out, HasSubstr("  - id=3: only in old\n  + id=4: only in new\n"));
  EXPECT_THAT(ran.out, Not(HasSubstr("\x1b"))) << "a value of the store reached the terminal as it was";
}

TEST_F(Diff, WritesTheSameAsJson) {
  new_side("UPDATE users SET score = 1.6 WHERE id = 1; DELETE FROM users WHERE id = 3");
  const Ran ran = diff({"--format", "json"});
  EXPECT_EQ(ran.code, 1);
  const json all = json_of(ran);
  EXPECT_EQ(all["sluice_diff"], 1);
  EXPECT_EQ(all["exit_code"], 1);
  const json& table = all["tables"][0];
  EXPECT_EQ(table["result"], "differs");
  EXPECT_EQ(table["rows"],
            json::parse(R"({"old": 3, "new": 2, "matched": 2, "changed": 1, "only_old": 1, "only_new": 0})"));
  EXPECT_EQ(table["cells_changed"], json::parse(R"({"score": 1})"));
  EXPECT_EQ(table["differences"][0]["kind"], "changed");
  EXPECT_EQ(table["differences"][0]["key"], "id=1");
  EXPECT_EQ(table["differences"][0]["column"], "score");
  EXPECT_EQ(table["differences"][0]["old"], "1.5");
  EXPECT_EQ(table["differences"][0]["new"], "1.6");
  EXPECT_EQ(table["differences"][1]["kind"], "missing");
}

TEST_F(Diff, CountsAllAndShowsASample) {
  new_side("UPDATE users SET name = name || '!'");
  const json all = json_of(diff({"--format", "json", "--sample", "1"}));
  EXPECT_EQ(all["tables"][0]["rows"]["changed"], 3);
  EXPECT_EQ(all["tables"][0]["differences"].size(), 1U);
  EXPECT_THAT(diff({"--sample", "1"}).out, HasSubstr("… and 2 differences more; --sample N shows more rows"));
}

TEST_F(Diff, TellsOfTablesAndColumnsOfOneSideOnly) {
  old_.execute("CREATE TABLE legacy (id INTEGER PRIMARY KEY); ALTER TABLE users ADD COLUMN note TEXT");
  new_side("CREATE TABLE audit (id bigint PRIMARY KEY); ALTER TABLE users ADD COLUMN mail text");
  const Ran ran = diff({"--format", "json"});
  EXPECT_EQ(ran.code, 1);
  const json all = json_of(ran);
  EXPECT_THAT(all["tables_only_old"], ElementsAre("legacy"));
  EXPECT_THAT(all["tables_only_new"], ElementsAre("audit"));
  EXPECT_THAT(all["tables"][0]["columns_only_old"], ElementsAre("note"));
  EXPECT_THAT(all["tables"][0]["columns_only_new"], ElementsAre("mail"));
  EXPECT_EQ(all["tables"][0]["result"], "differs");
  EXPECT_EQ(diff({"--table", "users", "--columns", "id,name,score"}).code, 0);
}

TEST_F(Diff, ComparesTablesAndColumnsOfOtherNames) {
  new_side("CREATE TABLE people (id bigint, full_name text UNIQUE NOT NULL)");
  new_side("INSERT INTO people SELECT id + 100, name FROM users");
  const std::vector<std::string> arguments{"--table", "users=people", "--key", "name", "--columns", "name=full_name"};
  const Ran ran = diff(arguments);
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("= users = people: 3 rows equal, 1 column "));
}

TEST_F(Diff, LeavesViewsAndIndexTablesOutUnlessTheyAreNamed) {
  old_.execute("CREATE VIEW v AS SELECT * FROM users; CREATE VIRTUAL TABLE found USING fts5(name)");
  new_side("CREATE VIEW v AS SELECT * FROM users");
  const Ran ran = diff();
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out,
              HasSubstr("not compared, as views, virtual tables or partitions in old: found, v; name them with "
                        "--table\n"));
  EXPECT_THAT(ran.out, HasSubstr("in new: v; name them with --table\n"));
  EXPECT_THAT(json_of(diff({"--format", "json"}))["left_out_old"], ElementsAre("found", "v"));
  const Ran named = diff({"--table", "v", "--key", "id"});
  EXPECT_EQ(named.code, 0);
  EXPECT_THAT(named.out, Not(HasSubstr("not compared")));
}

TEST_F(Diff, PairsTheTablesOfOneSchemaWhateverTheSearchPathIs) {
  const std::string other = database_ + "_copy";
  new_side("CREATE SCHEMA alt; CREATE TABLE alt.users (id int PRIMARY KEY); INSERT INTO alt.users VALUES (7)");
  cluster_->execute("CREATE DATABASE " + other + " TEMPLATE " + database_);
  cluster_->execute("ALTER DATABASE " + other + " SET search_path = alt");
  const Ran ran = diff_of({new_url(), cluster_->url(other)});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("= users = public.users: 3 rows equal"));
  EXPECT_THAT(ran.out, HasSubstr("= alt.users = users: 1 row equal"));
  // A name on the command line is what each side's own search_path finds.
  EXPECT_EQ(diff_of({new_url(), cluster_->url(other), "--table", "users"}).code, 1);
  // As the old side has no schemas, its users are what the new side's sessions find.
  EXPECT_THAT(json_of(diff_of({old_.url(), cluster_->url(other), "--format", "json"}))["tables_only_new"],
              ElementsAre("public.users"));
  // Moved to another schema, where the role looks for it.
  cluster_->execute(
      "DROP TABLE public.users; DROP TABLE alt.users; CREATE TABLE alt.users (id bigint PRIMARY KEY, "
      "name text NOT NULL, score numeric)",
      other);
  cluster_->execute(std::string("SET search_path = alt; ") + users, other);
  new_side("DROP TABLE alt.users");
  EXPECT_EQ(diff_of({new_url(), cluster_->url(other)}).code, 0);
}

TEST_F(Diff, LeavesOutWhatIsExcluded) {
  const std::string other = database_ + "_copy";
  new_side("CREATE TABLE zero ()");
  cluster_->execute("CREATE DATABASE " + other + " TEMPLATE " + database_);
  EXPECT_EQ(diff_of({new_url(), cluster_->url(other)}).code, 3) << "nothing can be compared of such a table";
  const Ran ran = diff_of({new_url(), cluster_->url(other), "--exclude", "zero"});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("not compared, as excluded: zero\n1 of 1 table equal"));
  EXPECT_EQ(diff_of({new_url(), cluster_->url(other), "--exclude", "public.zero"}).code, 0);
  const Ran wrong = diff_of({new_url(), cluster_->url(other), "--exclude", "zeros"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("--exclude names the table zeros, which neither side has, did you mean zero?"));
  EXPECT_EQ(diff({"--exclude", "users", "--exclude", "zero"}).code, 4) << "nothing is left";
  EXPECT_EQ(diff({"--exclude", "zero", "--table", "users"}).code, 2);
}

TEST_F(Diff, RefusesATableAColumnAndAKeyThatAreNotThere) {
  const Ran table = diff({"--table", "user"});
  EXPECT_EQ(table.code, 2);
  EXPECT_THAT(table.out, HasSubstr("there is no table 'user'"));
  EXPECT_THAT(table.out, HasSubstr("did you mean users?"));
  const Ran key = diff({"--table", "users", "--key", "idd"});
  EXPECT_EQ(key.code, 2);
  EXPECT_THAT(key.out, HasSubstr("--key names the column idd, which the old side does not have, did you mean id?"));
  const Ran column = diff({"--table", "users", "--columns", "nam"});
  EXPECT_EQ(column.code, 2);
  EXPECT_THAT(column.out, HasSubstr("did you mean name?"));
  const Ran partner = diff({"--table", "users", "--columns", "name=nam"});
  EXPECT_EQ(partner.code, 2);
  EXPECT_THAT(partner.out, HasSubstr("--columns names the column nam, which the new side does not have"));
}

TEST_F(Diff, ShowsTheValuesOfRowsWithoutAKey) {
  old_.execute(
      "CREATE TABLE log (n INTEGER, a TEXT, more TEXT); INSERT INTO log VALUES (1, 'same', ''), (1, 'old', NULL)");
  new_side("CREATE TABLE log (n int, a text, more text)");
  new_side("INSERT INTO log VALUES (1, 'same', ''), (1, 'new', 'NULL'), (1, 'new', 'NULL')");
  const Ran ran = diff({"--table", "log"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("  - n=1, a=old, more=NULL: only in old\n"));
  EXPECT_THAT(ran.out, HasSubstr("  + n=1, a=new, more='NULL': only in new, 2 times\n"));
  EXPECT_THAT(ran.out, Not(HasSubstr("…")));
  const json differences = json_of(diff({"--table", "log", "--format", "json"}))["tables"][0]["differences"];
  EXPECT_EQ(differences[0]["row"], "n=1, a=new, more='NULL'");
  EXPECT_EQ(differences[0]["occurrences"], 2);
}

TEST_F(Diff, BoundsTheValuesOfRowsWithoutAKey) {
  std::string columns = "c0 TEXT";
  for (int i = 1; i < 100; ++i) columns += fmt::format(", c{} TEXT", i);
  old_.execute("CREATE TABLE wide (" + columns + "); INSERT INTO wide (c0) VALUES (hex(zeroblob(500)))");
  new_side("CREATE TABLE wide (" + columns + ")");
  const Ran ran = diff({"--table", "wide"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("… (100 columns): only in old"));
  EXPECT_LT(ran.out.size(), 2000U);
}

TEST_F(Diff, ShowsInWhatValuesDifferThatPrintAlike) {
  old_.execute("CREATE TABLE odd (id INTEGER PRIMARY KEY, v, t TEXT)");
  old_.execute("INSERT INTO odd VALUES (1, 1, 'a'), (2, NULL, 'a'), (3, '', 'a'), (4, 4, hex(zeroblob(600)) || 'old')");
  const testing::SqliteFile other(folder_.path() / "other.db");
  other.execute("CREATE TABLE odd (id INTEGER PRIMARY KEY, v, t TEXT)");
  other.execute(
      "INSERT INTO odd VALUES (1, '1', 'a '), (2, 'NULL', 'a'), (3, x'', 'a'), (4, 4, hex(zeroblob(600)) || 'new')");
  const Ran ran = diff_of({old_.url(), other.url(), "--table", "odd"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("old  integer 1\n      new  text '1'\n"));
  EXPECT_THAT(ran.out, HasSubstr("old  'a'\n      new  'a '\n"));
  EXPECT_THAT(ran.out, HasSubstr("old  NULL\n      new  text 'NULL'\n"));
  EXPECT_THAT(ran.out, HasSubstr("old  text ''\n      new  blob x''\n"));
  EXPECT_THAT(ran.out, HasSubstr("000old (1203 bytes, the first that differs is number 1201)"));
  EXPECT_THAT(ran.out, HasSubstr("000new (1203 bytes, the first that differs is number 1201)"));
}

TEST_F(Diff, CallsWhatTheServerRefusesNoWrongCommandLine) {
  new_side("DROP ROLE IF EXISTS diff_reader; CREATE ROLE diff_reader LOGIN");
  std::string url = new_url();
  url.replace(url.find("//") + 2, url.find('@') - url.find("//") - 2, "diff_reader");
  for (const auto& [more, what] :
       {std::pair("", "permission denied"), std::pair("GRANT SELECT ON users TO diff_reader;"
                                                      "ALTER TABLE users ENABLE ROW LEVEL SECURITY",
                                                      "row")}) {
    if (*more != '\0') new_side(more);
    const Ran named = diff_of({old_.url(), url, "--table", "users"});
    EXPECT_EQ(named.code, 3) << named.out << named.err;
    EXPECT_THAT(named.out, HasSubstr(what));
    EXPECT_EQ(diff_of({old_.url(), url}).code, 3);
  }
  new_side("DROP OWNED BY diff_reader; DROP ROLE diff_reader");
}

TEST_F(Diff, SaysWhatItsUserCanDo) {
  old_.execute("CREATE TABLE heap (id INTEGER PRIMARY KEY, at REAL); CREATE TABLE other (a INTEGER)");
  new_side(
      "CREATE TABLE heap (id integer PRIMARY KEY, at timestamptz); CREATE TABLE other (a int, id int PRIMARY KEY)");
  const Ran type = diff({"--table", "heap"});
  EXPECT_EQ(type.code, 3);
  EXPECT_THAT(type.out, HasSubstr("leave it out: name the table with --table and the other columns with --columns"));
  const Ran key = diff({"--table", "other"});
  EXPECT_EQ(key.code, 3);
  EXPECT_THAT(key.out, HasSubstr("name columns that are unique together with --table TABLE --key COLUMN"));
  EXPECT_THAT(key.out, Not(HasSubstr("multiset")));
}

TEST_F(Diff, ComparesATableOnceHoweverOftenItIsNamed) {
  const Ran ran = diff({"--table", "users", "--table", "users=users"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("1 of 1 table equal; 3 rows compared\n"));
  new_side("DELETE FROM users WHERE id = 3");
  EXPECT_THAT(diff().out, HasSubstr("1 row differs: "));
}

TEST_F(Diff, RefusesAKeyThatIsNotUnique) {
  old_.execute("INSERT INTO users VALUES (4, 'Ada', 2)");
  new_side("INSERT INTO users VALUES (4, 'Ada', 2)");
  const Ran ran = diff({"--table", "users", "--key", "name"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.out, HasSubstr("is not unique"));
}

TEST_F(Diff, RefusesWrongCommandLines) {
  EXPECT_EQ(diff({"--key", "id"}).code, 2);
  EXPECT_THAT(diff({"--key", "id"}).err, HasSubstr("speak of one table"));
  EXPECT_EQ(diff({"--table", "=b"}).code, 2);
  EXPECT_EQ(diff({"--strategy", "guess"}).code, 2);
  EXPECT_EQ(diff_of({old_.url()}).code, 2);
  EXPECT_EQ(diff_of({"mysql://a/b", new_url()}).code, 2);
}

TEST_F(Diff, RefusesToCompareATableWithItself) {
  const Ran ran = diff_of({old_.url(), old_.url(), "--table", "users"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.out, HasSubstr("would be compared with itself"));
}

TEST_F(Diff, ComparesTheOtherTablesWhenOneCannotBe) {
  old_.execute("CREATE TABLE heap (id INTEGER PRIMARY KEY, at REAL)");
  new_side("CREATE TABLE heap (id integer PRIMARY KEY, at timestamptz)");
  const Ran ran = diff();
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.out, HasSubstr("? heap: not compared: "));
  EXPECT_THAT(ran.out, HasSubstr("= users: 3 rows equal"));
}

TEST_F(Diff, CallsNothingEqualWhereThereIsNoRow) {
  old_.execute("DELETE FROM users");
  new_side("DELETE FROM users");
  EXPECT_EQ(diff().code, 4);
  new_side("DROP TABLE users");
  old_.execute("DROP TABLE users");
  const Ran ran = diff();
  EXPECT_EQ(ran.code, 4);
  EXPECT_THAT(ran.out, HasSubstr("no table is on both sides: nothing was compared"));
}

TEST_F(Diff, NamesADeadServerWithoutItsPassword) {
  const std::string url = "postgresql://app:hunter2@127.0.0.1:1/voice?sslpassword=swordfish";
  const Ran ran = diff_of({old_.url(), url});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, HasSubstr("postgresql://app:***@127.0.0.1:1/voice"));
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err, Not(HasSubstr("hunter2")));
  EXPECT_THAT(ran.err, Not(HasSubstr("swordfish")));
}

TEST_F(Diff, RepeatsNoPasswordInWhatItFinds) {
  new_side("UPDATE users SET name = 'x' WHERE id = 1");
  std::string url = new_url();
  url.insert(url.find('@'), ":hunter2");
  for (const char* format : {"text", "json"}) {
    const Ran ran = diff_of({old_.url(), url, "--format", format});
    EXPECT_EQ(ran.code, 1) << ran.err;
    EXPECT_THAT(ran.out + ran.err, Not(HasSubstr("hunter2")));
    EXPECT_THAT(ran.out, HasSubstr("***"));
  }
}

TEST_F(Diff, SaysThatAFileIsMissingOrDamaged) {
  const Ran missing = diff_of({"sqlite:" + (folder_.path() / "none.db").string(), new_url()});
  EXPECT_EQ(missing.code, 3);
  EXPECT_THAT(missing.err, HasSubstr("there is no such file"));
  const auto noise = folder_.write("noise.db", std::string(8192, 'x'));
  const Ran damaged = diff_of({"sqlite:" + noise.string(), new_url()});
  EXPECT_EQ(damaged.code, 3);
  EXPECT_THAT(damaged.err, HasSubstr("is damaged"));
}

TEST_F(Diff, SaysThatAPageOfATableIsDamaged) {
  old_.execute(
      "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
      "INSERT INTO users SELECT i, hex(zeroblob(200)), 1 FROM n");
  new_side("INSERT INTO users SELECT i, repeat('00', 200), 1 FROM generate_series(10, 2000) i");
  ASSERT_EQ(diff().code, 0);
  {
    std::fstream file(old_.path(), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(4096 * 20);
    file << std::string(4096 * 10, '\xAA');
  }
  const Ran ran = diff();
  EXPECT_EQ(ran.code, 3) << ran.out << ran.err;
  EXPECT_THAT(ran.out + ran.err, HasSubstr("is damaged"));
}

TEST_F(Diff, SaysWhatToDoWithTheJournalOfAWriterThatCrashed) {
  const auto crashed = folder_.path() / "crashed.db";
  {
    // What the disk holds in the middle of a transaction is what a crash leaves.
    old_.execute("PRAGMA cache_size = 1; BEGIN; DELETE FROM users; CREATE TABLE filler (x)");
    old_.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
        "INSERT INTO filler SELECT zeroblob(1000) FROM n");
    std::filesystem::copy_file(old_.path(), crashed);
    std::filesystem::copy_file(old_.path().string() + "-journal", crashed.string() + "-journal");
    old_.execute("ROLLBACK");
  }
  const Ran ran = diff_of({"sqlite:" + crashed.string(), new_url()});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err,
              HasSubstr("a writer crashed in a transaction and left its journal " + crashed.string() + "-jour"));
  EXPECT_THAT(ran.err, HasSubstr("sqlite3 " + crashed.string() + " 'PRAGMA integrity_check'"));
  testing::SqliteFile(crashed).execute("PRAGMA integrity_check");
  EXPECT_EQ(diff_of({"sqlite:" + crashed.string(), new_url()}).code, 0);
}

TEST_F(Diff, EndsWithTheSignalsCodeOnCtrlC) {
  // A lock of somebody else's holds the comparison, so that it runs when the signal comes.
  stores::PostgresConnection other(new_url(), {});
  other.query("BEGIN", {}, "locking");
  other.query("LOCK TABLE users IN ACCESS EXCLUSIVE MODE", {}, "locking");
  const pid_t child = start({old_.url(), new_url(), "--strategy", "merge"});
  const std::string waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = '" + database_ +
                              "' AND application_name = 'sluice' AND wait_event_type = 'Lock'";
  while (cluster_->query(waiting) == std::vector<std::string>{"0"}) {
    ASSERT_EQ(waitpid(child, nullptr, WNOHANG), 0) << "it ended before: " << contents(folder_.path() / "err");
  }
  kill(child, SIGINT);
  const Ran ran = finish(child);
  EXPECT_EQ(ran.code, 130);
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_EQ(ran.err, "sluice: interrupted; nothing is said of the stores\n");
}

}  // namespace
}  // namespace sluice
