#include "harness/stores/canonical_number.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace sluice::stores {
namespace {

std::string usual(const RawCell& cell) {
  std::array<char, 40> room;
  return std::string(usual_decimal(cell, room).value_or("none"));
}

std::string encoded(const RawCell& cell) {
  std::string out;
  append_decimal(cell, out);
  return out;
}

TEST(UsualDecimal, IsWrittenPlainly) {
  EXPECT_EQ(usual(RawCell::of_integer(-1200)), "-1200");
  EXPECT_EQ(usual(RawCell::of_real(5.0)), "5");
  EXPECT_EQ(usual(RawCell::of_real(-0.5)), "-0.5");
  EXPECT_EQ(usual(RawCell::of_real(0.05)), "0.05");
  EXPECT_EQ(usual(RawCell::of_real(19.9)), "19.9");
  EXPECT_EQ(usual(RawCell::of_real(1234567.891)), "1234567.891");
  EXPECT_EQ(usual(RawCell::of_real(0.000001)), "0.000001");
  EXPECT_EQ(usual(RawCell::of_real(9'999'999'999'999.75)), "9999999999999.75");
  EXPECT_EQ(usual(RawCell::of_real(100'000.0)), "100000");
}

TEST(UsualDecimal, LeavesTheRestToTheExactReader) {
  for (const double value :
       {0.0, -0.0, 0.1 + 0.2, 1e300, 1e-9, 0x1p60, 1234567890123456.0, HUGE_VAL, -HUGE_VAL, std::nan(""), 5e-324}) {
    EXPECT_EQ(usual(RawCell::of_real(value)), "none") << value;
  }
  EXPECT_EQ(usual(RawCell::of_integer(1'234'567'890'123'456)), "none");
  EXPECT_EQ(usual(RawCell::of_text("1.5")), "none");
}

// Neighbours of short decimals too: they are one unit in the last place away, and read as other numbers.
TEST(UsualDecimal, IsTheNumberThatTheExactReaderReads) {
  std::mt19937_64 random(7);
  std::size_t written = 0;
  for (int i = 0; i < 300'000; ++i) {
    const double units = std::pow(10.0, static_cast<double>(random() % 9));
    double value = static_cast<double>(static_cast<std::int64_t>(random() >> (random() % 64))) / units;
    if (i % 3 == 1) value = std::nextafter(value, 0);
    if (i % 3 == 2) value = -value;
    const RawCell cell = RawCell::of_real(value);
    const std::string text = usual(cell);
    if (text == "none") continue;
    ++written;
    ASSERT_EQ(encoded(cell), encoded(RawCell::of_text(text))) << text;
  }
  EXPECT_GT(written, 50'000u);
}

}  // namespace
}  // namespace sluice::stores
