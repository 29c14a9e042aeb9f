#include "suites/isolation/views.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

namespace sluice::isolation {
namespace {

const std::string token = "k3v9x0q7m2b8n4c6z1l5j0h7g2";

TEST(Views, WriteBase64AsTheStandardDoes) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(Views, WriteEachCharacterInItsEncoding) {
  EXPECT_EQ(EncodedToken(View::json_escape, token).unit(0), "\\u006b");
  EXPECT_EQ(EncodedToken(View::percent, token).unit(0), "%6B");
  EXPECT_EQ(EncodedToken(View::html_decimal, token).unit(0), "&#107;");
  EXPECT_EQ(EncodedToken(View::html_hex, token).unit(0), "&#x6b;");
  EXPECT_EQ(EncodedToken(View::utf16_le, token).unit(0), std::string("k\0", 2));
  EXPECT_EQ(EncodedToken(View::utf16_be, token).unit(0), std::string("\0k", 2));
  EXPECT_EQ(EncodedToken(View::hex, token).unit(0), "6b");
  EXPECT_EQ(EncodedToken(View::case_folded, token).unit(0), "K");
}

TEST(Views, Base64UnitsStandInEveryTextThatHoldsTheTokenAtThatAlignment) {
  const std::vector<View> alignments{View::base64_0, View::base64_1, View::base64_2};
  for (std::size_t before = 0; before < 9; ++before) {
    for (const char* after : {"", "!", "!?", "\xff\xfe\xfd"}) {
      const std::string text = base64(std::string(before, '\xf0') + token + after);
      EXPECT_NE(text.find(EncodedToken(alignments[before % 3], token).text()), std::string::npos)
          << before << " bytes before, then " << after;
    }
  }
}

TEST(Views, Base64OfATokenNeverNeedsTheCharactersInWhichTheAlphabetsDiffer) {
  const std::string letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  for (const View view : {View::base64_0, View::base64_1, View::base64_2}) {
    for (const char first : letters) {
      for (const char second : letters) {
        std::string pairs;
        while (pairs.size() < 26) pairs += {first, second};
        EXPECT_EQ(EncodedToken(view, pairs).text().find_first_of("+/-_="), std::string::npos) << pairs;
      }
    }
  }
}

TEST(Views, EveryHalfOfATokenHoldsTheCore) {
  for (const View view : all_views) {
    const EncodedToken encoded(view, token);
    const std::size_t half = is_case_sensitive(view) ? 20 : half_token_characters;
    for (std::size_t begin = 0; begin + half <= encoded.size(); ++begin) {
      // The shortest run of units from here on that is a half must reach over the core, if it can show the 16
      // characters in the middle.
      if (encoded.characters(begin, begin + half) < half_token_characters) continue;
      EXPECT_LE(begin, encoded.core_begin()) << to_string(view);
      EXPECT_GE(begin + half, encoded.core_end()) << to_string(view);
    }
    EXPECT_GE(encoded.core_end() - encoded.core_begin(), 6u) << to_string(view);
  }
}

TEST(Views, CountTheWholeCharactersThatBase64Shows) {
  const EncodedToken aligned(View::base64_0, token);
  EXPECT_EQ(aligned.characters(0, 4), 3u);
  EXPECT_EQ(aligned.characters(0, 3), 2u);
  EXPECT_EQ(aligned.characters(1, 4), 2u);
  EXPECT_EQ(aligned.characters(0, aligned.size()), token.size() - 1);  // its last bits share a sextet with what follows
}

TEST(Views, RefuseTokensWhoseHalvesCannotBeTold) {
  EXPECT_THROW(EncodedToken(View::plain, "short"), std::logic_error);
  EXPECT_THROW(EncodedToken(View::plain, std::string(29, 'a')), std::logic_error);
}

}  // namespace
}  // namespace sluice::isolation
