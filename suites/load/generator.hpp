#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/net/endpoint.hpp"

// A facade: no Asio or Beast in this header.
namespace sluice::load {

/// How one scheduled request ended.
enum class Ending : std::uint8_t { answered, closed, malformed, timed_out };

/// One scheduled request. Times count from the start of its block; `never` where the moment did not come.
struct Sample {
  static constexpr std::chrono::nanoseconds never = std::chrono::nanoseconds::min();
  std::chrono::nanoseconds due{0};  ///< when the schedule wanted it sent
  std::chrono::nanoseconds released{
      0};  ///< when the generator woke up for it; later than due is the generator's own lag
  std::chrono::nanoseconds sent = never;  ///< when a connection took it; later than released is the service's doing
  std::chrono::nanoseconds done{0};       ///< when the answer was whole, or the request was given up
  std::uint32_t step = 0;                 ///< which step of the corpus
  std::uint16_t status = 0;               ///< 0 without an answer
  Ending ending = Ending::timed_out;

  /// An answer with a 2xx or 3xx status.
  bool good() const { return ending == Ending::answered && status >= 200 && status < 400; }
};

/// A request as the bytes that go out.
struct PreparedRequest {
  std::string bytes;
  std::uint32_t step = 0;
  bool to_head = false;
};

struct GeneratorOptions {
  std::size_t connections = 64;
  unsigned threads = 1;
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);  ///< of a request, from its due time, but for standstills
  std::size_t response_bytes = 16u << 20;
};

struct RunOptions {
  /// Every answer is held back until its latency, from the due time, is this many times as long: a slow service,
  /// planted where a slow service would show.
  double planted_slowdown = 1;
  std::stop_token cancelled = {};
};

/// An open-model load generator over keep-alive HTTP/1.1 connections. Requests leave at their due times whatever the
/// service does; with no idle connection they queue and keep their due time; none is ever skipped. Not for TLS.
class Generator {
 public:
  /// Throws InputError for an endpoint that is not plain http.
  Generator(net::Endpoint endpoint, GeneratorOptions options);
  ~Generator();
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  /// Opens all connections. Throws EnvironmentError when one cannot be opened within the time-out.
  void connect(std::stop_token cancelled = {});

  /// Sends requests[i] at schedule[i] (ascending) after the start of the block and returns when each has ended; one
  /// sample for each, in the order of the schedule. At most the last due time and the time-out long, but for
  /// standstills. Throws Cancelled, and EnvironmentError when connect() was not called.
  std::vector<Sample> run(std::span<const std::chrono::nanoseconds> schedule, std::span<const PreparedRequest> requests,
                          const RunOptions& options = {});

  /// Connections that were opened again because the service closed them or they failed.
  std::uint64_t reconnects() const;
  /// For how long the generator itself did not run in the last run(), because the machine stood still or the process
  /// was halted; 0 when no longer than a busy machine explains. The samples of such a run measure the machine.
  std::chrono::nanoseconds stood_still() const;

 private:
  class Worker;
  struct Block;
  net::Endpoint endpoint_;
  GeneratorOptions options_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace sluice::load
