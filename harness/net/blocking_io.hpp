#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <stop_token>

// Private to this folder: the bridge between coroutines and callers that block.
namespace sluice::net {

enum class Interruption { none, timed_out, cancelled };

/// When a wait ends; far futures are cut to a year so that no sum overflows.
std::chrono::steady_clock::time_point deadline_after(std::chrono::nanoseconds timeout);

/// Runs `io` on this thread until `done`, the deadline, or a stop (noticed within 50 ms); `none` when done, and also
/// when nothing is left to run.
Interruption run_until(boost::asio::io_context& io, std::chrono::steady_clock::time_point deadline,
                       const std::stop_token& stop, const std::function<bool()>& done);

struct OperationEnd {
  Interruption interruption = Interruption::none;
  std::exception_ptr failure;  ///< what the coroutine threw
};

/// Runs one coroutine to its end on this thread. At the deadline or a stop calls `interrupt` once, which must make the
/// coroutine end soon (by closing its socket), and goes on until it has.
OperationEnd run_operation(boost::asio::io_context& io, std::function<boost::asio::awaitable<void>()> operation,
                           std::chrono::nanoseconds timeout, const std::stop_token& stop,
                           const std::function<void()>& interrupt);

}  // namespace sluice::net
