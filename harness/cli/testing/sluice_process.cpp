#include "harness/cli/testing/sluice_process.hpp"

#include <fstream>
#include <iterator>

namespace sluice::cli::testing {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

SluiceProcess::SluiceProcess() {
  fs::create_directory(temporary());
  // As root PostgreSQL runs as another user, who must get through to its own folder.
  for (const auto& folder : {folder_.path(), temporary()})
    fs::permissions(folder, fs::perms::group_exec | fs::perms::others_exec, fs::perm_options::add);
}

std::unique_ptr<services::ChildProcess> SluiceProcess::start(std::vector<std::string> arguments, Environment more,
                                                             const std::string& log) {
  fs::remove(folder_.path() / log);
  arguments.insert(arguments.begin(), std::string(SLUICE_BIN_DIR) + "/sluice");
  more.insert({{"TMPDIR", temporary().string()},
               {"XDG_STATE_HOME", (folder_.path() / "state").string()},
               {"SLUICE_LEDGER", ""},
               {"NO_COLOR", "1"},
               {"GITHUB_STEP_SUMMARY", ""}});
  return host_.spawn(
      {.command = arguments, .environment = more, .directory = folder_.path(), .log = folder_.path() / log});
}

int SluiceProcess::exit_of(const services::ChildProcess& sluice) {
  const auto status = sluice.wait(120s);
  if (!status) return -1;
  return status->signal != 0 ? 1000 + status->signal : status->code;
}

int SluiceProcess::sluice(std::vector<std::string> arguments, Environment more) {
  return exit_of(*start(std::move(arguments), std::move(more)));
}

int SluiceProcess::run(const std::string& plan, std::vector<std::string> more) {
  folder_.write("plan.yaml", plan);
  more.insert(more.begin(), {"run", "plan.yaml"});
  return sluice(std::move(more));
}

std::string SluiceProcess::read(const fs::path& file) const {
  std::ifstream stream(folder_.path() / file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

nlohmann::ordered_json SluiceProcess::report(const std::string& out) const {
  return nlohmann::ordered_json::parse(read(fs::path(out) / "report.json"));
}

std::vector<std::string> SluiceProcess::run_markers() const {
  std::vector<std::string> markers;
  for (const auto& user : fs::directory_iterator(temporary())) {
    for (const auto& entry : fs::directory_iterator(user.path())) {
      if (entry.path().filename().string().starts_with("run-")) markers.push_back(entry.path().filename());
    }
  }
  return markers;
}

std::string SluiceProcess::with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

}  // namespace sluice::cli::testing
