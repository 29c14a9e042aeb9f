#include "suites/migration/schema/lost_promises.hpp"

#include <gmock/gmock.h>

#include "suites/migration/schema/schema_diff.hpp"

namespace sluice::migration {
namespace {

using stores::ComparisonType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using What = SchemaChange::What;

TEST(LostPromises, AreShorterLengths) {
  EXPECT_TRUE(is_narrowed("varchar(10)", "character varying(3)"));
  EXPECT_TRUE(is_narrowed("NVARCHAR (10)", "character(9)"));
  EXPECT_TRUE(is_narrowed("DECIMAL(10, 2)", "numeric(9,2)"));
  EXPECT_TRUE(is_narrowed("NUMERIC(10,2)", "numeric(10,1)"));
  EXPECT_TRUE(is_narrowed("NUMERIC(10,2)", "numeric(10,4)")) << "two digits less before the point";
  EXPECT_FALSE(is_narrowed("VARCHAR(10)", "character varying(10)"));
  EXPECT_FALSE(is_narrowed("VARCHAR(10)", "text"));
  EXPECT_FALSE(is_narrowed("TEXT", "character varying(3)")) << "SQLite declared no length";
  EXPECT_FALSE(is_narrowed("NUMERIC(10,2)", "numeric(12,4)"));
  EXPECT_FALSE(is_narrowed("DATETIME(6)", "timestamp(3) with time zone"));
  EXPECT_FALSE(is_narrowed("INT(11)", "character varying(3)"));
}

TEST(LostPromises, AreOtherLiterals) {
  EXPECT_TRUE(literals_differ("0", "1", ComparisonType::integer));
  EXPECT_TRUE(literals_differ("'a'", "'b'::text", ComparisonType::text));
  EXPECT_TRUE(literals_differ("0", "true", ComparisonType::boolean));
  EXPECT_FALSE(literals_differ("-1", "'-1'::integer", ComparisonType::integer));
  EXPECT_FALSE(literals_differ("1.10", "1.1", ComparisonType::decimal));
  EXPECT_FALSE(literals_differ("1", "true", ComparisonType::boolean));
  EXPECT_FALSE(literals_differ("'it''s'", "'it''s'::character varying(20)", ComparisonType::text));
  EXPECT_FALSE(literals_differ("0", "'0'::text", ComparisonType::text));
  // Nothing that is computed, nor what has many spellings.
  EXPECT_FALSE(literals_differ("1-2", "7", ComparisonType::integer));
  EXPECT_FALSE(literals_differ("1", "(1 + 1)", ComparisonType::integer));
  EXPECT_FALSE(
      literals_differ("'2024-01-01'", "'2024-01-01 00:00:00+00'::timestamp with time zone", ComparisonType::timestamp));
}

/// A table of SQLite and what it became.
class LostPromisesOfATable : public ::testing::Test {
 protected:
  LostPromisesOfATable() {
    old_.engine = stores::Engine::sqlite;
    new_.engine = stores::Engine::postgres;
    old_.add({.kind = "table", .table = "", .name = "Item", .properties = {{"type", "table"}}, .notes = {}});
    new_.add({.kind = "table", .table = "", .name = "item", .properties = {{"type", "table"}}, .notes = {}});
  }
  void column(const std::string& name, const std::string& type, const std::string& new_type, const std::string& base) {
    old_.add({.kind = "column", .table = "Item", .name = name, .properties = {{"type", type}}, .notes = {}});
    new_.add({.kind = "column",
              .table = "item",
              .name = name,
              .properties = {{"type", new_type}},
              .notes = {{"base", base}}});
  }
  void old_default(const std::string& name, const std::string& value) {
    old_.objects.at("column Item." + name).properties["default"] = value;
  }
  void new_default(const std::string& name, const std::string& value) {
    new_.objects.at("column item." + name).properties["default"] = value;
  }
  void old_check(const std::string& expression) {
    auto& notes = old_.objects.at("table Item").notes;
    notes["check " + std::to_string(notes.size())] = expression;
  }
  void new_check(const std::string& definition) {
    new_.add({.kind = "constraint", .table = "item", .name = definition, .properties = {}, .notes = {}});
  }
  std::vector<std::string> problems(const std::vector<SchemaChange>& changes = {}) const {
    std::vector<std::string> lines;
    for (const auto& problem : SchemaComparison(old_, changes, SchemaExceptions({}), false).compare(new_))
      lines.push_back(problem.rule + " " + problem.summary);
    return lines;
  }

