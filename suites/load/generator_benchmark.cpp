// What the load generator costs and how late it is, against the in-process test server. The server's own cost is not in
// the CPU figures: they are those of the generator's thread.
#include <benchmark/benchmark.h>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>

#include "harness/measure/arrival.hpp"
#include "harness/measure/quantile.hpp"
#include "harness/testing/http_server.hpp"
#include "suites/load/generator.hpp"

namespace {

using namespace std::chrono_literals;
using namespace sluice;

double thread_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

std::vector<load::PreparedRequest> requests(std::size_t count) {
  return std::vector<load::PreparedRequest>(count, {"GET /item HTTP/1.1\r\nHost: benchmark\r\n\r\n", 0, false});
}

testing::ServerHandlers trivial() {
  return {.http = [](const testing::ServedRequest&) { return testing::ServedResponse{.body = "{}"}; }, .websocket = {}};
}

void saturated(benchmark::State& state) {
  const testing::HttpServer server(trivial());
  load::Generator generator(net::parse_endpoint(server.url()), {.connections = 50, .timeout = 60s});
  generator.connect();
  const std::vector<std::chrono::nanoseconds> schedule(20'000, 0ns);  // all due at once: as fast as it goes
  const auto load = requests(schedule.size());
  double cpu = 0;
  double sent = 0;
  for (auto _ : state) {
    const double before = thread_cpu_seconds();
    const auto samples = generator.run(schedule, load);
    cpu += thread_cpu_seconds() - before;
    sent += static_cast<double>(std::count_if(samples.begin(), samples.end(), [](const auto& s) { return s.good(); }));
  }
  state.counters["requests_per_cpu_second"] = sent / cpu;
  state.counters["requests_per_second"] = benchmark::Counter(sent, benchmark::Counter::kIsRate);
}
BENCHMARK(saturated)->Unit(benchmark::kMillisecond)->Iterations(5)->UseRealTime();

void paced(benchmark::State& state) {
  const testing::HttpServer server(trivial());
  load::Generator generator(net::parse_endpoint(server.url()), {.connections = 50});
  generator.connect();
  const auto rate = static_cast<double>(state.range(0));
  std::vector<double> lateness;
  std::uint64_t seed = 1;
  for (auto _ : state) {
    const auto schedule = measure::arrival_schedule(measure::Arrival::poisson, rate, 2s, seed++);
    for (const auto& sample : generator.run(schedule, requests(schedule.size()))) {
      lateness.push_back(std::chrono::duration<double, std::micro>(sample.sent - sample.due).count());
    }
  }
  std::sort(lateness.begin(), lateness.end());
  state.counters["late_us_p50"] = measure::quantile(lateness, 0.5);
  state.counters["late_us_p99"] = measure::quantile(lateness, 0.99);
}
BENCHMARK(paced)->Arg(150)->Arg(2000)->Unit(benchmark::kMillisecond)->Iterations(3)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
