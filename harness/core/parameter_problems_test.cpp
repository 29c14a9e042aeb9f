#include "harness/core/parameter_problems.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(ParameterProblems, RefuseNothingWhereThereAreNone) {
  ParameterProblems problems;
  problems.guard({"zone"}, [] {});
  EXPECT_NO_THROW(problems.refuse());
}

TEST(ParameterProblems, AreRefusedTogetherWithTheirPaths) {
  ParameterProblems problems;
  problems.guard({"tables", "users", "zone"}, [] { throw InputError("there is no such zone"); });
  problems.add({}, "nothing is compared");
  try {
    problems.refuse();
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "tables, users, zone: there is no such zone; nothing is compared");
  }
}

}  // namespace
}  // namespace sluice
