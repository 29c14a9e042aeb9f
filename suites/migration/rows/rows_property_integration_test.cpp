// Random tables, random damage and random changes of representation, between all pairs of engines: whatever is damaged
// must be found, by its key and column, and nothing else may be. Tables with keys and without, computed columns, new
// ids, tolerances and merged tables alike.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <span>

#include "suites/migration/rows/rows.hpp"
#include "suites/migration/testing/random_expressions.hpp"
#include "suites/migration/testing/random_ids.hpp"
#include "suites/migration/testing/random_merge.hpp"
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

using Cases = std::vector<std::unique_ptr<RandomCase>>;

/// A family of random cases.
struct Family {
  const char* name;
  std::uint64_t one_in;  ///< of the trials
  std::unique_ptr<RandomCase> (*make)(std::uint64_t seed, std::uint64_t trial, std::array<Engine, 2> engines);
};

template <typename Case>
std::unique_ptr<RandomCase> make(std::uint64_t seed, std::uint64_t trial, std::array<Engine, 2> engines) {
  return std::make_unique<Case>(seed, trial, engines);
}

template <TableShape shape>
std::unique_ptr<RandomCase> make_table(std::uint64_t seed, std::uint64_t trial, std::array<Engine, 2> engines) {
  return std::make_unique<RandomTable>(seed, trial, engines, shape);
}

// Trial 2'000'007 is the seventh of the third family, so that all of them have names of their own in one database.
constexpr std::uint64_t numbers_of_a_family = 1'000'000;

const std::array<Family, 6> families{{{"keyed", 1, &make_table<TableShape::keyed>},
                                      {"keyless", 10, &make_table<TableShape::keyless>},
                                      {"tolerant", 10, &make_table<TableShape::tolerant>},
                                      {"computed", 10, &make<RandomExpressions>},
                                      {"merged", 10, &make<RandomMerge>},
                                      {"new ids", 20, &make<RandomIds>}}};

class RowsProperty : public RowsFixture, public ::testing::WithParamInterface<Pair> {
 protected:
  // Repeat one trial: SLUICE_PROPERTY_SEED=7 SLUICE_PROPERTY_TRIAL=123 migration_rows_property_test.
  const std::uint64_t seed_ = number_from_environment("SLUICE_PROPERTY_SEED", 1);
  const std::uint64_t trials_ = number_from_environment("SLUICE_PROPERTY_TRIALS", 2000);
  const Pair pair_ = GetParam();
  std::uint64_t hashed_ = 0, compared_ = 0;

  void run(bool corrupt) {
    if (const char* const only = std::getenv("SLUICE_PROPERTY_TRIAL")) {
      return run_batch(std::strtoull(only, nullptr, 10), 1, corrupt);
    }
    for (std::size_t family = 0; family < families.size(); ++family) {
      const std::uint64_t begin = family * numbers_of_a_family;
      const std::uint64_t count = trials_ / families[family].one_in * pair_.share / 20;
      for (std::uint64_t first = 0; first < count && !HasFailure(); first += trials_of_a_batch) {
        run_batch(begin + first, std::min(trials_of_a_batch, count - first), corrupt);
      }
      std::printf("%llu trials (%s, %s), seed %llu\n", static_cast<unsigned long long>(count), families[family].name,
                  pair_.name, static_cast<unsigned long long>(seed_));
    }
    std::printf("%llu of %llu keyed tables by hash\n", static_cast<unsigned long long>(hashed_),
                static_cast<unsigned long long>(compared_));
    // A column that no server hashes, or a key that no constraint of either side says to be unique, sends a table to
    // the merge. Two files of SQLite have few other keys.
    const bool only_files = pair_.engines == std::array{Engine::sqlite, Engine::sqlite};
    EXPECT_GT(hashed_ * (only_files ? 50 : 4), compared_)
        << "too few tables were compared by hash to say anything of it";
  }

