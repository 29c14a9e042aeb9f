#include "harness/cli/live_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sluice::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using What = LiveModel::What;

constexpr LiveModel::Time start{};

std::vector<std::string> texts(const LiveModel& model, std::size_t width, std::size_t height, LiveModel::Time now) {
  std::vector<std::string> lines;
  for (const auto& line : model.lines({width, height}, now)) lines.push_back(rendered(line, false));
  return lines;
}

// Rows at 1,000 a second for `seconds`, of 20,000.
LiveModel counting(int seconds) {
  LiveModel model;
  model.begin(What::check, "captures-equal", "migration.rows", start);
  for (int i = 0; i <= seconds * 4; ++i)
    model.progressed(What::check, "captures-equal", {.done = i * 250.0, .total = 20'000.0, .unit = "rows"},
                     start + i * 250ms);
  return model;
}

TEST(LiveModel, ShowsHowFarHowFastHowLongStillAndHowLongAlready) {
  EXPECT_THAT(
      texts(counting(8), 120, 24, start + 8s),
      ElementsAre("  captures-equal  migration.rows  [####......]  8,000/20,000 rows  1,000/s  12 s left  8 s"));
}

TEST(LiveModel, ShowsOnlyTheRateWhereNoEndIsKnown) {
  LiveModel model;
  model.begin(What::check, "no-bleed", "isolation.canary", start);
  for (int i = 0; i <= 10; ++i)
    model.progressed(What::check, "no-bleed", {.done = i * 50.0, .unit = "exchanges"}, start + i * 1s);
  EXPECT_THAT(texts(model, 120, 24, start + 10s),
              ElementsAre("  no-bleed  isolation.canary  500 exchanges  50/s  10 s"));
}

TEST(LiveModel, TakesSecondsForWhatTheyAre) {
  LiveModel model;
  model.begin(What::check, "latency", "load.compare", start);
  model.progressed(What::check, "latency", {.done = 5.0, .total = 20.0, .unit = "s"}, start + 5s);
  EXPECT_THAT(texts(model, 120, 24, start + 5s),
              ElementsAre("  latency  load.compare  [##........]  5/20 s  15 s left  5 s"));
}

TEST(LiveModel, CountsOnWhileNoEventComes) {
  const LiveModel model = counting(8);
  EXPECT_THAT(texts(model, 120, 24, start + 9s)[0], HasSubstr("  9 s"));
  EXPECT_THAT(texts(model, 120, 24, start + 68s)[0], AllOf(HasSubstr("1 min 08 s"), Not(HasSubstr("1,000/s"))));
}

TEST(LiveModel, LeavesOutWhatMattersLeastWhereTheScreenIsNarrow) {
  const LiveModel model = counting(8);
  EXPECT_THAT(texts(model, 80, 24, start + 8s),
              ElementsAre("  captures-equal  migration.rows  8,000/20,000 rows  1,000/s  12 s left  8 s"));
  EXPECT_THAT(texts(model, 60, 24, start + 8s), ElementsAre("  captures-equal  8,000/20,000 rows  12 s left  8 s"));
  EXPECT_THAT(texts(model, 40, 24, start + 8s), ElementsAre("  captures-equal  40%  12 s left  8 s"));
  EXPECT_THAT(texts(model, 24, 24, start + 8s), ElementsAre("  captures-e…  40%  8 s"));
  EXPECT_THAT(texts(model, 20, 24, start + 8s), ElementsAre("  captures-eq…  8 s"));
  EXPECT_THAT(texts(model, 10, 24, start + 8s), ElementsAre("  captur…"));
}

TEST(LiveModel, IsNeverWiderOrHigherThanTheScreen) {
  LiveModel model = counting(8);
  model.begin(What::action, "データの移行を行うアクション", "action", start);
  model.begin(What::check, "e\u0301te\u0301-longer-than-everything-else-in-here", "compat.replay", start);
  for (std::size_t width = 1; width <= 130; ++width) {
    for (std::size_t height = 1; height <= 5; ++height) {
      const auto lines = model.lines({width, height}, start + 3700s);
      EXPECT_LE(lines.size(), std::max<std::size_t>(height - 1, 1));
      for (const auto& line : lines)
        EXPECT_LE(display_width(line), std::max<std::size_t>(width - 1, 1)) << rendered(line, false);
    }
  }
}

TEST(LiveModel, SaysHowManyMoreThereAreWhereTheScreenIsLow) {
  LiveModel model;
  for (const char* name : {"a", "b", "c", "d", "e"}) model.begin(What::check, name, "compat.replay", start);
  EXPECT_THAT(texts(model, 80, 4, start), ElementsAre(HasSubstr(" a "), HasSubstr(" b "), "  and 3 more"));
  EXPECT_THAT(texts(model, 80, 2, start), ElementsAre("  5 running"));
  EXPECT_THAT(texts(model, 80, 6, start), SizeIs(5));
}

TEST(LiveModel, AlignsWhatRunsInColumns) {
  LiveModel model;
  model.begin(What::action, "移行", "action", start);
  model.begin(What::check, "answers", "compat.replay", start);
  EXPECT_THAT(texts(model, 80, 24, start + 2s),
              ElementsAre("  移行     action         2 s", "  answers  compat.replay  2 s"));
}

TEST(LiveModel, LetsNoControlSequenceOfAPlanThrough) {
  LiveModel model;
  model.begin(What::check, "evil\x1b[2Jname", "k\x07ind", start);
  model.progressed(What::check, "evil\x1b[2Jname", {.done = 1, .unit = "ro\rws"}, start);
  const std::string line = texts(model, 200, 24, start)[0];
  EXPECT_EQ(line.find_first_of("\x1b\x07\r"), std::string::npos) << line;
}

TEST(LiveModel, SurvivesProgressThatMakesNoSense) {
  LiveModel model = counting(8);
  for (const double odd : {-1.0, 1e300, std::nan(""), std::numeric_limits<double>::infinity()}) {
    model.progressed(What::check, "captures-equal", {.done = odd, .total = 0.0, .unit = "rows"}, start + 9s);
    EXPECT_THAT(texts(model, 120, 24, start + 9s), SizeIs(1));
    model.progressed(What::check, "captures-equal", {.done = odd, .total = odd, .unit = "rows"}, start + 10s);
    EXPECT_THAT(texts(model, 120, 24, start + 10s), SizeIs(1));
  }
  model.progressed(What::check, "nobody", {.done = 1}, start);
  EXPECT_THAT(texts(model, 120, 24, start + 9s), SizeIs(1));
}

TEST(LiveModel, BeginsToCountAnewWithTheControl) {
  LiveModel model = counting(8);
  model.control_began("captures-equal");
  EXPECT_THAT(texts(model, 120, 24, start + 8s), ElementsAre("  captures-equal  migration.rows  control  8 s"));
  model.progressed(What::check, "captures-equal", {.done = 5, .total = 10.0, .unit = "rows"}, start + 9s);
  EXPECT_THAT(texts(model, 120, 24, start + 9s)[0], HasSubstr("control 5/10 rows"));
}

TEST(LiveModel, KeepsAnActionAndACheckOfTheSameNameApart) {
  LiveModel model;
  model.begin(What::action, "move", "action", start);
  model.begin(What::check, "move", "compat.replay", start);
  model.end(What::action, "move");
  EXPECT_THAT(texts(model, 80, 24, start), ElementsAre(HasSubstr("compat.replay")));
}

TEST(LiveModel, TellsALogOfWhatTakesLongAndNotTooOften) {
  LiveModel model = counting(8);
  EXPECT_THAT(model.overdue(30s, start + 29s), SizeIs(0));
  EXPECT_THAT(model.overdue(30s, start + 31s),
              ElementsAre(AllOf(HasSubstr("captures-equal still running after 31 s: 8,000/20,000 rows, 40%"))));
  EXPECT_THAT(model.overdue(30s, start + 60s), SizeIs(0));
  EXPECT_THAT(model.overdue(30s, start + 61s), SizeIs(1));
}

TEST(SmoothedRate, SettlesOnASteadyRateAndSaysNothingAtFirst) {
  SmoothedRate rate;
  rate.add(0, start);
  EXPECT_FALSE(rate.per_second(start));
  for (int i = 1; i <= 100; ++i) rate.add(i * 7.0, start + i * 100ms);
  EXPECT_NEAR(*rate.per_second(start + 10s), 70, 1e-6);
}

TEST(SmoothedRate, ForgetsThePastAndFallsInSilence) {
  SmoothedRate rate;
  for (int i = 0; i <= 10; ++i) rate.add(i * 1000.0, start + i * 1s);
  for (int i = 1; i <= 30; ++i) rate.add(10'000.0 + i * 10.0, start + 10s + i * 1s);
  EXPECT_NEAR(*rate.per_second(start + 40s), 10, 5);
  EXPECT_LT(*rate.per_second(start + 100s), 1);
}

TEST(SmoothedRate, StartsAnewWhereTheCountFalls) {
  SmoothedRate rate;
  for (int i = 0; i <= 10; ++i) rate.add(i * 1000.0, start + i * 1s);
  rate.add(0, start + 11s);
  EXPECT_FALSE(rate.per_second(start + 11s));
}

TEST(CoarseDuration, CountsUpWithoutJumping) {
  EXPECT_EQ(coarse_duration(-1s), "0 s");
  EXPECT_EQ(coarse_duration(59'999ms), "59 s");
  EXPECT_EQ(coarse_duration(67s), "1 min 07 s");
  EXPECT_EQ(coarse_duration(2h + 3min), "2 h 03 min");
}

}  // namespace
}  // namespace sluice::cli
