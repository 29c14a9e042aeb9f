#include "suites/load/generator.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <thread>

#include "harness/core/errors.hpp"
#include "suites/load/generator_worker.hpp"

namespace sluice::load {
namespace {

std::size_t share_of(std::size_t total, unsigned parts, unsigned part) {
  return total / parts + (part < total % parts ? 1 : 0);
}

}  // namespace

Generator::Generator(net::Endpoint endpoint, GeneratorOptions options)
    : endpoint_(std::move(endpoint)), options_(options) {
  if (endpoint_.tls()) {
    throw InputError(
        fmt::format("load cannot be sent to {}://{}: the generator speaks plain http; point it at the "
                    "service behind the TLS terminator",
                    endpoint_.scheme, endpoint_.authority()));
  }
  const auto threads = static_cast<unsigned>(std::clamp<std::size_t>(options_.threads, 1, options_.connections));
  for (unsigned i = 0; i < threads; ++i) {
    workers_.push_back(std::make_unique<Worker>(endpoint_, options_, share_of(options_.connections, threads, i)));
  }
}

Generator::~Generator() = default;

void Generator::connect(std::stop_token cancelled) {
  for (auto& worker : workers_) worker->connect(cancelled);
}

std::vector<Sample> Generator::run(std::span<const std::chrono::nanoseconds> schedule,
                                   std::span<const PreparedRequest> requests, const RunOptions& options) {
  if (schedule.size() != requests.size()) throw std::invalid_argument("a schedule needs one request for each due time");
  std::vector<Sample> samples(schedule.size());
  // The workers need a moment to get going; the first due time must not be in their past.
  const auto start = std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
  std::vector<std::exception_ptr> failures(workers_.size());
  const auto work = [&](std::size_t i) {
    try {
      workers_[i]->run({schedule, requests, samples, start, i, workers_.size(), options});
    } catch (...) {
      failures[i] = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < workers_.size(); ++i) threads.emplace_back(work, i);
    work(0);
  }
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  return samples;
}

std::chrono::nanoseconds Generator::stood_still() const {
  std::chrono::nanoseconds longest{0};
  for (const auto& worker : workers_) longest = std::max(longest, worker->stood_still());
  return longest;
}

std::uint64_t Generator::reconnects() const {
  std::uint64_t total = 0;
  for (const auto& worker : workers_) total += worker->reconnects();
  return total;
}

}  // namespace sluice::load
