#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "reports/fuzz/report_property.hpp"

namespace sluice::reports::fuzz {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

// The reports that are approved anyway are seeds of the fuzz target, too.
std::vector<std::filesystem::path> corpus() {
  const std::filesystem::path reports = std::filesystem::path(SLUICE_SOURCE_DIR) / "reports";
  std::vector<std::filesystem::path> files(std::filesystem::directory_iterator(reports / "fuzz/corpus"), {});
  for (const char* name : {"go.json", "inconclusive.json", "no-go.json"}) files.push_back(reports / "golden" / name);
  std::sort(files.begin(), files.end());
  return files;
}

class ReportCorpus : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(ReportCorpus, HoldsWhatMustHoldForAnyText) { EXPECT_EQ(violation_by_report(content(GetParam())), ""); }

INSTANTIATE_TEST_SUITE_P(EveryFile, ReportCorpus, testing::ValuesIn(corpus()), [](const auto& instance) {
  std::string name = instance.param.stem().string();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace sluice::reports::fuzz
