#include "harness/stores/store_url.hpp"

#include <gmock/gmock.h>

#include "harness/core/errors.hpp"
#include "harness/stores/store.hpp"

namespace sluice::stores {
namespace {

TEST(StoreUrls, AreShownWithoutPasswords) {
  EXPECT_EQ(redact_url("postgresql://me:s3cret@db:5432/app"), "postgresql://me:***@db:5432/app");
  EXPECT_EQ(redact_url("postgresql://me:a@b/c@db/app"), "postgresql://me:***@db/app");
  EXPECT_EQ(redact_url("postgresql://db/app?user=me&password=s3cret&x=1"),
            "postgresql://db/app?user=me&password=***&x=1");
  EXPECT_EQ(redact_url("postgresql://me@%2Ftmp%2Fx/app"), "postgresql://me@%2Ftmp%2Fx/app");
  EXPECT_EQ(redact_url("sqlite:a:b@c.db"), "sqlite:a:b@c.db");
}

TEST(StoreUrls, GiveTheirSecretsToBlankInMessages) {
  const auto secrets = secrets_in_url("postgresql://me:s%40c@db/app");
  EXPECT_THAT(secrets, ::testing::UnorderedElementsAre("s%40c", "s@c"));
  EXPECT_EQ(redact("bad s@c and s%40c", secrets), "bad *** and ***");
}

TEST(StoreUrls, OfAnotherKindAreRefusedWithoutTheirPassword) {
  try {
    open_store("mysql://me:s3cret@db/app");
    FAIL() << "was accepted";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("sqlite:PATH"));
    EXPECT_THAT(error.what(), ::testing::Not(::testing::HasSubstr("s3cret")));
  }
}

}  // namespace
}  // namespace sluice::stores
