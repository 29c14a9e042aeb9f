#include "suites/isolation/aho_corasick.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <utility>

namespace sluice::isolation {
namespace {

using Match = std::pair<std::size_t, std::string>;  // where it ends, and the pattern

std::vector<Match> matches(const std::vector<std::string>& patterns, const std::vector<std::string>& chunks) {
  const AhoCorasick automaton(patterns);
  std::vector<Match> found;
  AhoCorasick::State state = AhoCorasick::start;
  std::size_t offset = 0;
  for (const std::string& chunk : chunks) {
    for (const char c : chunk) {
      state = automaton.next(state, static_cast<unsigned char>(c));
      ++offset;
      automaton.for_each_match(state, [&](std::uint32_t pattern) { found.emplace_back(offset, patterns[pattern]); });
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

TEST(AhoCorasick, FindsPatternsThatEndInsideOthers) {
  EXPECT_THAT(matches({"he", "she", "his", "hers"}, {"ushers"}),
              testing::ElementsAre(Match(4, "he"), Match(4, "she"), Match(6, "hers")));
}

TEST(AhoCorasick, FindsAMatchThatSpansChunks) {
  EXPECT_THAT(matches({"secret"}, {"a se", "", "cr", "et"}), testing::ElementsAre(Match(8, "secret")));
}

TEST(AhoCorasick, ReportsEqualPatternsEachOnItsOwn) {
  EXPECT_THAT(matches({"ab", "ab"}, {"ab"}), testing::ElementsAre(Match(2, "ab"), Match(2, "ab")));
}

TEST(AhoCorasick, TakesEveryByteAlsoZero) {
  const std::string pattern("a\0\xff", 3);
  EXPECT_THAT(matches({pattern}, {std::string("xa\0\xffy", 5)}), testing::ElementsAre(Match(4, pattern)));
}

TEST(AhoCorasick, RefusesAnEmptyPattern) { EXPECT_THROW(AhoCorasick({""}), std::logic_error); }

TEST(AhoCorasick, SearchesForNothingAndFindsNothing) { EXPECT_THAT(matches({}, {"abc"}), testing::IsEmpty()); }

std::string random_text(std::mt19937& random, std::size_t length, unsigned letters) {
  std::string text;
  for (std::size_t at = 0; at < length; ++at) text += static_cast<char>('a' + random() % letters);
  return text;
}

TEST(AhoCorasick, AgreesWithComparingAtEveryPlace) {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    const unsigned letters = round % 2 == 0 ? 2 : 20;  // 20 letters: states with tables
    std::vector<std::string> patterns;
    for (unsigned count = 0; count < 40; ++count) patterns.push_back(random_text(random, 1 + random() % 5, letters));
    const std::string text = random_text(random, 200, letters);
    std::vector<Match> expected;
    for (std::size_t at = 0; at < text.size(); ++at) {
      for (const std::string& pattern : patterns) {
        if (text.compare(at, pattern.size(), pattern) == 0) expected.emplace_back(at + pattern.size(), pattern);
      }
    }
    std::sort(expected.begin(), expected.end());
    ASSERT_EQ(matches(patterns, {text.substr(0, 77), text.substr(77)}), expected);
  }
}

}  // namespace
}  // namespace sluice::isolation
