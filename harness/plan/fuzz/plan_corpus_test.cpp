#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "harness/plan/fuzz/kinds.hpp"
#include "harness/plan/fuzz/plan_property.hpp"
#include "harness/plan/loader.hpp"
#include "harness/plan/overlay.hpp"

namespace sluice::plan::fuzz {
namespace {

std::filesystem::path folder() { return std::filesystem::path(SLUICE_SOURCE_DIR) / "harness/plan/fuzz/corpus"; }

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::filesystem::path> corpus() {
  std::vector<std::filesystem::path> files(std::filesystem::directory_iterator(folder()), {});
  std::sort(files.begin(), files.end());
  return files;
}

class PlanCorpus : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(PlanCorpus, HoldsWhatMustHoldForAnyText) { EXPECT_EQ(violation_by_plan(content(GetParam())), ""); }

INSTANTIATE_TEST_SUITE_P(EveryFile, PlanCorpus, testing::ValuesIn(corpus()), [](const auto& instance) {
  std::string name = instance.param.stem().string();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

// What never loads would leave the other half of the properties unseen.
TEST(PlanSeeds, Load) {
  for (const char* name : {"every-section.yaml", "smallest.yaml", "as-json.json"})
    EXPECT_NO_THROW(parse_plan(content(folder() / name), name, representative_kinds())) << name;
  EXPECT_NO_THROW(parse_overlay(content(folder() / "overlay.yaml"), "overlay.yaml"));
}

}  // namespace
}  // namespace sluice::plan::fuzz
