#include "suites/migration/rows/id_map.hpp"

#include <gmock/gmock.h>

#include "harness/core/errors.hpp"
#include "harness/testing/check_context.hpp"
#include "harness/testing/sqlite_file.hpp"
#include "suites/migration/rows/rows.hpp"

namespace sluice::migration {
namespace {

using stores::RawCell;
using ::testing::HasSubstr;

class IdMaps : public ::testing::Test {
 protected:
  /// The map of this JSON, read.
  std::unique_ptr<IdMap> load(const std::string& map) {
    const auto parameters =
        testing::make_parameters(rows_kind(), R"({"tables": {"t": {}}, "id_maps": {"users": )" + map + "}}");
    old_store_ = stores::open_store(old_.url());
    new_store_ = stores::open_store(new_.url());
    auto requests = id_map_requests(parameters);
    EXPECT_EQ(requests.size(), 1u);
    auto loaded = std::make_unique<IdMap>(std::move(requests.at(0)), *old_store_, *new_store_, folder_.path(),
                                          stores::StoreOptions{});
    loaded->load(*old_store_, *new_store_);
    return loaded;
  }
  std::unique_ptr<IdMap> load_table() {
    return load(R"({"kind": "table", "table": "ids", "old": "was", "new": "became"})");
  }
  std::unique_ptr<IdMap> load_natural() {
    return load(R"({"kind": "natural", "old": {"table": "u", "id": "id", "by": ["a", "b"]},
                                       "new": {"table": "u", "id": "id", "by": ["a", "b"]}})");
  }
  static std::string shown(const std::optional<stores::OwnedCell>& id) {
    return id ? stores::printable_cell(id->view()) : "none";
  }

