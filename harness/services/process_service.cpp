#include "harness/services/process_service.hpp"

#include <fmt/core.h>

#include <csignal>

#include "harness/core/errors.hpp"

namespace sluice::services {

ProcessService::ProcessService(const plan::ServiceSpec& spec, const ServiceEnvironment& environment)
    : OwnedService(spec, environment, {SIGTERM, spec.parameters.duration("stop_within")}), port_(environment.ports) {}

std::map<std::string, std::string> ProcessService::attributes() const {
  const std::string port = std::to_string(port_.port());
  return {{"host", "127.0.0.1"},
          {"port", port},
          {"address", "127.0.0.1:" + port},
          {"url", "http://127.0.0.1:" + port},
          {"log", log().string()}};
}

void ProcessService::start(std::stop_token stop) {
  const Parameters parameters = expanded(spec_.parameters, environment_, spec_.name);
  const Parameters ready = parameters.record("ready");
  SpawnOptions options{.command = parameters.texts("command"), .directory = environment_.directory};
  if (parameters.has("env")) options.environment = parameters.value("env").get<std::map<std::string, std::string>>();
  if (!probe_) probe_ = make_probe(ready, attributes().at("address"));
  spawn(options);
  const std::string line = ready.has("log") ? ready.text("log") : "";
  const auto started = [this, &line](std::stop_token cancelled) {
    if (!line.empty() && !logged(line)) return fmt::format("its log does not say '{}' yet", line);
    return probe_(cancelled);
  };
  await(started, ready.duration("within"), stop);
}

std::string ProcessService::probe(std::stop_token stop) { return probe_(stop); }

std::filesystem::path ProcessService::program() const {
  return find_program(environment_.expand(spec_.parameters.texts("command").at(0), spec_.name));
}

}  // namespace sluice::services