  Catalog old_, new_;
};

TEST_F(LostPromisesOfATable, NameTheColumnThatHoldsLess) {
  column("code", "VARCHAR(10)", "character varying(3)", "varchar");
  EXPECT_THAT(problems(), ElementsAre("length-narrowed column item.code was declared as VARCHAR(10) and is character "
                                      "varying(3) now, which holds less"));
  EXPECT_THAT(problems({{What::changed, "column Item.code", "type", "character varying(3)"}}), IsEmpty());
}

TEST_F(LostPromisesOfATable, NameTheDefaultThatIsGone) {
  column("size", "INTEGER", "integer", "int4");
  old_default("size", "7");
  EXPECT_THAT(problems(), ElementsAre("default-differs the default of column item.size is absent, expected 7"));
  EXPECT_THAT(problems({{What::changed, "column Item.size", "default", std::nullopt}}), IsEmpty());
  new_default("size", "8");
  EXPECT_THAT(problems(), ElementsAre("default-differs the default of column item.size is 8, expected 7"));
  new_default("size", "7");
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(LostPromisesOfATable, AreNoDefaultsThatAreComputedOrSupplied) {
  column("at", "TEXT", "timestamp with time zone", "timestamptz");
  old_default("at", "CURRENT_TIMESTAMP");
  column("note", "TEXT", "text", "text");
  old_default("note", "NULL");
  column("id", "INTEGER", "bigint", "int8");
  old_default("id", "1");
  new_.objects.at("column item.id").properties["identity"] = "always";
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(LostPromisesOfATable, NameTheChecksThatAreGone) {
  column("size", "INTEGER", "integer", "int4");
  column("name", "TEXT", "text", "text");
  old_check("size > 0");
  old_check("name <> ''");
  new_check("CHECK ((size > 0))");
  EXPECT_THAT(problems(),
              ElementsAre(HasSubstr("checks-differs table item has 1 CHECK constraints, 2 were to be kept")));
  EXPECT_THAT(problems({{What::changed, "table Item", "checks", "1"}}), IsEmpty());
  EXPECT_THAT(problems({{What::changed, "table Item", "checks", "3"}}), ElementsAre(HasSubstr("3 were to be kept")));
  new_check("CHECK ((name <> ''::text))");
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(LostPromisesOfATable, AreNoChecksThatTheNewTypesSay) {
  column("flag", "INTEGER", "boolean", "bool");
  column("body", "TEXT", "jsonb", "jsonb");
  column("code", "TEXT", "character varying(5)", "varchar");
  column("kind", "TEXT", "item_kind", "item_kind");
  new_.add({.kind = "type", .table = "", .name = "item_kind", .properties = {{"labels", "a, b"}}, .notes = {}});
  old_check("flag IN (0, 1)");
  old_check("json_valid(body)");
  old_check("length(code) <= 5");
  old_check("kind IN ('a', 'b')");
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(LostPromisesOfATable, FollowRenamedAndDroppedColumns) {
  column("flag", "INTEGER", "boolean", "bool");
  old_.add({.kind = "column", .table = "Item", .name = "gone", .properties = {{"type", "TEXT"}}, .notes = {}});
  old_check("state IN (0, 1)");
  old_check("gone <> ''");
  old_.objects.erase("column Item.flag");
  old_.add({.kind = "column", .table = "Item", .name = "state", .properties = {{"type", "INTEGER"}}, .notes = {}});
  EXPECT_THAT(problems({{What::renamed, "column Item.state", "", "flag"}, {What::dropped, "column Item.gone", "", {}}}),
              IsEmpty());
}

}  // namespace
}  // namespace sluice::migration
