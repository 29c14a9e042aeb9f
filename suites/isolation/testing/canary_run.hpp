#pragma once
#include <string>
#include <vector>

#include "harness/testing/check_context.hpp"
#include "harness/testing/http_server.hpp"
#include "suites/isolation/canary.hpp"

// Runs isolation.canary against real servers on this machine.
namespace sluice::isolation::testing {

inline const std::string few_users = R"("users": 8, "rounds": 6, "bleed_below": 0.1, "timeout": "5s")";

/// A run with everything it needs. With no `old_server` only the new side is examined.
struct CanaryRun {
  std::vector<std::string> scenario;  ///< lines
  std::string parameters = few_users;

  Outcome against(const sluice::testing::HttpServer& new_server,
                  const sluice::testing::HttpServer* old_server = nullptr) const {
    const sluice::testing::TemporaryFolder folder;
    CheckContext context = make_context(folder);
    context.endpoints["new"] = new_server.url();
    if (old_server != nullptr) context.endpoints["old"] = old_server->url();
    return run(folder, context, old_server != nullptr ? "both" : "new");
  }

  Outcome run(const sluice::testing::TemporaryFolder& folder, CheckContext& context, const std::string& side) const {
    std::string lines;
    for (const std::string& line : scenario) lines += line + "\n";
    folder.write("user.jsonl", lines);
    const CheckKind kind = canary_kind();
    const std::string side_text = R"({"scenario": "user.jsonl", "side": ")" + side + "\"";
    const auto check = kind.make(
        sluice::testing::make_parameters(kind, side_text + (parameters.empty() ? "" : ", ") + parameters + "}"));
    return sluice::testing::run_check(*check, context);
  }

 private:
  static CheckContext make_context(const sluice::testing::TemporaryFolder& folder) {
    return sluice::testing::make_context(folder, "no-bleed");
  }
};

inline std::string where(const Finding& finding, const std::string& name) {
  for (const auto& [key, value] : finding.where) {
    if (key == name) return value;
  }
  return "absent";
}

/// The first finding at that place, or one that is empty.
inline Finding finding_in(const Outcome& outcome, const std::string& place) {
  for (const Finding& finding : outcome.findings) {
    if (where(finding, "in") == place) return finding;
  }
  return {};
}

inline bool is_path(const sluice::testing::ServedRequest& request, const std::string& path) {
  return request.target.substr(0, request.target.find('?')) == path;
}

}  // namespace sluice::isolation::testing
