#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "harness/core/errors.hpp"
#include "reports/render.hpp"
#include "reports/testing/sample_results.hpp"

namespace sluice::reports {
namespace {

// Approved outputs. To approve what the renderers write now, after having read the difference: SLUICE_UPDATE_GOLDEN=1
// reports_test
class Golden : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

std::string extension(const std::string& format) {
  if (format == "junit") return "junit.xml";
  if (format == "ctrf") return "ctrf.json";
  if (format == "markdown") return "md";
  return format == "text" ? "txt" : format;
}

TEST_P(Golden, IsWhatWasApproved) {
  const auto& [name, format] = GetParam();
  const std::string rendered = render(sample(name), format);
  const std::filesystem::path path =
      std::filesystem::path(SLUICE_SOURCE_DIR) / "reports" / "golden" / (name + "." + extension(format));
  const char* update = std::getenv("SLUICE_UPDATE_GOLDEN");
  if (update != nullptr && std::string_view(update) == "1") {
    std::ofstream(path, std::ios::binary) << rendered;
    GTEST_SKIP() << "approved " << path;
  }
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file) << "there is no " << path;
  const std::string approved(std::istreambuf_iterator<char>(file), {});
  ASSERT_FALSE(approved.empty());
  const auto [differs, unused] = std::mismatch(rendered.begin(), rendered.end(), approved.begin(), approved.end());
  const auto at = static_cast<std::size_t>(differs - rendered.begin());
  EXPECT_TRUE(rendered == approved) << path << " differs from byte " << at << " on: rendered \""
                                    << rendered.substr(at, 80) << "\", approved \""
                                    << approved.substr(std::min(at, approved.size()), 80) << "\"";
}

INSTANTIATE_TEST_SUITE_P(EverySampleAndFormat, Golden,
                         testing::Combine(testing::ValuesIn(sample_names()), testing::ValuesIn(formats())),
                         [](const auto& instance) {
                           std::string name = std::get<0>(instance.param) + "_as_" + std::get<1>(instance.param);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Render, RefusesAFormatThatDoesNotExistAndNamesThoseThatDo) {
  try {
    render(go_sample(), "pdf");
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "no report format \"pdf\"; there are json, junit, html, markdown, ctrf, text");
  }
}

}  // namespace
}  // namespace sluice::reports
