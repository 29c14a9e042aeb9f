#include "harness/cli/reach.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "harness/core/printable.hpp"
#include "harness/plan/reference.hpp"
#include "harness/stores/store_url.hpp"

namespace sluice::cli {
namespace {

bool is_postgres(std::string_view url) { return url.starts_with("postgresql://") || url.starts_with("postgres://"); }

std::string expanded(const std::string& text, const RunResult& result, const plan::Plan& plan, const Folders& folders) {
  return plan::expand(text, [&](const plan::Reference& reference) -> std::string {
    if (reference.name == "work") return folders.work.string();
    if (reference.name == "bin") return folders.binaries.string();
    if (reference.name == "plan") return plan.directory.string();
    if (reference.name == "env") {
      const char* value = std::getenv(reference.attribute.c_str());
      return value != nullptr ? value : "";
    }
    for (const auto& service : result.services) {
      if (service.name != reference.name || reference.attribute != "url") continue;
      return service.state == "ready" ? service.address : "";
    }
    return reference.text;
  });
}

// The command that opens a store; empty where there is none to offer.
std::string opener(const std::string& url) {
  if (url.starts_with(stores::sqlite_scheme)) return "sqlite3 " + shell_word(url.substr(stores::sqlite_scheme.size()));
  return is_postgres(url) ? "psql " + shell_word(url) : "";
}

std::vector<std::string> openers(const ServiceResult& service, const plan::Plan& plan) {
  const auto* spec = plan.service(service.name);
  if (service.state != "ready" || !is_postgres(service.address)) return {};
  if (spec == nullptr || spec->kind != "postgres") return {opener(service.address)};
  std::vector<std::string> commands;
  for (const auto& database : spec->parameters.texts("databases"))
    commands.push_back(opener(service.address + "/" + database));
  if (commands.empty()) commands.push_back(opener(service.address + "/postgres"));
  return commands;
}

}  // namespace

bool anything_up(const RunResult& result) {
  return result.services.empty() || std::any_of(result.services.begin(), result.services.end(),
                                                [](const ServiceResult& service) { return service.state == "ready"; });
}

std::vector<std::string> how_to_reach(const RunResult& result, const plan::Plan& plan, const Folders& folders) {
  std::size_t width = 0;
  for (const auto& service : result.services) width = std::max(width, service.name.size());
  for (const auto& [side, url] : plan.stores) width = std::max(width, side.size() + std::string_view("store ").size());
  std::vector<std::string> lines;
  std::vector<std::string> offered;
  const auto say = [&](const std::string& name, const std::string& text) {
    lines.push_back(fmt::format("{:{}}  {}", name, width, text));
  };
  for (const auto& service : result.services) {
    say(service.name, service.state == "ready" ? service.address : service.state);
    for (const auto& command : openers(service, plan)) {
      say("", command);
      offered.push_back(command);
    }
    if (!service.log.empty()) say("", "log: " + service.log);
  }
  for (const auto& [side, url] : plan.stores) {
    const std::string command = opener(expanded(url, result, plan, folders));
    const bool known = std::find(offered.begin(), offered.end(), command) != offered.end();
    if (!command.empty() && !known) say("store " + side, command);
  }
  return lines;
}

}  // namespace sluice::cli