  testing::TemporaryFolder folder_;
  testing::SqliteFile old_{folder_.path() / "old.db"};
  testing::SqliteFile new_{folder_.path() / "new.db"};
  std::unique_ptr<stores::Store> old_store_;
  std::unique_ptr<stores::Store> new_store_;
};

TEST_F(IdMaps, TranslateForthAndBack) {
  new_.execute("CREATE TABLE ids (was INTEGER, became TEXT); INSERT INTO ids VALUES (1, 'x'), (2, 'y')");
  const auto map = load_table();
  EXPECT_EQ(map->pairs(), 2u);
  EXPECT_EQ(map->problems_total(), 0u);
  EXPECT_EQ(shown(map->new_of(RawCell::of_integer(2))), "y");
  EXPECT_EQ(shown(map->old_of(RawCell::of_text("x"))), "1");
  EXPECT_EQ(shown(map->new_of(RawCell::of_integer(3))), "none");
  EXPECT_EQ(shown(map->old_of(RawCell::of_text("1"))), "none");
}

TEST_F(IdMaps, GiveNullForNullAndNothingElse) {
  new_.execute("CREATE TABLE ids (was INTEGER, became TEXT); INSERT INTO ids VALUES (1, 'x')");
  const auto map = load_table();
  const auto translated = map->new_of(RawCell::of_null());
  ASSERT_TRUE(translated);
  EXPECT_TRUE(translated->view().is_null());
}

TEST_F(IdMaps, KnowAnIdHoweverItIsWritten) {
  new_.execute(
      "CREATE TABLE ids (was INTEGER, became UUID); INSERT INTO ids VALUES (1, "
      "'AAAAAAAA-0000-4000-8000-000000000001')");
  const auto map = load_table();
  EXPECT_NE(shown(map->new_of(RawCell::of_text("1"))), "none");
  EXPECT_EQ(shown(map->old_of(RawCell::of_text("{aaaaaaaa000040008000000000000001}"))), "1");
}

// A reference may be declared otherwise than the id it refers to.
TEST_F(IdMaps, OfTextsKnowTheSameDigitsAsANumber) {
  new_.execute("CREATE TABLE ids (was TEXT, became INTEGER); INSERT INTO ids VALUES ('7', 11)");
  const auto map = load_table();
  EXPECT_EQ(shown(map->new_of(RawCell::of_integer(7))), "11");
  EXPECT_EQ(shown(map->new_of(RawCell::of_text("07"))), "none");
}

TEST_F(IdMaps, AreEmptyWithoutPairs) {
  new_.execute("CREATE TABLE ids (was INTEGER, became TEXT)");
  const auto map = load_table();
  EXPECT_EQ(map->pairs(), 0u);
  EXPECT_EQ(map->problems_total(), 0u);
  EXPECT_EQ(shown(map->new_of(RawCell::of_integer(1))), "none");
}

TEST_F(IdMaps, NameWhatIsNotOneToOne) {
  new_.execute(
      "CREATE TABLE ids (was INTEGER, became TEXT); INSERT INTO ids VALUES (1, 'x'), (1, 'y'), (2, 'z'), (3, 'z'), "
      "(NULL, 'n'), (4, NULL), (5, NULL)");
  const auto map = load_table();
  EXPECT_EQ(map->problems_total(), 5u);
  const auto all = map->problems(10, "again");
  ASSERT_EQ(all.size(), 5u);
  std::string text;
  for (const auto& finding : all) text += finding.summary + "\n";
  EXPECT_THAT(text, HasSubstr("gives the old id 1 2 new ids"));
  EXPECT_THAT(text, HasSubstr("gives the new id z to 2 old ids"));
  EXPECT_THAT(text, HasSubstr("has a pair with NULL: NULL, n"));
  EXPECT_EQ(map->problems(2, "again").size(), 2u);
}

TEST_F(IdMaps, AreNotOneToOneOnlyByTheirSpellingEither) {
  new_.execute(
      "CREATE TABLE ids (was INTEGER, became UUID); INSERT INTO ids VALUES (1, "
      "'AAAAAAAA-0000-4000-8000-000000000001'), "
      "(2, 'aaaaaaaa-0000-4000-8000-000000000001')");
  EXPECT_EQ(load_table()->problems_total(), 1u);
}

TEST_F(IdMaps, ByOtherColumnsPairRowsThatAreTheSameInAllOfThem) {
  const char* const rows = "CREATE TABLE u (id INTEGER, a TEXT, b INTEGER); ";
  old_.execute(std::string(rows) + "INSERT INTO u VALUES (1, 'x', 1), (2, 'x', 2), (3, 'y', NULL), (4, 'z', 1)");
  new_.execute(std::string(rows) + "INSERT INTO u VALUES (12, 'x', 2), (11, 'x', 1), (13, 'y', NULL), (15, 'zz', 1)");
  const auto map = load_natural();
  EXPECT_EQ(map->pairs(), 2u);
  EXPECT_EQ(shown(map->new_of(RawCell::of_integer(1))), "11");
  EXPECT_EQ(shown(map->new_of(RawCell::of_integer(2))), "12");
  EXPECT_EQ(shown(map->new_of(RawCell::of_integer(3))), "none") << "NULL is the same as nothing";
  EXPECT_EQ(shown(map->new_of(RawCell::of_integer(4))), "none");
}

TEST_F(IdMaps, ByOtherColumnsNeedThemToBeUnique) {
  old_.execute("CREATE TABLE u (id INTEGER, a TEXT, b INTEGER); INSERT INTO u VALUES (1, 'x', 1), (2, 'x', 1)");
  new_.execute("CREATE TABLE u (id INTEGER, a TEXT, b INTEGER); INSERT INTO u VALUES (11, 'x', 1)");
  EXPECT_THROW(load_natural(), InputError);
}

// One row's id on both sides of two pairs: the id repeats although the columns that name rows do not.
TEST_F(IdMaps, ByOtherColumnsMustBeOneToOneToo) {
  old_.execute("CREATE TABLE u (id INTEGER, a TEXT, b INTEGER); INSERT INTO u VALUES (1, 'x', 1), (1, 'y', 1)");
  new_.execute("CREATE TABLE u (id INTEGER, a TEXT, b INTEGER); INSERT INTO u VALUES (11, 'x', 1), (12, 'y', 1)");
  EXPECT_EQ(load_natural()->problems_total(), 1u);
}

TEST_F(IdMaps, NameATableOrColumnThatIsNotThere) {
  new_.execute("CREATE TABLE ids (was INTEGER, became TEXT)");
  try {
    load(R"({"kind": "table", "table": "ids", "old": "wass", "new": "became"})");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("has no column wass, did you mean was"));
  }
}

}  // namespace
}  // namespace sluice::migration
