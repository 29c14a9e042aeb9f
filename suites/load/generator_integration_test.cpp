// The generator against real servers on loopback. Nothing here depends on how fast the machine is: delays are the
// servers' timers, and only lower bounds and counts are checked.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "harness/core/errors.hpp"
#include "harness/measure/arrival.hpp"
#include "harness/net/scripted_server.hpp"
#include "harness/testing/http_server.hpp"
#include "suites/load/generator.hpp"
#include "suites/load/testing/halt.hpp"

namespace sluice::load {
namespace {

using namespace std::chrono_literals;
using sluice::testing::HttpServer;
using sluice::testing::ServedRequest;
using sluice::testing::ServedResponse;
using std::chrono::nanoseconds;

std::vector<PreparedRequest> requests_for(const std::vector<nanoseconds>& schedule, const std::string& body = {}) {
  std::vector<PreparedRequest> requests;
  for (std::size_t i = 0; i < schedule.size(); ++i) {
    requests.push_back({"POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: test\r\nContent-Length: " +
                            std::to_string(body.size()) + "\r\n\r\n" + body,
                        static_cast<std::uint32_t>(i)});
  }
  return requests;
}

std::vector<nanoseconds> evenly(std::size_t count, nanoseconds gap) {
  std::vector<nanoseconds> schedule(count);
  for (std::size_t i = 0; i < count; ++i) schedule[i] = gap * static_cast<int>(i);
  return schedule;
}

HttpServer answering(std::function<ServedResponse(const ServedRequest&)> handler) {
  return HttpServer({.http = std::move(handler), .websocket = {}});
}

std::size_t count_good(const std::vector<Sample>& samples) {
  return static_cast<std::size_t>(
      std::count_if(samples.begin(), samples.end(), [](const Sample& s) { return s.good(); }));
}

TEST(Generator, SendsEveryRequestOfTheScheduleOnceAndInFull) {
  std::vector<std::string> bodies;  // only the server's thread writes, and it is done when the samples are there
  std::set<std::string> targets;
  const auto server = answering([&](const ServedRequest& request) {
    targets.insert(request.target);
    bodies.push_back(request.body);
    return ServedResponse{.body = "{}"};
  });
  Generator generator(net::parse_endpoint(server.url()), {.connections = 8});
  generator.connect();
  const auto schedule = measure::arrival_schedule(measure::Arrival::poisson, 500, 400ms, 3);
  const auto samples = generator.run(schedule, requests_for(schedule, std::string(300, 'x')));
  ASSERT_EQ(samples.size(), schedule.size());
  EXPECT_EQ(count_good(samples), schedule.size());
  EXPECT_EQ(targets.size(), schedule.size());
  EXPECT_TRUE(std::all_of(bodies.begin(), bodies.end(), [](const auto& body) { return body.size() == 300; }));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    EXPECT_EQ(samples[i].due, schedule[i]);
    EXPECT_EQ(samples[i].step, i);
    EXPECT_LE(samples[i].due, samples[i].released);
    EXPECT_LE(samples[i].released, samples[i].sent);
    EXPECT_LE(samples[i].sent, samples[i].done);
  }
}

TEST(Generator, MeasuresFromTheDueTimeWhenThereIsNoIdleConnection) {
  const auto server = answering([](const ServedRequest&) { return ServedResponse{.body = "{}", .delay = 30ms}; });
  Generator generator(net::parse_endpoint(server.url()), {.connections = 1});
  generator.connect();
  const auto schedule = evenly(5, 1ms);
  const auto samples = generator.run(schedule, requests_for(schedule));
  // One connection, 30 ms each: the fifth waits for the four before it, whatever its own answer took.
  EXPECT_GE(samples[4].done - samples[4].due, 5 * 30ms - 4ms);
  EXPECT_GE(samples[4].sent - samples[4].released, 4 * 30ms - 5ms);
}

TEST(Generator, UsesAllItsConnections) {
  std::set<std::uint64_t> connections;
  const auto server = answering([&](const ServedRequest& request) {
    connections.insert(request.connection);
    return ServedResponse{.body = "{}"};
  });
  Generator generator(net::parse_endpoint(server.url()), {.connections = 6, .threads = 2});
  generator.connect();
  const auto schedule = evenly(60, 1ms);
  generator.run(schedule, requests_for(schedule));
  EXPECT_GE(connections.size(), 6u);
  EXPECT_EQ(generator.reconnects(), 0u);
}

TEST(Generator, CountsStatusAndTransportFailuresAsNoGoodAnswer) {
  const auto server = answering([](const ServedRequest& request) -> ServedResponse {
    if (request.target == "/1") return {.status = 503, .body = "busy"};
    if (request.target == "/3") return {.drop = true};
    return {.body = "{}"};
  });
  Generator generator(net::parse_endpoint(server.url()), {.connections = 2});
  generator.connect();
  const auto schedule = evenly(6, 5ms);
  const auto samples = generator.run(schedule, requests_for(schedule));
  EXPECT_EQ(count_good(samples), 4u);
  EXPECT_EQ(samples[1].status, 503);
  EXPECT_EQ(samples[1].ending, Ending::answered);
  EXPECT_EQ(samples[3].ending, Ending::closed);
  EXPECT_TRUE(samples[5].good()) << "the lost connection was opened again";
}

TEST(Generator, GivesUpAtTheTimeOutAlsoForThoseThatNeverGotAConnection) {
  const auto server = answering([](const ServedRequest&) { return ServedResponse{.body = "{}", .delay = 1h}; });
  Generator generator(net::parse_endpoint(server.url()), {.connections = 1, .timeout = 150ms});
  generator.connect();
  const auto schedule = evenly(3, 1ms);
  const auto samples = generator.run(schedule, requests_for(schedule));
  for (const Sample& sample : samples) {
    EXPECT_EQ(sample.ending, Ending::timed_out);
    EXPECT_GE(sample.done - sample.due, 150ms);
  }
  EXPECT_NE(samples[0].sent, Sample::never);
}

TEST(Generator, RefusesAnAnswerThatIsTooLargeOrNoHttp) {
  for (const std::string answer : {"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", "nonsense\r\n\r\n"}) {
    net::ScriptedServer server([answer](net::ScriptedConnection& connection) {
      if (connection.read_until("\r\n\r\n").empty()) return;
      connection.send(answer);
      connection.wait_for_end();
    });
    Generator generator(net::parse_endpoint(server.url()), {.connections = 1, .timeout = 20s, .response_bytes = 1000});
    generator.connect();
    const auto schedule = evenly(1, 1ms);
    EXPECT_EQ(generator.run(schedule, requests_for(schedule))[0].ending, Ending::malformed) << answer;
  }
}

TEST(Generator, HoldsAnswersBackWhenASlowdownIsPlanted) {
  const auto server = answering([](const ServedRequest&) { return ServedResponse{.body = "{}", .delay = 20ms}; });
  Generator generator(net::parse_endpoint(server.url()), {.connections = 8});
  generator.connect();
  const auto schedule = evenly(10, 5ms);
  for (const Sample& sample : generator.run(schedule, requests_for(schedule), {.planted_slowdown = 2})) {
    EXPECT_TRUE(sample.good());
    EXPECT_GE(sample.done - sample.due, 40ms);
  }
}

TEST(Generator, StopsWhenTheRunIsCancelled) {
  const auto server = answering([](const ServedRequest&) { return ServedResponse{.body = "{}", .delay = 1h}; });
  Generator generator(net::parse_endpoint(server.url()), {.connections = 1, .timeout = 1h});
  generator.connect();
  std::stop_source stop;
  const auto schedule = evenly(1, 1ms);
  std::jthread canceller([&] {
    while (server.requests_served() == 0) std::this_thread::yield();
    stop.request_stop();
  });
  EXPECT_THROW(generator.run(schedule, requests_for(schedule), {.cancelled = stop.get_token()}), Cancelled);
}

TEST(Generator, SaysWhenNobodyListensOrTheSchemeIsNotItsOwn) {
  std::string url;
  {
    const auto server = answering([](const ServedRequest&) { return ServedResponse{}; });
    url = server.url();
  }
  Generator generator(net::parse_endpoint(url), {});
  EXPECT_THROW(generator.connect(), EnvironmentError);
  EXPECT_THROW(Generator(net::parse_endpoint("https://127.0.0.1:1"), {}), InputError);
}

TEST(Generator, DoesNotTakeItsOwnStandstillForATimeOut) {
  std::atomic<bool> halted = false;
  const auto server = answering([&](const ServedRequest&) {
    if (!halted.exchange(true)) testing::halt_for(1600ms);
    return ServedResponse{.body = "{}", .delay = 20ms};
  });
  Generator generator(net::parse_endpoint(server.url()), {.connections = 8, .timeout = 1500ms});
  generator.connect();
  const auto schedule = evenly(100, 10ms);
  const auto samples = generator.run(schedule, requests_for(schedule));
  EXPECT_EQ(count_good(samples), samples.size());
  EXPECT_GE(generator.stood_still(), 500ms);
}

// Coordinated omission: a service that stands still for 1.4 s must show in all requests that were due meanwhile, not
// in the one that was under way.
TEST(Generator, ShowsAStallInAllRequestsThatWereDueDuringIt) {
  std::atomic<bool> stalled = false;
  const auto server = answering([&](const ServedRequest& request) {
    if (request.target == "/40") {
      stalled = true;
      std::this_thread::sleep_for(1400ms);  // the fault itself: the server's only thread stands still
    }
    return ServedResponse{.body = "{}"};
  });
  constexpr double rate = 200;
  Generator generator(net::parse_endpoint(server.url()), {.connections = 4});
  generator.connect();
  const auto schedule = measure::arrival_schedule(measure::Arrival::constant, rate, 2s, 1);
  const auto samples = generator.run(schedule, requests_for(schedule));
  EXPECT_TRUE(stalled);
  EXPECT_EQ(count_good(samples), samples.size());
  const auto delayed = static_cast<double>(std::count_if(
      samples.begin(), samples.end(), [](const Sample& sample) { return sample.done - sample.due > 100ms; }));
  // Due from the start of the stall to 100 ms before its end, at 200/s: 260.
  EXPECT_GE(delayed, 0.9 * (1.4 - 0.1) * rate);
}

}  // namespace
}  // namespace sluice::load