 private:
  void run_batch(std::uint64_t first, std::uint64_t count, bool corrupt) {
    const std::uint64_t family = first / numbers_of_a_family;
    Cases cases;
    std::array<std::string, 2> sql{"BEGIN;\n", "BEGIN;\n"};
    for (std::uint64_t trial = first; trial < first + count; ++trial) {
      cases.push_back(families.at(family).make(seed_ + (corrupt ? 1'000'000 : 0), trial, pair_.engines));
      if (corrupt) cases.back()->corrupt();
      for (std::size_t side = 0; side < 2; ++side) sql[side] += cases.back()->sql(side);
    }
    const std::string label = fmt::format("{}-{}", pair_.name, first);
    for (std::size_t side = 0; side < 2; ++side) fill(side, label, sql[side] + "COMMIT;");
    if (family == 0) compare_batch(std::span(cases), first, "merge");
    compare_batch(std::span(cases), first, "hash");
  }

  void fill(std::size_t side, const std::string& label, const std::string& sql) {
    const char* const name = side == 0 ? "old" : "new";
    if (pair_.engines[side] == Engine::postgres) {
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

  // One check over all cases of the batch; what it says is judged case by case.
  void compare_batch(std::span<std::unique_ptr<RandomCase>> cases, std::uint64_t first, const char* strategy) {
    nlohmann::json parameters{{"sample", 10'000}, {"strategy", strategy}, {"allow_empty", true}};
    for (auto& one : cases) one->map(parameters);
    Outcome outcome;
    try {
      outcome = compare(parameters.dump());
    } catch (const std::exception& error) {
      for (std::size_t i = 0; cases.size() > 1 && i < cases.size(); ++i) {
        compare_batch(cases.subspan(i, 1), first + i, strategy);
      }
      if (cases.size() > 1) return;
      ADD_FAILURE() << "trial " << first << ", " << strategy << ": " << error.what() << repeat(first) << "\n"
                    << parameters.dump() << cases[0]->sql(0) << cases[0]->sql(1);
      return;
    }
    bool differs = false;
    std::map<std::string, double> metrics;
    for (const auto& metric : outcome.metrics) metrics[metric.name] = metric.value;
    for (std::size_t i = 0; i < cases.size() && !HasFailure(); ++i) {
      std::vector<const Finding*> findings;
      for (const auto& finding : outcome.findings) {
        if (finding.severity != Severity::info && cases[i]->owns(finding.where.at(0).second))
          findings.push_back(&finding);
      }
      differs = differs || !findings.empty();
      EXPECT_EQ(cases[i]->observed(findings, metrics), cases[i]->expected())
          << "trial " << first + i << ", " << strategy << repeat(first + i) << "\n"
          << parameters.dump() << "\n"
          << cases[i]->sql(0) << cases[i]->sql(1);
    }
    if (std::string_view(strategy) == "hash" && first < numbers_of_a_family) count_hashed(outcome, cases.size());
    EXPECT_EQ(outcome.verdict, differs ? Verdict::failed : Verdict::passed) << outcome.reason;
    EXPECT_TRUE(!outcome.control || outcome.control->caught) << outcome.control->observed << repeat(first);
  }

  void count_hashed(const Outcome& outcome, std::size_t compared) {
    compared_ += compared;
    for (auto at = outcome.reason.find(" by hash"); at != std::string::npos;
         at = outcome.reason.find(" by hash", at + 1)) {
      ++hashed_;
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

// Such a map fails the whole check, so that every trial has one of its own.
class RandomIdMaps : public RowsFixture {};

TEST_F(RandomIdMaps, ThatGiveOneIdTwiceAreAlwaysFound) {
  const std::uint64_t seed = number_from_environment("SLUICE_PROPERTY_SEED", 1);
  for (std::uint64_t trial = 0; trial < 20 && !HasFailure(); ++trial) {
    RandomIds ids(seed + 2'000'000, trial, {Engine::sqlite, Engine::postgres});
    ids.merge_ids();
    old_side(ids.sql(0));
    new_side(ids.sql(1));
    nlohmann::json parameters;
    ids.map(parameters);
    const Outcome outcome = compare(parameters.dump());
    EXPECT_EQ(outcome.verdict, Verdict::failed) << trial;
    const auto found = lines(outcome);
    ASSERT_EQ(found.size(), 1u) << trial;
    EXPECT_THAT(found[0], ::testing::StartsWith("id-map-not-one-to-one map")) << trial;
  }
}

}  // namespace
}  // namespace sluice::migration
