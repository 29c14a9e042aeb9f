#include "suites/migration/rows/table_mapping.hpp"

#include <gmock/gmock.h>

#include "harness/core/errors.hpp"

namespace sluice::migration {
namespace {

using stores::ComparisonType;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

stores::TableDescription table(const std::vector<std::pair<std::string, ComparisonType>>& columns,
                               std::vector<std::string> key = {"id"}) {
  stores::TableDescription description{.name = "t", .sql_name = "\"t\"", .primary_key = std::move(key)};
  for (const auto& [name, type] : columns) {
    description.columns.push_back({.name = name, .declared = std::string(to_string(type)), .type = type});
  }
  return description;
}

std::vector<std::string> pairs(const TableMapping& mapping) {
  std::vector<std::string> all;
  for (const auto& pair : mapping.columns) {
    all.push_back(pair.old_column.name + ">" + pair.new_column.name + " " + std::string(to_string(pair.type)));
  }
  return all;
}

std::string error_of(const TableRequest& request, const stores::TableDescription& old_table,
                     const stores::TableDescription& new_table) {
  try {
    map_table(request, old_table, new_table);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

const TableRequest plain{.old_table = "t", .new_table = "t"};

TEST(TableMapping, PutsTheKeyFirstAndTakesTheMoreSpecificTypes) {
  const auto mapping =
      map_table(plain, table({{"body", ComparisonType::text}, {"id", ComparisonType::integer}}),
                table({{"id", ComparisonType::integer}, {"body", ComparisonType::json}, {"v", ComparisonType::text}}));
  EXPECT_THAT(pairs(mapping), ElementsAre("id>id integer", "body>body json"));
  EXPECT_EQ(mapping.key_columns, 1u);
  EXPECT_THAT(mapping.only_new, ElementsAre("v"));
}

TEST(TableMapping, ListsEveryUnmappedColumn) {
  const auto error = error_of(
      plain, table({{"id", ComparisonType::integer}, {"a", ComparisonType::text}, {"b", ComparisonType::text}}),
      table({{"id", ComparisonType::integer}}));
  EXPECT_THAT(error, AllOf(HasSubstr("no column for a, b"), HasSubstr("ignore")));
}

TEST(TableMapping, FollowsRenamesAndIgnores) {
  TableRequest request = plain;
  request.columns = {{"userId", "owner"}};
  request.ignore = {"junk"};
  const auto mapping = map_table(
      request,
      table({{"id", ComparisonType::integer},
             {"userId", ComparisonType::text},
             {"junk", ComparisonType::text},
             {"Mixed", ComparisonType::text}}),
      table({{"id", ComparisonType::integer}, {"owner", ComparisonType::text}, {"mixed", ComparisonType::text}}));
  EXPECT_THAT(pairs(mapping), ElementsAre("id>id integer", "userId>owner text", "Mixed>mixed text"));
}

TEST(TableMapping, SuggestsTheColumnThatWasMeant) {
  TableRequest request = plain;
  request.columns = {{"body", "contnet"}};
  request.key = {"idd"};
  const auto error = error_of(request, table({{"id", ComparisonType::integer}, {"body", ComparisonType::text}}),
                              table({{"id", ComparisonType::integer}, {"content", ComparisonType::text}}));
  EXPECT_THAT(error, AllOf(HasSubstr("did you mean content?"), HasSubstr("did you mean id?")));
}

TEST(TableMapping, RefusesTypesWithoutACommonReading) {
  const auto old_table = table({{"id", ComparisonType::integer}, {"x", ComparisonType::integer}});
  const auto new_table = table({{"id", ComparisonType::integer}, {"x", ComparisonType::uuid}});
  EXPECT_THAT(error_of(plain, old_table, new_table), HasSubstr("no common reading"));
  TableRequest request = plain;
  request.types = {{"x", ComparisonType::text}};
  EXPECT_THAT(pairs(map_table(request, old_table, new_table)), ElementsAre("id>id integer", "x>x text"));
}

TEST(TableMapping, TakesWholeRowsAsTheKeyWhereNoSideHasOne) {
  const auto keyless = table({{"n", ComparisonType::integer}, {"j", ComparisonType::json}}, {});
  const auto mapping = map_table(plain, keyless, keyless);
  EXPECT_TRUE(mapping.multiset);
  EXPECT_EQ(mapping.key_columns, 2u);
}

TEST(TableMapping, NeedsAKeyThatIsCompared) {
  TableRequest request = plain;
  request.ignore = {"id"};
  const auto with_body = table({{"id", ComparisonType::integer}, {"b", ComparisonType::text}});
  EXPECT_THAT(error_of(request, with_body, with_body), HasSubstr("a key must be compared"));
}

TEST(TableMapping, TakesTheNewSidesKeyWhenTheOldHasNone) {
  const auto mapping =
      map_table(plain, table({{"ID", ComparisonType::integer}}, {}), table({{"id", ComparisonType::integer}}, {"id"}));
  EXPECT_THAT(mapping.key_names(), ElementsAre("ID"));
}

TEST(TableMapping, RefusesTwoOldColumnsForOneNew) {
  TableRequest request = plain;
  request.columns = {{"a", "x"}, {"b", "x"}};
  EXPECT_THAT(
      error_of(request,
               table({{"id", ComparisonType::integer}, {"a", ComparisonType::text}, {"b", ComparisonType::text}}),
               table({{"id", ComparisonType::integer}, {"x", ComparisonType::text}})),
      HasSubstr("two old columns"));
}

}  // namespace
}  // namespace sluice::migration
