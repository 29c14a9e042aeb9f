#include "harness/run/environment.hpp"

#include <cstdlib>

#include "harness/run/identity.hpp"

namespace sluice::run {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

void add_secrets(const json& value, Redactor& redactor) {
  if (value.is_structured()) {
    for (const auto& item : value) add_secrets(item, redactor);
  }
  if (!value.is_string()) return;
  std::string ignored;
  for (const auto& reference : plan::find_references(value.get_ref<const std::string&>(), ignored)) {
    const char* secret = reference.name == "secret" ? std::getenv(reference.attribute.c_str()) : nullptr;
    if (secret != nullptr) redactor.add_secret(secret);
  }
}

}  // namespace

Redactor redactor_for(const plan::Plan& plan) {
  Redactor redactor;
  for (const auto& service : plan.services) add_secrets(service.parameters.json(), redactor);
  for (const auto& check : plan.checks) add_secrets(check.parameters.json(), redactor);
  for (const auto& action : plan.actions) add_secrets(json(action.environment), redactor);
  add_secrets(json(plan.endpoints), redactor);
  add_secrets(json(plan.stores), redactor);
  return redactor;
}

Environment::Environment(const plan::Plan& plan, const RunOptions& options, const services::RunFolder& folder,
                         const Clock& clock, const Redactor& redactor)
    : plan_(plan),
      options_(options),
      redactor_(redactor),
      host_(folder.marker(), [&folder](pid_t group, bool alive) { folder.note_group(group, alive); }) {
  environment_ = {.host = &host_,
                  .work = folder.path(),
                  .memory = folder.memory(),
                  .logs = fs::absolute(options.output) / "logs",
                  .ports = folder.ports(),
                  .directory = plan.directory,
                  .clock = &clock,
                  .expand = [this](const std::string& text, const std::string& self) { return expand(text, self); }};
  fs::create_directories(environment_.logs);
  for (const auto& service : plan.services) fs::remove(environment_.logs / (service.name + ".log"));
  supervisor_ = std::make_unique<services::Supervisor>(plan.services, environment_);
}

void Environment::start(std::stop_token stop, RunObserver& observer) {
  supervisor_->start(
      stop, [&](const std::string& name, std::chrono::nanoseconds after) { observer.service_ready(name, after); });
}

std::string Environment::resolve(const plan::Reference& reference, const std::string& self) {
  if (reference.name == "work") return environment_.work.string();
  if (reference.name == "bin") return options_.binaries.string();
  if (reference.name == "plan") return plan_.directory.string();
  if (reference.name == "env" || reference.name == "secret") {
    const char* value = std::getenv(reference.attribute.c_str());
    return value != nullptr ? value : "";
  }
  return supervisor_->attribute(reference.name == "self" ? self : reference.name, reference.attribute);
}

std::string Environment::expand(const std::string& text, const std::string& self) {
  return plan::expand(text, [&](const plan::Reference& reference) { return resolve(reference, self); });
}

json Environment::expand(const json& value) {
  return plan::fill_texts(value, [this](const std::string& text) { return expand(text); });
}

namespace {

// Every text that names a file beside the plan: corpora, scenarios, schemas.
void add_named_files(const std::string& check, const json& value, const fs::path& directory,
                     std::vector<Identity>& identities) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text.empty() || text.size() > 4096 || text.find('\0') != std::string::npos) return;
    if (auto identity = identify("check " + check + ": " + text, directory / text))
      identities.push_back(std::move(*identity));
  }
  if (value.is_structured()) {
    for (const auto& item : value) add_named_files(check, item, directory, identities);
  }
}

}  // namespace

std::vector<Identity> Environment::identities() {
  std::vector<Identity> identities;
  identities.push_back(
      {.name = "plan", .path = plan_.path.string(), .sha256 = sha256(plan_.text), .bytes = plan_.text.size()});
  const auto add = [&](const std::string& name, const fs::path& file) {
    if (auto identity = identify(name, file)) identities.push_back(std::move(*identity));
  };
  std::error_code ignored;
  add("sluice", fs::read_symlink("/proc/self/exe", ignored));
  for (const auto& file : plan_.waiver_files) add("waivers " + file.filename().string(), file);
  for (const auto& service : plan_.services)
    add("service " + service.name, supervisor_->service(service.name)->program());
  for (const auto& action : plan_.actions) {
    if (action.order) continue;
    const auto program = services::find_program(expand(action.command.at(0)));
    add("action " + action.name, program.is_relative() ? plan_.directory / program : program);
  }
  for (const auto& check : plan_.checks)
    add_named_files(check.name, check.parameters.json(), plan_.directory, identities);
  return identities;
}

}  // namespace sluice::run
