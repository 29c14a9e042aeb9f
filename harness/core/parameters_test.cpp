#include "harness/core/parameters.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using namespace std::chrono_literals;

TEST(Durations, AreReadWithTheirUnits) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("40us"), 40us);
}

TEST(Durations, WithNoUnitOrNonsenseAreRefused) {
  for (const char* text : {"10", "", "s", "-1s", "1 s", "1e3s", "99999999999h", "nans"}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
}

TEST(Rates, ArePerSecond) {
  EXPECT_EQ(parse_rate("200/s"), 200.0);
  EXPECT_EQ(parse_rate("30/m"), 0.5);
  EXPECT_FALSE(parse_rate("200").has_value());
  EXPECT_FALSE(parse_rate("200/fortnight").has_value());
}

TEST(Parameters, MissAnUndeclaredNameLoudly) {
  const Parameters parameters(nlohmann::json{{"users", 20}});
  EXPECT_EQ(parameters.integer("users"), 20);
  EXPECT_FALSE(parameters.has("rounds"));
  EXPECT_THROW(parameters.integer("rounds"), std::logic_error);
  EXPECT_THROW(parameters.text("users"), std::logic_error);
}

TEST(HumanDuration, PicksTheUnitAReaderWouldPick) {
  EXPECT_EQ(human_duration(340ms), "340 ms");
  EXPECT_EQ(human_duration(1250ms), "1.2 s");
  EXPECT_EQ(human_duration(125s), "2 min 5 s");
}

}  // namespace
}  // namespace sluice
