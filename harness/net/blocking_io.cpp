#include "harness/net/blocking_io.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>

namespace sluice::net {
namespace {

using Steady = std::chrono::steady_clock;
constexpr auto stop_check_interval = std::chrono::milliseconds(50);

}  // namespace

Steady::time_point deadline_after(std::chrono::nanoseconds timeout) {
  const std::chrono::nanoseconds longest = std::chrono::hours(24 * 365);
  return Steady::now() + std::clamp(timeout, std::chrono::nanoseconds(0), longest);
}

Interruption run_until(boost::asio::io_context& io, Steady::time_point deadline, const std::stop_token& stop,
                       const std::function<bool()>& done) {
  while (!done()) {
    if (stop.stop_requested()) return Interruption::cancelled;
    const auto now = Steady::now();
    if (now >= deadline) return Interruption::timed_out;
    io.restart();
    const auto slice = stop.stop_possible() ? std::min(deadline, now + stop_check_interval) : deadline;
    if (io.run_one_until(slice) == 0 && io.stopped()) return Interruption::none;
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
  end.interruption = run_until(io, deadline_after(timeout), stop, [&] { return done; });
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
