#include "suites/compat/shape.hpp"

#include <gtest/gtest.h>

#include "suites/compat/instant.hpp"
#include "suites/compat/text_pieces.hpp"

namespace sluice::compat {
namespace {

constexpr std::int64_t now = 1'790'000'000;
const ShapeReader shapes(now);

TEST(Instant, ComparesPointsInTimeWhateverTheirOffset) {
  EXPECT_EQ(*parse_instant("2026-11-20T12:00:00Z"), *parse_instant("2026-11-20T13:00:00.000+01:00"));
  EXPECT_EQ(*parse_instant("2026-01-01T00:30:00+01:00"), *parse_instant("2025-12-31T23:30:00Z"));
  EXPECT_FALSE(*parse_instant("2026-11-20T12:00:00Z") == *parse_instant("2026-11-20T12:00:00.001Z"));
  EXPECT_EQ(parse_instant("1970-01-02T00:00:00Z")->seconds, 86400);
}

TEST(Instant, RefusesWhatIsNoTime) {
  for (const char* text : {"2026-02-30T00:00:00Z", "2026-11-20", "2026-11-20T12:00:00x", "2026-11-20T25:00:00Z",
                           "2026-11-20T12:00:00.Z", "2026-11-20T12:00:00Zx", ""}) {
    EXPECT_FALSE(parse_instant(text)) << text;
  }
}

TEST(Shape, TellsApartWhatMachinesMake) {
  EXPECT_EQ(shapes.of("0b8e2f6a-9a43-4c1b-8a3c-7d2a1f0e9b11").kind, ShapeKind::uuid);
  EXPECT_EQ(shapes.of("2026-11-20T12:00:00Z").kind, ShapeKind::instant);
  EXPECT_EQ(shapes.of("deadbeef0042").kind, ShapeKind::hex);
  EXPECT_EQ(shapes.of("-42").kind, ShapeKind::integer);
  EXPECT_EQ(shapes.of("3.25").kind, ShapeKind::decimal);
  EXPECT_EQ(shapes.of("hello").kind, ShapeKind::word);
  EXPECT_EQ(shapes.of("x9k2").kind, ShapeKind::token);
  EXPECT_EQ(shapes.of("two words").kind, ShapeKind::text);
}

TEST(Shape, KnowsThePresentInSecondsAndMilliseconds) {
  EXPECT_EQ(shapes.of("1790000100").kind, ShapeKind::epoch_seconds);
  EXPECT_EQ(shapes.of("1790000100123").kind, ShapeKind::epoch_milliseconds);
  EXPECT_FALSE(shapes.fits(shapes.of("1790000100"), "1790000100123"));
  EXPECT_TRUE(shapes.fits(shapes.of("1790000100"), "1789999999"));
}

TEST(Shape, HoldsNewValuesToTheOldForm) {
  EXPECT_FALSE(shapes.fits(shapes.of("2026-11-20T12:00:00Z"), "2026-11-20T12:00:00+00:00"));
  EXPECT_FALSE(shapes.fits(shapes.of("2026-11-20T12:00:00Z"), "2026-11-20 12:00:00Z"));
  EXPECT_FALSE(shapes.fits(shapes.of("2026-11-20T12:00:00Z"), "1790000000"));
  EXPECT_TRUE(shapes.fits(shapes.of("deadbeef0042"), "123456789012"));
  EXPECT_FALSE(shapes.fits(shapes.of("deadbeef0042"), "deadbeef004"));
  EXPECT_FALSE(shapes.fits(shapes.of("12"), "1.5"));
}

TEST(Shape, FindsTheFormThatTwoValuesShare) {
  EXPECT_EQ(shapes.common("123456789012", "deadbeef0042").kind, ShapeKind::hex);
  EXPECT_EQ(shapes.common("12", "1790000000").kind, ShapeKind::integer);
  EXPECT_EQ(shapes.common("1", "1.5").kind, ShapeKind::decimal);
  EXPECT_EQ(shapes.common("yes please", "2026-11-20T12:00:00Z").kind, ShapeKind::text);
}

TEST(TextPieces, KeepsUuidsAndTimesWhole) {
  const auto pieces = split_text("at 2026-11-20T12:00:00.5Z: /items/0b8e2f6a-9a43-4c1b-8a3c-7d2a1f0e9b11?x=é1");
  std::string words;
  std::string all;
  for (const TextPiece& piece : pieces) {
    all += piece.text;
    if (piece.word) words += "[" + std::string(piece.text) + "]";
  }
  EXPECT_EQ(words, "[at][2026-11-20T12:00:00.5Z][items][0b8e2f6a-9a43-4c1b-8a3c-7d2a1f0e9b11][x][é1]");
  EXPECT_EQ(all, "at 2026-11-20T12:00:00.5Z: /items/0b8e2f6a-9a43-4c1b-8a3c-7d2a1f0e9b11?x=é1");
}

TEST(TextPieces, ComparesStructureWithoutWords) {
  EXPECT_TRUE(same_structure(split_text("/items/1"), split_text("/things/22")));
  EXPECT_FALSE(same_structure(split_text("/items/1"), split_text("/items/1/")));
  EXPECT_FALSE(same_structure(split_text("a,b"), split_text("a;b")));
}

}  // namespace
}  // namespace sluice::compat
