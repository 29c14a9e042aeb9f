#include "harness/scenario/variables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "harness/core/errors.hpp"
#include "harness/net/http_client.hpp"

namespace sluice::scenario {
namespace {

using testing::HasSubstr;

TEST(Variables, RendersGivenValuesAndEscapesThem) {
  Variables variables(1);
  variables.set("word", "a b/c");
  EXPECT_EQ(variables.render("/x/{{word}}?q={{ word }}"), "/x/a b/c?q=a b/c");
  EXPECT_EQ(variables.render("/x/{{word}}", net::percent_encode), "/x/a%20b%2Fc");
}

TEST(Variables, MakesTheSameTokenForTheSameNameAndAFreshOneForNone) {
  Variables variables(1);
  const std::string a = variables.render("{{unique:a}}");
  EXPECT_EQ(variables.render("{{unique:a}}"), a);
  EXPECT_NE(variables.render("{{unique:b}}"), a);
  EXPECT_NE(variables.render("{{unique}}"), variables.render("{{unique}}"));
  ASSERT_NE(variables.find("unique:a"), nullptr);
  EXPECT_EQ(*variables.find("unique:a"), a);
  EXPECT_EQ(variables.tokens().size(), 4u);
  EXPECT_EQ(variables.tokens().front(), a);
}

TEST(Variables, RepeatsItsTokensForTheSameSeed) {
  Variables one(7);
  Variables same(7);
  Variables other(8);
  const std::string token = one.render("{{unique}}");
  EXPECT_EQ(same.render("{{unique}}"), token);
  EXPECT_NE(other.render("{{unique}}"), token);
}

TEST(Variables, NamesAValueThatIsMissing) {
  Variables variables(1);
  try {
    variables.render("/items/{{cid}}");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "{{cid}} has no value here: no earlier step of the session captured it");
  }
  EXPECT_THROW(variables.render("/items/{{cid"), InputError);
  EXPECT_THROW(variables.render("{{}}"), InputError);
  EXPECT_THROW(variables.render("{{a b}}"), InputError);
}

TEST(RandomToken, NeedsNoEscapingAndDoesNotRepeat) {
  std::mt19937_64 random(3);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string token = random_token(random);
    EXPECT_EQ(net::percent_encode(token), token);
    EXPECT_GE(token.size(), 25u);
    EXPECT_TRUE(token[0] >= 'a' && token[0] <= 'z');
    EXPECT_TRUE(seen.insert(token).second);
  }
}

}  // namespace
}  // namespace sluice::scenario
