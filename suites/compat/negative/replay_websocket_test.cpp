#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "suites/compat/testing/replay_run.hpp"

// Faults planted in the new side's WebSocket conversations.
namespace sluice::compat {
namespace {

using sluice::testing::ServedMessage;
using sluice::testing::ServedReply;
using sluice::testing::ServerHandlers;
using ::testing::ElementsAre;

using Replies = std::vector<ServedReply>;

const std::string conversation =
    "{\"name\":\"talk\",\"websocket\":\"/ws/{{unique:s}}\",\"headers\":{\"Sec-WebSocket-Protocol\":\"chat.v1\"},"
    "\"send\":[{\"type\":\"message\",\"text\":\"a\"},{\"type\":\"message\",\"text\":\"b\"}],\"expect\":1}\n";

ServerHandlers answering(std::function<Replies(const ServedMessage&)> replies) {
  return {.http = {}, .websocket = std::move(replies), .handshake_headers = {{"Sec-WebSocket-Protocol", "chat.v1"}}};
}

/// {"n": how often, "said": what was sent}
std::function<Replies(const ServedMessage&)> agent() {
  return [](const ServedMessage& got) -> Replies {
    return {{.message = {.payload = R"({"kind":"answer","said":)" + got.message.payload + "}"}}};
  };
}

Outcome outcome_of(ServerHandlers new_side) {
  return ReplayRun{.old_side = answering(agent()), .new_side = std::move(new_side), .corpus = conversation}.run();
}

TEST(Conversation, PassesWhereBothSidesSayTheSame) {
  const Outcome outcome = outcome_of(answering(agent()));
  EXPECT_EQ(outcome.verdict, Verdict::passed) << text_of(outcome);
  EXPECT_TRUE(outcome.control->caught) << text_of(outcome);
}

TEST(PlantedFault, TextFramesBecomeBinary) {
  const Outcome outcome = outcome_of(answering([](const ServedMessage& got) -> Replies {
    return {{.message = {.text = false, .payload = R"({"kind":"answer","said":)" + got.message.payload + "}"}}};
  }));
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(failures(outcome), ElementsAre("frame-type-changed /messages/0", "frame-type-changed /messages/1"));
}

TEST(PlantedFault, TheSubprotocolIsNotEchoed) {
  ServerHandlers silent = answering(agent());
  silent.handshake_headers.clear();
  const Outcome outcome = outcome_of(std::move(silent));
  EXPECT_THAT(failures(outcome), ElementsAre("header-removed header:Sec-WebSocket-Protocol")) << text_of(outcome);
}

TEST(PlantedFault, TheConnectionIsCutInsteadOfClosed) {
  const auto last_words = [](std::uint16_t code) {
    return [code](const ServedMessage& got) -> Replies {
      Replies replies = agent()(got);
      if (got.message.payload.find("\"b\"") != std::string::npos) replies.push_back({.close = code});
      return replies;
    };
  };
  const Outcome outcome =
      ReplayRun{
          .old_side = answering(last_words(1000)), .new_side = answering(last_words(1006)), .corpus = conversation}
          .run();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(failures(outcome), ElementsAre("close-code-changed close-code")) << text_of(outcome);
}

TEST(PlantedFault, AFieldOfTheSecondMessageChanges) {
  const Outcome outcome = outcome_of(answering([](const ServedMessage& got) -> Replies {
    const bool second = got.message.payload.find("\"b\"") != std::string::npos;
    return {{.message = {.payload = std::string(R"({"kind":")") + (second ? "reply" : "answer") + R"(","said":)" +
                                    got.message.payload + "}"}}};
  }));
  EXPECT_THAT(failures(outcome), ElementsAre("value-changed /messages/1/kind")) << text_of(outcome);
}

TEST(PlantedFault, TheLastAnswerComesTwice) {
  const Outcome outcome = outcome_of(answering([](const ServedMessage& got) -> Replies {
    Replies replies = agent()(got);
    if (got.message.payload.find("\"b\"") != std::string::npos) replies.push_back(replies.front());
    return replies;
  }));
  EXPECT_THAT(failures(outcome), ElementsAre("message-count /messages")) << text_of(outcome);
}

TEST(PlantedFault, AnAnswerNeverComes) {
  const Outcome outcome = ReplayRun{.old_side = answering(agent()),
                                    .new_side = answering([](const ServedMessage&) -> Replies { return {}; }),
                                    .corpus = conversation,
                                    .parameters = R"({"timeout":"300ms"})"}
                              .run();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(failures(outcome), ElementsAre("no-answer status")) << text_of(outcome);
}

TEST(PlantedFault, TheUpgradeIsRefused) {
  const Outcome outcome = outcome_of({.http = {}});
  EXPECT_THAT(failures(outcome), ElementsAre("status-changed status")) << text_of(outcome);
}

}  // namespace
}  // namespace sluice::compat
