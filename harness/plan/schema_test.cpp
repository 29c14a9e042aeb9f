#include "harness/plan/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::plan {
namespace {

using ::testing::HasSubstr;

CheckKind kind() {
  return {
      .name = "load.compare",
      .proves = "new is not slower",
      .cannot_prove = "capacity",
      .parameters = {
          {.name = "rate", .type = ParameterType::rate, .doc = "requests sent", .required = true},
          {.name = "users", .type = ParameterType::integer, .doc = "how many", .default_text = "20", .minimum = 2}}};
}

TEST(PlanSchema, HoldsEveryKindWithItsParameters) {
  const auto schema = plan_schema({kind()});
  const auto& check = schema.at("properties").at("checks").at("additionalProperties").at("oneOf").at(0);
  EXPECT_EQ(check.at("properties").at("kind").at("const"), "load.compare");
  EXPECT_EQ(check.at("properties").at("users").at("minimum"), 2.0);
  EXPECT_EQ(check.at("required").dump(), R"(["kind","rate"])");
  EXPECT_EQ(check.at("additionalProperties"), false);
}

TEST(Explain, NamesProofLimitsAndParameters) {
  const std::string page = explain(kind());
  EXPECT_THAT(page, HasSubstr("new is not slower"));
  EXPECT_THAT(page, HasSubstr("rate (rate, required)"));
  EXPECT_THAT(page, HasSubstr("users (whole number, at least 2, default 20)"));
}

}  // namespace
}  // namespace sluice::plan
