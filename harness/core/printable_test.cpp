#include "harness/core/printable.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Printable, KeepsOrdinaryUnicode) { EXPECT_EQ(printable("naïve 🙂 שלום"), "naïve 🙂 שלום"); }

TEST(Printable, EscapesControlsBackslashAndInvalidBytes) {
  EXPECT_EQ(printable(std::string_view("a\0b\n\t\\\x1B\xFF", 8)), "a\\x00b\\n\\t\\\\\\x1B\\xFF");
}

TEST(Printable, EscapesOverridesThatRewriteWhatIsShown) {
  EXPECT_EQ(printable("a\u202Eb"), "a\\xE2\\x80\\xAEb");
  EXPECT_EQ(printable("a\u2066b"), "a\\xE2\\x81\\xA6b");
  EXPECT_EQ(printable("a\u009Bb"), "a\\xC2\\x9Bb");
}

TEST(Printable, CutsLongTextAtACharacterAndSaysSo) {
  EXPECT_EQ(printable("ééééé", 4), "éé… (10 bytes)");
  EXPECT_EQ(printable("abcd", 4), "abcd");
}

TEST(Printable, KeepsWhatAPartOfAMessageWasEscapedToBefore) {
  const std::string message = "ended with: " + printable("no\nway") + "\nnext\xFF";
  EXPECT_EQ(printable_message(message), R"(ended with: no\nway\nnext\xFF)");
}

TEST(Utf8, RefusesOverlongFormsAndSurrogates) {
  EXPECT_TRUE(is_utf8("é🙂"));
  EXPECT_FALSE(is_utf8("\xC0\xAF"));
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));
}

TEST(ShellWord, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(shell_word("plan.yaml"), "plan.yaml");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("a*b"), "'a*b'");
}

}  // namespace
}  // namespace sluice
