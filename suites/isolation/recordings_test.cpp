#include "suites/isolation/recordings.hpp"

#include <gtest/gtest.h>

#include "suites/isolation/testing/tokens.hpp"

namespace sluice::isolation {
namespace {

using sluice::isolation::testing::answer;

TEST(Recordings, KeepAFewOfMany) {
  Recordings recordings(1);
  for (std::size_t viewer = 1; viewer <= 100; ++viewer) recordings.offer(viewer, answer("body"));
  EXPECT_EQ(recordings.all().size(), Recordings::most);
}

TEST(Recordings, GiveLateExchangesTheirChance) {
  std::size_t late = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Recordings recordings(seed);
    for (std::size_t viewer = 1; viewer <= 8; ++viewer) recordings.offer(viewer, answer("body"));
    for (const Recording& recording : recordings.all()) late += recording.viewer > 4 ? 1 : 0;
  }
  EXPECT_GT(late, 300u);  // 400 of 800 are expected; the seeds are fixed
  EXPECT_LT(late, 500u);
}

TEST(Recordings, PassOverEmptyAndLargeExchanges) {
  Recordings recordings(1);
  recordings.offer(1, answer(""));
  recordings.offer(1, answer(std::string(Recordings::most_bytes + 1, 'x')));
  EXPECT_TRUE(recordings.all().empty());
}

}  // namespace
}  // namespace sluice::isolation
