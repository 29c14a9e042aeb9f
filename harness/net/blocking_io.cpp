#include "harness/net/blocking_io.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>

namespace sluice::net {
namespace {

using Steady = std::chrono::steady_clock;
constexpr std::chrono::nanoseconds most_between_looks = std::chrono::milliseconds(50);
// When the time is over, what has already come is still taken; of a stream that never ends, no more than this.
constexpr int steps_after_the_end = 16;

}  // namespace

Patience patience_from_now(std::chrono::nanoseconds timeout) { return {Steady::now(), timeout}; }

Interruption run_until(boost::asio::io_context& io, Patience& patience, const std::stop_token& stop,
                       const std::function<bool()>& done) {
  int steps_left = steps_after_the_end;
  while (!done()) {
    if (stop.stop_requested()) return Interruption::cancelled;
    const auto left = patience.left(Steady::now());
    io.restart();
    const bool over = left <= std::chrono::nanoseconds(0);
    const auto ran = over ? io.poll_one() : io.run_one_for(std::min(left, most_between_looks));
    if (ran == 0 && io.stopped()) return Interruption::none;
    if (over && (ran == 0 || --steps_left == 0) && !done()) {
      return Interruption::timed_out;
    }
  }
  return Interruption::none;
}

OperationEnd run_operation(boost::asio::io_context& io, std::function<boost::asio::awaitable<void>()> operation,
                           std::chrono::nanoseconds timeout, const std::stop_token& stop,
                           const std::function<void()>& interrupt) {
  OperationEnd end;
  bool done = false;
  boost::asio::co_spawn(io, std::move(operation), [&](std::exception_ptr failure) {
    done = true;
    end.failure = failure;
  });
  Patience patience = patience_from_now(timeout);
  end.interruption = run_until(io, patience, stop, [&] { return done; });
  if (!done) {
    interrupt();
    while (!done) {
      io.restart();
      io.run_one();
    }
  }
  return end;
}

}  // namespace sluice::net
