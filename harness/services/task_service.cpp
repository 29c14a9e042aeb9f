#include "harness/services/task_service.hpp"

#include <fmt/core.h>

#include <csignal>

#include "harness/core/errors.hpp"

namespace sluice::services {

using namespace std::chrono_literals;

TaskService::TaskService(const plan::ServiceSpec& spec, const ServiceEnvironment& environment)
    : OwnedService(spec, environment, {SIGTERM, 5s}) {}

void TaskService::start(std::stop_token stop) {
  const Parameters parameters = expanded(spec_.parameters, environment_, spec_.name);
  const auto within = parameters.duration("within");
  spawn({.command = parameters.texts("command"),
         .environment = environment_of(parameters),
         .directory = environment_.directory});
  const auto status = wait_for_end(within, stop);
  if (stop.stop_requested()) throw Cancelled();
  const std::string words = last_words();
  if (!status)
    throw EnvironmentError(
        fmt::format("service {} was not done within {}{}", spec_.name, human_duration(within), words));
  if (!status->succeeded())
    throw EnvironmentError(fmt::format("service {} failed ({}){}", spec_.name, status->to_string(), words));
  this->stop();  // it is over, which is no death
}

std::filesystem::path TaskService::program() const {
  return find_program(environment_.expand(spec_.parameters.texts("command").at(0), spec_.name));
}

}  // namespace sluice::services
