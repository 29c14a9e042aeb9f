#include "suites/isolation/token_registry.hpp"

#include <gtest/gtest.h>

namespace sluice::isolation {
namespace {

RegisteredToken token(std::size_t round, char letter) {
  return {.text = std::string(26, letter), .name = "secret", .owner = round, .round = round, .side = "new"};
}

TEST(TokenRegistry, WatchesTheTokensOfAllRounds) {
  TokenRegistry registry(10);
  registry.add_round({token(1, 'a'), token(1, 'b')});
  registry.add_round({token(2, 'c')});
  const auto watchlist = registry.watchlist();
  EXPECT_EQ(watchlist->tokens.size(), 3u);
  std::vector<std::size_t> rounds;
  watchlist->scanner.scan(std::string(26, 'a') + " " + std::string(26, 'c'),
                          [&](const TokenHit& hit) { rounds.push_back(watchlist->of(hit).round); });
  EXPECT_EQ(rounds.front(), 1u);
  EXPECT_EQ(rounds.back(), 2u);
}

TEST(TokenRegistry, ForgetsTheOldestRoundsWhole) {
  TokenRegistry registry(3);
  registry.add_round({token(1, 'a'), token(1, 'b')});
  registry.add_round({token(2, 'c'), token(2, 'd')});
  EXPECT_EQ(registry.size(), 2u);
  EXPECT_EQ(registry.forgotten(), 2u);
  EXPECT_EQ(registry.watchlist()->tokens.front().round, 2u);
}

TEST(TokenRegistry, NeverForgetsTheNewestRound) {
  TokenRegistry registry(1);
  registry.add_round({token(1, 'a'), token(1, 'b')});
  EXPECT_EQ(registry.size(), 2u);
  EXPECT_EQ(registry.forgotten(), 0u);
}

}  // namespace
}  // namespace sluice::isolation
