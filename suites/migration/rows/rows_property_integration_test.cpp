// Random tables, random damage and random changes of representation, between all pairs of engines: whatever is damaged
// must be found, by its key and column, and nothing else may be.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "suites/migration/rows/rows.hpp"
#include "suites/migration/testing/random_table.hpp"
#include "suites/migration/testing/rows_fixture.hpp"

namespace sluice::migration {
namespace {

using stores::Engine;

constexpr std::uint64_t trials_of_a_batch = 100;

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct Pair {
  const char* name;
  std::array<Engine, 2> engines;
  std::uint64_t share;  ///< of 20 batches
};

class RowsProperty : public RowsFixture, public ::testing::WithParamInterface<Pair> {
 protected:
  // Repeat one trial: SLUICE_PROPERTY_SEED=7 SLUICE_PROPERTY_TRIAL=123 migration_rows_property_test.
  const std::uint64_t seed_ = number_from_environment("SLUICE_PROPERTY_SEED", 1);
  const std::uint64_t trials_ = number_from_environment("SLUICE_PROPERTY_TRIALS", 2000);
  std::uint64_t hashed_ = 0, compared_ = 0;

  void run(bool corrupt) {
    const std::uint64_t count = trials_ * GetParam().share / 20;
    const char* const only = std::getenv("SLUICE_PROPERTY_TRIAL");
    if (only != nullptr) return run_batch(std::strtoull(only, nullptr, 10), 1, corrupt);
    for (std::uint64_t first = 0; first < count && !HasFailure(); first += trials_of_a_batch) {
      run_batch(first, std::min(trials_of_a_batch, count - first), corrupt);
    }
    std::printf("%llu trials (%s), seed %llu: %llu of %llu comparisons by hash\n",
                static_cast<unsigned long long>(count), GetParam().name, static_cast<unsigned long long>(seed_),
                static_cast<unsigned long long>(hashed_), static_cast<unsigned long long>(compared_));
    // A column that no server hashes, or a key that no constraint of either side says to be unique, sends a table to
    // the merge. Two files of SQLite have few other keys.
    const bool only_files = GetParam().engines == std::array{Engine::sqlite, Engine::sqlite};
    EXPECT_GT(hashed_ * (only_files ? 50 : 4), compared_)
        << "too few tables were compared by hash to say anything of it";
  }

 private:
  void run_batch(std::uint64_t first, std::uint64_t count, bool corrupt) {
    std::vector<RandomTable> tables;
    std::array<std::string, 2> sql{"BEGIN;\n", "BEGIN;\n"};
    for (std::uint64_t trial = first; trial < first + count; ++trial) {
      tables.emplace_back(seed_ + (corrupt ? 1'000'000 : 0), trial, GetParam().engines);
      if (corrupt) tables.back().corrupt();
      for (std::size_t side = 0; side < 2; ++side) sql[side] += tables.back().sql(side);
    }
    const std::string label = fmt::format("{}-{}", GetParam().name, first);
    for (std::size_t side = 0; side < 2; ++side) fill(side, label, sql[side] + "COMMIT;");
    for (const char* strategy : {"merge", "hash"}) compare_batch(tables, first, strategy);
  }

  void fill(std::size_t side, const std::string& label, const std::string& sql) {
    const char* const name = side == 0 ? "old" : "new";
    if (GetParam().engines[side] == Engine::postgres) {
      context().stores[name] = new_url();
      return new_side(sql);
    }
    const testing::SqliteFile file(folder().path() / fmt::format("{}-{}.db", label, name));
    file.execute("PRAGMA synchronous = OFF");
    file.execute(sql);
    context().stores[name] = file.url();
  }

  std::string repeat(std::uint64_t trial) const {
    return fmt::format("; again: SLUICE_PROPERTY_SEED={} SLUICE_PROPERTY_TRIAL={} --gtest_filter='*{}'", seed_, trial,
                       ::testing::UnitTest::GetInstance()->current_test_info()->name());
  }

  // One check over all tables of the batch; what it says is judged table by table.
  void compare_batch(std::vector<RandomTable>& tables, std::uint64_t first, const char* strategy) {
    nlohmann::json parameters{{"sample", 10'000}, {"strategy", strategy}, {"allow_empty", true}};
    for (auto& table : tables) parameters["tables"][table.name()] = table.mapping();
    Outcome outcome;
    try {
      outcome = compare(parameters.dump());
    } catch (const std::exception& error) {
      if (tables.size() > 1) return each_alone(tables, first, strategy);
      ADD_FAILURE() << "trial " << first << ", " << strategy << ": " << error.what() << repeat(first) << "\n"
                    << parameters.dump() << tables[0].sql(0) << tables[0].sql(1);
      return;
    }
    std::map<std::string, std::vector<std::string>> found;
    for (const auto& line : lines(outcome)) {
      const auto begin = line.find(' ') + 1;
      found[line.substr(begin, line.find(' ', begin) - begin)].push_back(line);
    }
    for (std::size_t i = 0; i < tables.size() && !HasFailure(); ++i) {
      auto& lines = found[tables[i].name()];
      std::sort(lines.begin(), lines.end());
      EXPECT_EQ(lines, tables[i].expected()) << "trial " << first + i << ", " << strategy << repeat(first + i) << "\n"
                                             << tables[i].mapping() << "\n"
                                             << tables[i].sql(0) << tables[i].sql(1);
    }
    compared_ += std::string_view(strategy) == "hash" ? tables.size() : 0;
    for (auto at = outcome.reason.find(" by hash"); at != std::string::npos;
         at = outcome.reason.find(" by hash", at + 1)) {
      ++hashed_;
    }
    EXPECT_TRUE(!outcome.control || outcome.control->caught) << outcome.control->observed << repeat(first);
  }

  void each_alone(std::vector<RandomTable>& tables, std::uint64_t first, const char* strategy) {
    for (std::size_t i = 0; i < tables.size(); ++i) {
      std::vector<RandomTable> one{tables[i]};
      compare_batch(one, first + i, strategy);
    }
  }
};

TEST_P(RowsProperty, EveryRandomDamageIsFoundByItsKeyAndColumn) { run(true); }
TEST_P(RowsProperty, NoRandomChangeOfRepresentationIsReported) { run(false); }

INSTANTIATE_TEST_SUITE_P(Engines, RowsProperty,
                         ::testing::Values(Pair{"SqliteToPostgres", {Engine::sqlite, Engine::postgres}, 11},
                                           Pair{"PostgresToSqlite", {Engine::postgres, Engine::sqlite}, 3},
                                           Pair{"PostgresToPostgres", {Engine::postgres, Engine::postgres}, 2},
                                           Pair{"SqliteToSqlite", {Engine::sqlite, Engine::sqlite}, 4}),
                         [](const auto& pair) { return pair.param.name; });

}  // namespace
}  // namespace sluice::migration
