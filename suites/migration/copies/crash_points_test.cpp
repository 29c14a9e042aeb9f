#include "suites/migration/copies/crash_points.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::migration {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

std::vector<net::StatementRecord> batches(int count) {
  std::vector<net::StatementRecord> all;
  const auto add = [&](const char* text, bool committed) {
    net::StatementRecord record{.text = text, .connection = 1, .ended = true, .end = {}};
    record.end.committed = committed;
    all.push_back(record);
  };
  add("CREATE TABLE t", true);
  for (int i = 0; i < count; ++i) {
    add("BEGIN", false);
    add("INSERT", false);
    add("COMMIT", true);
  }
  add("SELECT setval", false);
  return all;
}
const std::set<CrashKind> every_kind{CrashKind::before, CrashKind::after, CrashKind::commit};

std::vector<std::string> names(const std::vector<CrashPoint>& points) {
  std::vector<std::string> all;
  for (const auto& point : points) all.push_back(point.name());
  return all;
}

TEST(CrashPoints, AreTwoForEachStatementThatEnded) {
  auto statements = batches(1);
  statements[2].ended = false;
  EXPECT_THAT(names(crash_points(statements, {}, every_kind)),
              ElementsAre("1 before", "1 commit", "2 before", "2 after", "3 before", "4 before", "4 commit", "5 before",
                          "5 after"));
  EXPECT_THAT(names(crash_points(statements, {}, {CrashKind::commit})), ElementsAre("1 commit", "4 commit"));
}

TEST(CrashPoints, AreOneForEachWriteToSqlite) {
  EXPECT_THAT(names(crash_points(batches(0), {"write to a.db", "sync of a.db"}, {CrashKind::write})),
              ElementsAre("1 write", "2 write"));
  EXPECT_THAT(names(crash_points({}, {"write to a.db"}, every_kind)), ElementsAre());
}

TEST(CrashPoints, AreAllTakenWhenThereAreNoMoreThanAskedFor) {
  const auto points = crash_points(batches(2), {}, every_kind);
  EXPECT_EQ(names(choose_points(points, points.size(), 1)), names(points));
}

TEST(CrashPoints, ChooseEveryDifferentStatementBeforeAnyTwice) {
  const auto points = crash_points(batches(200), {}, every_kind);
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const auto chosen = choose_points(points, 10, seed);
    ASSERT_EQ(chosen.size(), 10u);
    std::set<std::pair<std::string, CrashKind>> kinds;
    for (const auto& point : chosen) kinds.insert({point.text, point.kind});
    ASSERT_EQ(kinds.size(), 10u) << "seed " << seed;
    ASSERT_THAT(names(chosen), Contains("602 after")) << "the only last statement";
  }
}

TEST(CrashPoints, SpreadTheRestOverTheWholeRun) {
  const auto points = crash_points(batches(200), {}, every_kind);
  const auto chosen = choose_points(points, 110, 7);
  ASSERT_EQ(chosen.size(), 110u);
  for (std::uint64_t part = 0; part < 10; ++part) {
    const auto here = std::count_if(chosen.begin(), chosen.end(), [&](const CrashPoint& point) {
      return point.number > part * 60 && point.number <= (part + 1) * 60;
    });
    EXPECT_GE(here, 9) << "stretch " << part;
  }
  EXPECT_EQ(names(choose_points(points, 110, 7)), names(chosen));
  EXPECT_NE(names(choose_points(points, 110, 8)), names(chosen));
}

TEST(CrashPoints, AreReadAsTheyAreWritten) {
  EXPECT_EQ(parse_point("37 commit")->name(), "37 commit");
  EXPECT_EQ(parse_point("1 before")->name(), "1 before");
  EXPECT_EQ(parse_point("8 write")->name(), "8 write");
  for (const char* wrong :
       {"", "commit", "37", "0 after", "-1 after", "37  after", "37 commits", "99999999999999999999 after"}) {
    EXPECT_FALSE(parse_point(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace sluice::migration
