#include "harness/core/store_redirect.hpp"

#include <gmock/gmock.h>

#include "harness/core/errors.hpp"

namespace sluice {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class RedirectionTest : public ::testing::Test {
 protected:
  // The stores of a plan, and what a command line becomes.
  std::vector<StoreRedirect> stores_{
      {.store = "old", .spellings = {{"/data/a.db", "/copy/1"}}, .database = {}, .traces = {"a.db"}},
      {.store = "new",
       .spellings = {{"postgresql://u@db:5432/voice", "postgresql://u@127.0.0.1:99/voice"},
                     {"db:5432", "127.0.0.1:99"}},
       .database = "voice",
       .traces = {"5432"}}};

  std::string pointed(const std::vector<std::string>& words) {
    Redirection redirection(stores_);
    std::string line;
    for (const auto& word : words) line += (line.empty() ? "" : " ") + redirection.apply(word);
    redirection.require_all("action migrate");
    return line;
  }
  std::string refusal(const std::vector<std::string>& words) {
    try {
      return "no error: " + pointed(words);
    } catch (const InputError& error) {
      return error.what();
    }
  }
};

TEST_F(RedirectionTest, ReplacesEverySpellingOfEveryStore) {
  EXPECT_EQ(pointed({"m", "--from=/data/a.db", "--to", "postgresql://u@db:5432/voice"}),
            "m --from=/copy/1 --to postgresql://u@127.0.0.1:99/voice");
  EXPECT_EQ(pointed({"file:///data/a.db", "//db:5432/voice", "sqlite:/data/a.db"}),
            "file:///copy/1 //127.0.0.1:99/voice sqlite:/copy/1");
}

TEST_F(RedirectionTest, RefusesACommandThatNamesOneStoreOnly) {
  EXPECT_THAT(refusal({"m", "/data/a.db"}), AllOf(HasSubstr("action migrate"), HasSubstr("names the store new")));
  EXPECT_THAT(refusal({"m", "db:5432/voice"}), HasSubstr("names the store old"));
}

TEST_F(RedirectionTest, RefusesAServerWithoutTheStoresDatabase) {
  EXPECT_THAT(refusal({"/data/a.db", "db:5432/other"}), HasSubstr("names the database voice of the store new"));
  EXPECT_THAT(refusal({"/data/a.db", "db:5432/voice_2"}), HasSubstr("names the database voice of the store new"));
  EXPECT_EQ(pointed({"/data/a.db", "db:5432", "voice"}), "/copy/1 127.0.0.1:99 voice");
}

TEST_F(RedirectionTest, RefusesASecondSpellingThatItDoesNotKnow) {
  EXPECT_THAT(refusal({"/data/a.db", "db:5432/voice", "./a.db"}),
              AllOf(HasSubstr("'a.db'"), HasSubstr("looks like the store old")));
  EXPECT_THAT(refusal({"/data/a.db", "postgresql://u@db:5432/voice", "host=db port=5432 dbname=voice"}),
              AllOf(HasSubstr("'5432'"), HasSubstr("looks like the store new")));
}

TEST_F(RedirectionTest, DoesNotTakeLongerNamesForTheStore) {
  for (const char* other : {"/data/a.db.bak", "/data/a.db-old", "/data/a.db2", "/x/data/a.db3", "./data/a.db_"}) {
    EXPECT_THAT(refusal({other, "db:5432/voice"}), HasSubstr("names the store old")) << other;
  }
  EXPECT_THAT(refusal({"/x/data/a.db", "db:5432/voice"}), HasSubstr("looks like the store old"));
  EXPECT_THAT(refusal({"/data/a.db", "mydb:5432/voice"}), HasSubstr("looks like the store new"));
  EXPECT_THAT(refusal({"/data/a.db", "db:54321/voice"}), HasSubstr("names the store new"));
}

TEST_F(RedirectionTest, LetsASparedStoreBeAbsentButNotBeNamedOtherwise) {
  stores_[0].spared = true;
  EXPECT_EQ(pointed({"rollback", "db:5432/voice"}), "rollback 127.0.0.1:99/voice");
  EXPECT_EQ(pointed({"rollback", "db:5432/voice", "/data/a.db"}), "rollback 127.0.0.1:99/voice /copy/1");
  EXPECT_THAT(refusal({"rollback", "db:5432/voice", "./a.db"}), HasSubstr("looks like the store old"));
}

TEST_F(RedirectionTest, RelativePathsAreNotThoseOfOtherFolders) {
  stores_[0].spellings = {{"data/a.db", "/copy/1"}, {"./data/a.db", "/copy/1"}};
  EXPECT_EQ(pointed({"sqlite:data/a.db", "./data/a.db", "db:5432/voice"}), "sqlite:/copy/1 /copy/1 127.0.0.1:99/voice");
  EXPECT_THAT(refusal({"/other/data/a.db", "db:5432/voice"}), HasSubstr("looks like the store old"));
}

TEST_F(RedirectionTest, ChangesInheritedVariablesButDoesNotCountThem) {
  Redirection redirection(stores_);
  EXPECT_EQ(redirection.apply_beside("/data/a.db"), "/copy/1");
  EXPECT_THROW(redirection.require_all("action migrate"), InputError);
}

TEST_F(RedirectionTest, ReplacesEachPlaceOnce) {
  stores_[0].spellings = {{"/data/a.db", "/copy//data/a.db"}};
  EXPECT_EQ(pointed({"/data/a.db", "db:5432/voice"}), "/copy//data/a.db 127.0.0.1:99/voice");
}

}  // namespace
}  // namespace sluice
