#include "harness/testing/check_context.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "harness/core/errors.hpp"
#include "harness/plan/normalise.hpp"

namespace sluice::testing {

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "sluice-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder: " + name);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TemporaryFolder::write(const std::string& name, const std::string& text) const {
  const auto file = path_ / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
  return file;
}

CheckContext make_context(const TemporaryFolder& folder, const std::string& check) {
  static const SystemClock clock;
  CheckContext context;
  context.check = check;
  context.plan_directory = folder.path();
  context.work = folder.path() / "work";
  context.output = folder.path() / "out";
  std::filesystem::create_directories(context.work);
  std::filesystem::create_directories(context.output);
  context.seed = 1;
  context.clock = &clock;
  context.progress = [](const Progress&) {};
  context.reproduce = "sluice run plan.yaml --check " + check + " --seed 1";
  return context;
}

Outcome run_check(Check& check, CheckContext& context) {
  check.prepare(context);
  check.exercise(context);
  Outcome outcome = check.judge(context);
  if (outcome.verdict == Verdict::passed) outcome.control = check.control(context);
  return outcome;
}

Parameters make_parameters(const CheckKind& kind, const std::string& json) {
  plan::Problems problems;
  const plan::Node node = plan::read_yaml(json, "parameters", problems);
  auto values = plan::normalise_fields(node, kind.parameters, "check '" + kind.name + "'", problems);
  if (!problems.empty()) throw plan::PlanError(std::move(problems));
  return Parameters(std::move(values));
}

}  // namespace sluice::testing
