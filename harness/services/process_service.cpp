#include "harness/services/process_service.hpp"

#include <fmt/core.h>

#include "harness/core/errors.hpp"
#include "harness/services/log_tail.hpp"

namespace sluice::services {

ProcessService::ProcessService(const plan::ServiceSpec& spec, const ServiceEnvironment& environment)
    : spec_(spec), environment_(environment), log_(environment.logs / (spec.name + ".log")), port_(environment.ports) {}

std::map<std::string, std::string> ProcessService::attributes() const {
  const std::string port = std::to_string(port_.port());
  return {{"host", "127.0.0.1"},
          {"port", port},
          {"address", "127.0.0.1:" + port},
          {"url", "http://127.0.0.1:" + port},
          {"log", log_.string()}};
}

void ProcessService::start(std::stop_token stop) {
  const Parameters parameters = expanded(spec_.parameters, environment_, spec_.name);
  const Parameters ready = parameters.record("ready");
  SpawnOptions options{.command = parameters.texts("command"), .directory = environment_.directory, .log = log_};
  if (parameters.has("env")) options.environment = parameters.value("env").get<std::map<std::string, std::string>>();
  std::error_code none_yet;
  const auto written = std::filesystem::file_size(log_, none_yet);
  const std::uintmax_t before = none_yet ? 0 : written;  // an earlier life's lines say nothing about this one
  probe_ = make_probe(ready, attributes().at("address"));
  try {
    child_ = environment_.host->spawn(options, [this](ExitStatus) {
      if (!stopping_ && on_death) on_death();
    });
  } catch (const EnvironmentError& error) {
    throw EnvironmentError(fmt::format("service {}: {}", spec_.name, error.what()));
  }
  const std::string line = ready.has("log") ? ready.text("log") : "";
  const auto started = [this, &line, before] {
    if (!line.empty() && !log_contains(log_, line, before)) return fmt::format("its log does not say '{}' yet", line);
    return probe_();
  };
  await_ready(
      spec_.name, started, [this] { return why_dead(); }, ready.duration("within"), stop);
}

std::string ProcessService::why_dead() const {
  const auto status = child_->exited();
  return status ? fmt::format("ended before it was ready ({})", status->to_string()) : "";
}

void ProcessService::stop() noexcept {
  if (!child_) return;
  stopping_ = true;
  child_->end(SIGTERM, spec_.parameters.duration("stop_within"));
  child_.reset();
  stopping_ = false;
}

void ProcessService::signal(int signal) {
  if (!child_ || child_->exited()) throw EnvironmentError(fmt::format("service {} does not run", spec_.name));
  child_->signal_group(signal);
}

std::optional<std::string> ProcessService::died() const {
  if (!child_ || stopping_) return std::nullopt;
  const auto status = child_->exited();
  if (!status) return std::nullopt;
  return status->to_string();
}

std::string ProcessService::probe() { return probe_(); }

std::filesystem::path ProcessService::program() const {
  return find_program(environment_.expand(spec_.parameters.texts("command").at(0), spec_.name));
}

}  // namespace sluice::services
