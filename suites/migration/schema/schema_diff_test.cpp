#include "suites/migration/schema/schema_diff.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/core/errors.hpp"

namespace sluice::migration {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using What = SchemaChange::What;

CatalogObject object(const std::string& kind, const std::string& table, const std::string& name,
                     std::map<std::string, std::string> properties = {},
                     std::map<std::string, std::string> notes = {}) {
  return {.kind = kind, .table = table, .name = name, .properties = std::move(properties), .notes = std::move(notes)};
}

Catalog catalog(stores::Engine engine = stores::Engine::postgres) {
  Catalog made;
  made.engine = engine;
  const auto column = [&](const char* table, const char* name, const char* type, const char* base) {
    made.add(object("column", table, name, {{"type", type}, {"nullable", "false"}}, {{"base", base}}));
  };
  made.add(object("table", "", "users"));
  column("users", "id", "bigint", "int8");
  made.add(object("constraint", "users", "primary key (id)"));
  made.add(object("table", "", "captures"));
  column("captures", "id", "bigint", "int8");
  column("captures", "user_id", "bigint", "int8");
  made.add(object("constraint", "captures", "foreign key (user_id) -> users (id)", {{"on_delete", "no action"}}));
  made.add(object("index", "captures", "btree (user_id, id DESC)"));
  return made;
}

std::vector<std::string> problems(const Catalog& expected, const Catalog& actual,
                                  const std::vector<SchemaChange>& changes = {},
                                  const std::vector<std::string>& ignore = {}, bool extras_allowed = false) {
  std::vector<std::string> lines;
  for (const auto& problem :
       SchemaComparison(expected, changes, SchemaExceptions(ignore), extras_allowed).compare(actual))
    lines.push_back(problem.rule + " " + problem.object);
  return lines;
}

TEST(SchemaDiff, IsEmptyForTheSameSchema) { EXPECT_THAT(problems(catalog(), catalog()), IsEmpty()); }

TEST(SchemaDiff, NamesWhatIsMissingExtraAndDifferent) {
  Catalog actual = catalog();
  actual.objects.erase("index captures.btree (user_id, id DESC)");
  actual.objects.at("column captures.user_id").properties["type"] = "integer";
  actual.objects.at("column users.id").properties["default"] = "7";
  actual.add(object("trigger", "users", "audit"));
  EXPECT_THAT(problems(catalog(), actual),
              UnorderedElementsAre("index-missing index captures.btree (user_id, id DESC)",
                                   "type-differs column captures.user_id", "default-differs column users.id",
                                   "trigger-extra trigger users.audit"));
  EXPECT_THAT(problems(catalog(), actual, {}, {"index captures.*", "column *", "trigger *"}), IsEmpty());
}

TEST(SchemaDiff, SaysAMissingTableOnce) {
  Catalog actual = catalog();
  std::erase_if(actual.objects, [](const auto& entry) { return entry.second.path().starts_with("captures"); });
  EXPECT_THAT(problems(catalog(), actual), ElementsAre("table-missing table captures"));
  EXPECT_THAT(problems(actual, catalog()), ElementsAre("table-extra table captures"));
  EXPECT_THAT(problems(actual, catalog(), {}, {}, true), IsEmpty());
}

TEST(SchemaDiff, FollowsRenamedTablesAndColumnsIntoKeysAndIndexes) {
  const std::vector<SchemaChange> changes{{What::renamed, "table users", "", "people"},
                                          {What::renamed, "column people.id", "", "person_id"},
                                          {What::renamed, "column captures.user_id", "", "captures.owner"}};
  Catalog actual;
  for (const auto& [id, entry] : catalog().objects) {
    CatalogObject copy = entry;
    if (copy.table == "users") copy.table = "people";
    if (copy.name == "users") copy.name = "people";
    if (copy.table == "people" && copy.kind == "column") copy.name = "person_id";
    if (copy.table == "people" && copy.kind == "constraint") copy.name = "primary key (person_id)";
    if (copy.name == "user_id") copy.name = "owner";
    if (copy.kind == "index") copy.name = "btree (owner, id DESC)";
    if (copy.name.starts_with("foreign")) copy.name = "foreign key (owner) -> people (person_id)";
    actual.add(copy);
  }
  EXPECT_THAT(problems(catalog(), actual, changes), IsEmpty());
  EXPECT_FALSE(problems(catalog(), actual).empty());
}

TEST(SchemaDiff, TakesDeclaredAdditionsDropsAndTypes) {
  Catalog actual = catalog();
  actual.add(object("table", "", "audit"));
  actual.add(object("column", "audit", "id", {{"type", "bigint"}}));
  actual.objects.at("column captures.id").properties["type"] = "uuid";
  actual.objects.erase("column captures.user_id");
  actual.objects.erase("index captures.btree (user_id, id DESC)");
  actual.objects.erase("constraint captures.foreign key (user_id) -> users (id)");
  const std::vector<SchemaChange> changes{{What::added, "table aud*", "", {}},
                                          {What::dropped, "column captures.user_id", "", {}},
                                          {What::changed, "column captures.id", "type", "uuid"}};
  EXPECT_THAT(problems(catalog(), actual, changes), IsEmpty());
  EXPECT_THAT(problems(catalog(), catalog(), changes),
              UnorderedElementsAre("table-missing table aud*", "column-extra column captures.user_id",
                                   "index-extra index captures.btree (user_id, id DESC)",
                                   "constraint-extra constraint captures.foreign key (user_id) -> users (id)",
                                   "type-differs column captures.id"));
}

TEST(SchemaDiff, RefusesAChangeOfWhatIsNotThere) {
  try {
    problems(catalog(), catalog(), {{What::renamed, "column captures.user", "", "owner"}});
    FAIL() << "no exception";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean column captures.user_id"));
  }
  EXPECT_THROW(SchemaExceptions({"table"}), InputError);
}

TEST(SchemaDiff, ComparesBetweenEnginesWhatBothCanSay) {
  Catalog old_side = catalog(stores::Engine::sqlite);
  for (auto& [id, entry] : old_side.objects) entry.notes.clear();
  old_side.objects.at("column users.id").properties["type"] = "INTEGER";
  old_side.objects.at("column captures.id").properties["type"] = "INTEGER";
  old_side.objects.at("column captures.id").notes["numbered"] = "true";
  old_side.objects.at("column captures.user_id").properties["type"] = "TEXT";
  old_side.add(object("trigger", "captures", "fts"));
  Catalog new_side = catalog();
  new_side.objects.at("column captures.id").notes["numbered"] = "true";
  EXPECT_THAT(problems(old_side, new_side), IsEmpty());
  new_side.objects.at("column captures.id").notes["numbered"] = "false";
  new_side.objects.at("column users.id").notes["base"] = "uuid";
  new_side.objects.at("column users.id").properties["type"] = "uuid";
  new_side.objects.at("column captures.user_id").properties["nullable"] = "true";
  EXPECT_THAT(problems(old_side, new_side),
              UnorderedElementsAre("numbering-lost column captures.id", "type-differs column users.id",
                                   "nullability-differs column captures.user_id"));
}

TEST(CatalogSnapshot, ReadsBackWhatItWrote) {
  const Catalog written = catalog();
  const Catalog read = read_snapshot(write_snapshot(written), "schema.json");
  EXPECT_EQ(read.objects.size(), written.objects.size());
  EXPECT_THAT(problems(read, written), IsEmpty());
  EXPECT_THAT(problems(written, read), IsEmpty());
}

TEST(CatalogSnapshot, RefusesWhatIsNone) {
  const auto error = [](const std::string& text) {
    try {
      read_snapshot(text, "schema.yaml");
    } catch (const InputError& failure) {
      return std::string(failure.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(error("tables: []"), HasSubstr("`sluice_schema: 1` is missing"));
  EXPECT_THAT(error("{ sluice_schema: 1, engine: MySQL, objects: [] }"), HasSubstr("not MySQL"));
  EXPECT_THAT(error("{ sluice_schema: 1, engine: SQLite, objects: [] }"), HasSubstr("at least one object"));
  EXPECT_THAT(error("sluice_schema: 1\nengine: SQLite\nobjects:\n  - { kind: table }"),
              HasSubstr("schema.yaml:4:5: an object of a schema snapshot needs `name`"));
  EXPECT_THAT(error("sluice_schema: 1\nengine: SQLite\nobjects:\n  - { kind: table, nam: a, name: b }"),
              HasSubstr("unknown key 'nam'"));
  EXPECT_THAT(error("{"), HasSubstr("schema.yaml"));
}

}  // namespace
}  // namespace sluice::migration
