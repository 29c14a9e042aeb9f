#include "harness/services/process_service.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <csignal>

#include "harness/core/errors.hpp"
#include "harness/plan/reference.hpp"

namespace sluice::services {
namespace {

constexpr int most_ports = 4;  // the first, and three more when somebody was faster

}  // namespace

ProcessService::ProcessService(const plan::ServiceSpec& spec, const ServiceEnvironment& environment)
    : OwnedService(spec, environment, {SIGTERM, spec.parameters.duration("stop_within")}),
      socket_activation_(spec.parameters.boolean("socket_activation")),
      port_(std::make_unique<PortReservation>(environment.ports)) {}

std::uint16_t ProcessService::port() const {
  const std::lock_guard lock(mutex_);
  return port_->port();
}

std::map<std::string, std::string> ProcessService::attributes() const {
  const std::string number = std::to_string(port());
  return {{"host", "127.0.0.1"},
          {"port", number},
          {"address", "127.0.0.1:" + number},
          {"url", "http://127.0.0.1:" + number},
          {"log", log().string()}};
}

// Whether its texts hold its address, so that another port would reach it.
bool ProcessService::told_its_port() const {
  if (socket_activation_) return true;
  std::vector<std::string> texts = spec_.parameters.texts("command");
  for (const auto& [name, value] : environment_of(spec_.parameters)) texts.push_back(value);
  return std::any_of(texts.begin(), texts.end(), [this](const std::string& text) {
    std::string ignored;
    const auto references = plan::find_references(text, ignored);
    return std::any_of(references.begin(), references.end(), [this](const plan::Reference& reference) {
      return (reference.name == "self" || reference.name == spec_.name) &&
             (reference.attribute == "url" || reference.attribute == "address" || reference.attribute == "port");
    });
  });
}

// Makes sure that the port is still ours to use. Until others know it, it may be exchanged.
void ProcessService::claim_port() {
  for (int tried = 1;; ++tried) {
    if (socket_activation_) {
      listener_ = ListeningSocket::on(port());
      if (listener_) return;
    } else if (port_is_free(port()) || !told_its_port()) {
      return;
    }
    if (settled_ || tried == most_ports)
      throw EnvironmentError(fmt::format("service {}: another program has taken its port {}", spec_.name, port()));
    const std::lock_guard lock(mutex_);
    port_ = std::make_unique<PortReservation>(environment_.ports);
  }
}

void ProcessService::start_once(std::stop_token stop) {
  claim_port();
  const Parameters parameters = expanded(spec_.parameters, environment_, spec_.name);
  const Parameters ready = parameters.record("ready");
  const auto environment = environment_of(parameters);
  if (!settled_) probe_ = make_probe(ready, attributes().at("url"), {spec_.name, environment, &environment_});
  SpawnOptions options{
      .command = parameters.texts("command"), .environment = environment, .directory = environment_.directory};
  if (listener_) options.listener = listener_->descriptor();
  spawn(options);
  const std::string line = ready.has("log") ? ready.text("log") : "";
  const auto started = [this, &line](std::stop_token cancelled) {
    if (!line.empty() && !logged(line)) return fmt::format("its log does not say '{}' yet", line);
    return probe_(cancelled);
  };
  await(started, ready.duration("within"), stop);
  settled_ = true;
}

void ProcessService::start(std::stop_token stop) {
  for (int tried = 1;; ++tried) {
    try {
      return start_once(stop);
    } catch (const EnvironmentError&) {
      const bool ended_by_itself = ended().has_value();
      if (settled_ || socket_activation_ || !ended_by_itself || tried == most_ports) throw;
      this->stop();  // with all that it started: what listens there now is somebody else's
      if (!told_its_port() || port_is_free(port())) throw;
      const std::lock_guard lock(mutex_);
      port_ = std::make_unique<PortReservation>(environment_.ports);
    }
  }
}

void ProcessService::stop() noexcept {
  OwnedService::stop();
  listener_.reset();
}

std::filesystem::path ProcessService::program() const {
  return find_program(environment_.expand(spec_.parameters.texts("command").at(0), spec_.name));
}

}  // namespace sluice::services
