#include "suites/compat/id_map.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::compat {
namespace {

using testing::HasSubstr;

TEST(IdMap, TakesAnyOneToOneMapping) {
  IdMap ids;
  EXPECT_FALSE(ids.add("item", "1", "2", "91", "a"));
  EXPECT_FALSE(ids.add("item", "3", "4", "92", "b"));
  EXPECT_FALSE(ids.add("item", "1", "2", "91", "c"));
  EXPECT_EQ(ids.size(), 2u);
}

TEST(IdMap, SeesTwoOldIdsBecomeOne) {
  IdMap ids;
  ids.add("item", "1", "2", "91", "/id of \"create\"");
  const auto conflict = ids.add("item", "3", "4", "91", "b");
  ASSERT_TRUE(conflict);
  EXPECT_THAT(conflict->summary,
              HasSubstr("stands for two of the old side: 3 (again: 4) here and 1 (again: 2) at /id of \"create\""));
}

TEST(IdMap, SeesOneOldIdBecomeTwo) {
  IdMap ids;
  ids.add("item", "1", "2", "91", "/id of \"create\"");
  const auto conflict = ids.add("item", "1", "2", "92", "b");
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->expected, "91");
}

TEST(IdMap, KeepsKindsApart) {
  IdMap ids;
  EXPECT_FALSE(ids.add("item", "1", "2", "91", "a"));
  EXPECT_FALSE(ids.add("user", "1", "2", "17", "b"));
  EXPECT_FALSE(ids.add("user", "5", "6", "91", "c"));
}

TEST(IdKind, ComesFromTheNameOfThePlace) {
  EXPECT_EQ(id_kind("/items/3/id", "/api/orders"), "item");
  EXPECT_EQ(id_kind("/id", "/api/items/{{cid}}?x=1"), "item");
  EXPECT_EQ(id_kind("/0/id", "/api/categories"), "category");
  EXPECT_EQ(id_kind("/order/item_id", "/x"), "item");
  EXPECT_EQ(id_kind("/itemId", "/x"), "item");
  EXPECT_EQ(id_kind("/item_ids/4", "/x"), "item");
  EXPECT_EQ(id_kind("/price", "/x"), std::nullopt);
  EXPECT_EQ(id_kind("/paid", "/x"), std::nullopt);
  EXPECT_EQ(id_kind("", "/x"), std::nullopt);
}

TEST(KnownValues, GivesTheCounterpartOnlyWhereBothPassesAgree) {
  KnownValues known;
  known.add("aaaaaaaaaaaa1", "bbbbbbbbbbbb1", "cccccccccccc1");
  known.add("aaaaaaaaaaaa2", "bbbbbbbbbbbb2", "cccccccccccc2");
  ASSERT_NE(known.counterpart("aaaaaaaaaaaa1", "bbbbbbbbbbbb1"), nullptr);
  EXPECT_EQ(*known.counterpart("aaaaaaaaaaaa1", "bbbbbbbbbbbb1"), "cccccccccccc1");
  EXPECT_EQ(known.counterpart("aaaaaaaaaaaa1", "bbbbbbbbbbbb2"), nullptr);
  EXPECT_TRUE(known.is_candidate("cccccccccccc2"));
}

TEST(KnownValues, LeavesShortValuesAlone) {
  KnownValues known;
  known.add("1", "2", "3");
  EXPECT_EQ(known.counterpart("1", "2"), nullptr);
}

}  // namespace
}  // namespace sluice::compat
