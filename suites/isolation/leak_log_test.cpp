#include "suites/isolation/leak_log.hpp"

#include <gtest/gtest.h>

#include "suites/isolation/testing/tokens.hpp"

namespace sluice::isolation {
namespace {

using namespace sluice::isolation::testing;

void log_answer(LeakLog& log, const Receipt& receipt, const scenario::Exchange& exchange) {
  const auto watchlist = two_users();
  examine(exchange, *watchlist, 1u << 20, [&](const Sighting& sighting) { log.add(receipt, sighting); });
}

const Receipt receipt{.side = "new", .step = "ask", .route = "POST /ask", .viewer = 1, .round = 4};

TEST(LeakLog, KeepsTheFirstSightingAndCountsTheRest) {
  LeakLog log;
  log_answer(log, receipt, answer("Earlier: \x01" + secret_of_2));
  log_answer(log, receipt, answer("again " + secret_of_2));
  const auto leaks = log.leaks();
  ASSERT_EQ(leaks.size(), 1u);
  EXPECT_EQ(leaks[0].occurrences, 2u);
  EXPECT_EQ(leaks[0].offset, 10u);
  EXPECT_EQ(leaks[0].token.owner, 2u);
  EXPECT_EQ(leaks[0].decode_path, "plain");
  EXPECT_EQ(leaks[0].excerpt, "Earlier: \\x01" + secret_of_2);
}

TEST(LeakLog, TellsPlacesAndGuisesApart) {
  LeakLog log;
  log_answer(log, receipt, answer(secret_of_2, {{"X-Debug", secret_of_2}}));
  log_answer(log, receipt, answer(EncodedToken(View::hex, secret_of_2).text()));
  EXPECT_EQ(log.leaks().size(), 3u);
}

TEST(LeakLog, TakesTheMessagesOfAConversationAsOnePlace) {
  LeakLog log;
  scenario::Exchange exchange;
  exchange.messages = {{.payload = "a"}, {.payload = secret_of_2}, {.payload = secret_of_2}};
  log_answer(log, receipt, exchange);
  ASSERT_EQ(log.leaks().size(), 1u);
  EXPECT_EQ(log.leaks()[0].place, "message 2");
  EXPECT_EQ(log.leaks()[0].occurrences, 2u);
}

TEST(LeakLog, StaysBoundedWhenAServiceInventsHeaderNames) {
  LeakLog log;
  for (std::size_t count = 0; count < LeakLog::most_kinds + 7; ++count) {
    log_answer(log, receipt, answer("", {{"X-" + std::to_string(count), secret_of_2}}));
  }
  EXPECT_EQ(log.leaks().size(), LeakLog::most_kinds);
  EXPECT_EQ(log.unlisted(), 7u);
}

}  // namespace
}  // namespace sluice::isolation
