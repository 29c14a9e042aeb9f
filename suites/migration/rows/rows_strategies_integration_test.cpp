// Hashing and merging must say the same of every table: random rows of every type, random corruption.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <random>

#include "suites/migration/testing/rows_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::HasSubstr;

constexpr const char* old_columns =
    "n INTEGER, big INTEGER, flag BOOLEAN, amount NUMERIC, price TEXT, f REAL, s TEXT, u TEXT, at TEXT, d DATE, j "
    "TEXT, "
    "b BLOB";
constexpr const char* new_columns =
    "n int, big int8 NOT NULL, flag bool, amount numeric, price numeric, f float8, s text, u uuid, at timestamptz, d "
    "date, j jsonb, b bytea";

/// Writes random rows as literals that both engines read, sometimes spelled differently on the two sides.
class RandomRows {
 public:
  /// One in `odd` values needs a closer look than a hash.
  RandomRows(std::uint64_t seed, std::uint64_t odd) : random_(seed), odd_(odd) {}

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool once_in(std::uint64_t times) { return below(times) == 0; }

  /// One row: pairs of literals, old and new.
  std::vector<std::pair<std::string, std::string>> cells() {
    std::vector<std::pair<std::string, std::string>> row{
        same(fmt::format("{}", static_cast<std::int32_t>(random_()))),
        same(fmt::format("{}", static_cast<std::int64_t>(random_() >> 1))),
        once_in(2) ? std::pair<std::string, std::string>{"1", "true"}
                   : std::pair<std::string, std::string>{"0", "false"},
        same(fmt::format("{}{}.{:02}", once_in(3) ? "-" : "", below(100'000), below(100))),
        decimal_text(),
        same(fmt::format("{}", static_cast<double>(below(1'000'000)) / 64)),
        same(quoted(text())),
        uuid(),
        timestamp(),
        same(fmt::format("'20{:02}-{:02}-{:02}'", below(100), 1 + below(12), 1 + below(28))),
        json(),
        blob()};
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i != 1 && once_in(12)) row[i] = same("NULL");
    }
    return row;
  }

 private:
  static std::pair<std::string, std::string> same(const std::string& literal) { return {literal, literal}; }
  static std::string quoted(const std::string& text) { return "'" + text + "'"; }
  std::string text() {
    std::string text;
    for (std::uint64_t i = below(40); i > 0; --i)
      text += once_in(9) ? "ü" : std::string(1, static_cast<char>('a' + below(26)));
    return text;
  }
  std::pair<std::string, std::string> decimal_text() {
    const std::uint64_t value = below(1'000'000'000);
    const std::string sign = once_in(3) ? "-" : "";
    return {fmt::format("'{}{}.50'", sign, value), fmt::format("{}{}.5", sign, value)};
  }
  std::pair<std::string, std::string> uuid() {
    const std::string digits = fmt::format("{:016x}{:016x}", random_(), random_());
    return {quoted(digits), quoted(digits)};
  }
  std::pair<std::string, std::string> timestamp() {
    const std::uint64_t year = once_in(odd_) ? 2250 : 1960 + below(80);  // some beyond what a double tells apart
    const std::string day = fmt::format("{}-{:02}-{:02}", year, 1 + below(12), 1 + below(28));
    const std::uint64_t hour = below(20), micros = below(1'000'000);
    return {fmt::format("'{}T{:02}:00:00.{:06}Z'", day, hour, micros),
            fmt::format("'{} {:02}:00:00.{:06}+02'", day, hour + 2, micros)};
  }
  std::pair<std::string, std::string> json() {
    const std::uint64_t a = 1 + below(100);
    const std::string word = text();
    if (once_in(odd_)) return {fmt::format("'{{\"a\":{}e1}}'", a), fmt::format("'{{\"a\": {}0.0}}'", a)};
    return {fmt::format("'{{\"long\":[1.50,true,null],\"a\":{},\"w\":\"{}\"}}'", a, word),
            fmt::format("'{{\"w\": \"{}\", \"a\": {}, \"long\": [1.50, true, null]}}'", word, a)};
  }
  std::pair<std::string, std::string> blob() {
    const std::string digits = fmt::format("{:016x}", random_());
    return {"x'" + digits + "'", "'\\x" + digits + "'"};
  }
  std::mt19937_64 random_;
  std::uint64_t odd_;
};

struct Case {
  const char* old_key;
  const char* new_key;
  const char* key_literal;  ///< of row {}
  std::uint64_t seed;
};

class Strategies : public RowsFixture, public ::testing::WithParamInterface<Case> {
 protected:
  /// `corrupt` in a thousand rows are altered, dropped or added on the new side.
  void fill(std::uint64_t rows, std::uint64_t corrupt, std::uint64_t odd = 500) {
    RandomRows random(GetParam().seed, odd);
    old_side(fmt::format("CREATE TABLE t ({}, {})", GetParam().old_key, old_columns));
    new_side(fmt::format("CREATE TABLE t ({}, {})", GetParam().new_key, new_columns));
    std::vector<std::string> old_rows, new_rows;
    for (std::uint64_t i = 1; i <= rows; ++i) {
      auto cells = random.cells();
      const std::string key = fmt::format(fmt::runtime(GetParam().key_literal), i);
      std::vector<std::string> old_row{key}, new_row{key};
      const bool hit = random.below(1000) < corrupt;
      const std::uint64_t how = random.below(cells.size() + 2);
      if (hit && how < cells.size()) cells[how].second = random.cells()[how].second;
      for (const auto& [old_cell, new_cell] : cells) {
        old_row.push_back(old_cell);
        new_row.push_back(new_cell);
      }
      if (!hit || how != cells.size()) old_rows.push_back(fmt::format("({})", fmt::join(old_row, ", ")));
      if (!hit || how != cells.size() + 1) new_rows.push_back(fmt::format("({})", fmt::join(new_row, ", ")));
    }
    old_side(fmt::format("INSERT INTO t VALUES {}", fmt::join(old_rows, ", ")));
    new_side(fmt::format("INSERT INTO t VALUES {}; ANALYZE t", fmt::join(new_rows, ", ")));
  }
};

TEST_P(Strategies, AgreeOnEqualTables) {
  fill(3000, 0);
  const Outcome outcome = compare_both_ways(R"({"tables": {"t": {}}})");
  expect_earned_pass(outcome);
  EXPECT_THAT(outcome.reason, HasSubstr("; t by hash: "));
  EXPECT_EQ(metric(outcome, "rows_compared"), 3000);
}

TEST_P(Strategies, AgreeOnAFewCorruptedRows) {
  fill(3000, 4);
  const Outcome outcome = compare_both_ways(R"({"tables": {"t": {}}, "sample": 10000})");
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(outcome.reason, HasSubstr("; t by hash: "));
  EXPECT_EQ(compare(R"({"tables": {"t": {}}, "sample": 10000, "strategy": "hash", "hash_bits": "128"})").findings_total,
            outcome.findings_total);
}

TEST_P(Strategies, AgreeOnManyCorruptedRows) {
  fill(2000, 300, 10);
  const Outcome outcome = compare_both_ways(R"({"tables": {"t": {}}, "sample": 10000})");
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(outcome.reason, HasSubstr("; t by merge: the hashes of "));
}

/// A heap of many blocks, which is read part by part.
class LargeHeap : public RowsFixture {};

TEST_F(LargeHeap, MayHaveColumnsOfAnyName) {
  for (const std::string type : {"bytea", "int"}) {
    const std::string name = "heap_of_" + type;
    old_side(
        fmt::format("CREATE TABLE {} (id INTEGER PRIMARY KEY, b {}, i INT, keys TEXT); INSERT INTO {} WITH RECURSIVE "
                    "n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i, NULL, i, "
                    "printf('%.200c', 'x') FROM n",
                    name, type == "int" ? "INT" : "BLOB", name));
    new_side(
        fmt::format("CREATE TABLE {0} (id int8 PRIMARY KEY, b {1}, i int, keys text); INSERT INTO {0} SELECT i, NULL, "
                    "i, repeat('x', 200) FROM generate_series(1, 20000) i; ANALYZE {0}",
                    name, type));
    const Outcome outcome = compare(R"({"tables": {")" + name + R"(": {}}, "strategy": "hash"})");
    expect_earned_pass(outcome);
    EXPECT_EQ(metric(outcome, "rows_compared"), 20'000);
  }
}

INSTANTIATE_TEST_SUITE_P(Keys, Strategies,
                         ::testing::Values(Case{"id INTEGER PRIMARY KEY", "id int8 PRIMARY KEY", "{}", 1},
                                           Case{"id INTEGER PRIMARY KEY", "id int4 PRIMARY KEY", "{}", 2},
                                           Case{"id TEXT PRIMARY KEY", "id text PRIMARY KEY", "'key {}'", 3},
                                           Case{"id TEXT PRIMARY KEY", "id uuid PRIMARY KEY",
                                                "'00000000-0000-4000-8000-{:012}'", 4},
                                           Case{"id NUMERIC PRIMARY KEY", "id numeric(10,2) PRIMARY KEY", "{}.25", 5}));

}  // namespace
}  // namespace sluice::migration
