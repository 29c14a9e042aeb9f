#include <fmt/core.h>

#include "harness/cli/command.hpp"
#include "harness/cli/report_file.hpp"
#include "harness/run/runner.hpp"
#include "reports/render.hpp"

namespace sluice::cli {

void add_report_command(CLI::App& app, Action& action) {
  auto file = std::make_shared<std::string>();
  auto format = std::make_shared<std::string>("text");
  CLI::App* sub = app.add_subcommand("report", "Render a report.json in another format");
  sub->add_option("REPORT", *file, "a report.json")->type_name("FILE")->required();
  sub->add_option("--format", *format, "the format to print it in")
      ->check(CLI::IsMember(reports::formats()))
      ->capture_default_str();
  sub->callback([file, format, &action] {
    action = [file, format](const Invocation&) {
      fmt::print("{}\n", reports::render(read_report(*file), *format));
      return run::ExitCode::go;
    };
  });
}

}  // namespace sluice::cli
