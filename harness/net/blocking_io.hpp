#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <stop_token>

#include "harness/core/patience.hpp"

// Private to this folder: the bridge between coroutines and callers that block.
namespace sluice::net {

enum class Interruption { none, timed_out, cancelled };

Patience patience_from_now(std::chrono::nanoseconds timeout);

/// Runs `io` on this thread until `done`, the end of the patience, or a stop (noticed within 50 ms); `none` when done,
/// and also when nothing is left to run. What has come by the end is still taken.
Interruption run_until(boost::asio::io_context& io, Patience& patience, const std::stop_token& stop,
                       const std::function<bool()>& done);

struct OperationEnd {
  Interruption interruption = Interruption::none;
  std::exception_ptr failure;  ///< what the coroutine threw
};

/// Runs one coroutine to its end on this thread. When `timeout` is over or at a stop calls `interrupt` once, which must
/// make the coroutine end soon (by closing its socket), and goes on until it has.
OperationEnd run_operation(boost::asio::io_context& io, std::function<boost::asio::awaitable<void>()> operation,
                           std::chrono::nanoseconds timeout, const std::stop_token& stop,
                           const std::function<void()>& interrupt);

}  // namespace sluice::net
