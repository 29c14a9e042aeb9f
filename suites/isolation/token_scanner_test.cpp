#include "suites/isolation/token_scanner.hpp"

#include <gmock/gmock.h>

#include <random>
#include <stdexcept>

namespace sluice::isolation {
namespace {

const std::string mine = "k3v9x0q7m2b8n4c6z1l5j0h7g2";
const std::string yours = "a8s7d6f5g4h3j2k1l0q9w8e7r6";

std::vector<TokenHit> scan(const TokenScanner& scanner, std::string_view bytes) {
  std::vector<TokenHit> hits;
  scanner.scan(bytes, [&](const TokenHit& hit) { hits.push_back(hit); });
  return hits;
}

class EveryView : public testing::TestWithParam<View> {};

TEST_P(EveryView, IsFoundAtItsOffsetAndNamed) {
  const TokenScanner scanner({mine, yours});
  const std::string planted = EncodedToken(GetParam(), yours).text();
  for (const std::string& before : {std::string(), std::string("{\"text\":\""), std::string(70'001, '.')}) {
    // UTF-16 is aligned to two bytes in real text; the fill of odd length is only for the others.
    const std::string fill = before.size() % 2 == 1 ? before + "." : before;
    const auto hits = scan(scanner, fill + planted + "\"}");
    ASSERT_EQ(hits.size(), 1u) << fill.size();
    EXPECT_EQ(hits[0].token, 1u);
    EXPECT_EQ(to_string(hits[0].view), to_string(GetParam()));
    EXPECT_EQ(hits[0].offset, fill.size());
    EXPECT_EQ(hits[0].bytes, planted.size());
    EXPECT_TRUE(hits[0].whole);
  }
}

TEST_P(EveryView, IsFoundWhereverTheStreamIsCutIntoChunks) {
  const TokenScanner scanner({mine});
  const std::string text = "head: " + EncodedToken(GetParam(), mine).text() + " and more";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    std::vector<TokenHit> hits;
    const auto sink = [&](const TokenHit& hit) { hits.push_back(hit); };
    TokenScanner::Stream stream(scanner);
    stream.feed(std::string_view(text).substr(0, cut), sink);
    stream.feed(std::string_view(text).substr(cut), sink);
    stream.finish(sink);
    ASSERT_EQ(hits.size(), 1u) << "cut at " << cut;
    ASSERT_EQ(hits[0].offset, 6u) << "cut at " << cut;
  }
}

TEST_P(EveryView, IsFoundByAnyHalf) {
  const TokenScanner scanner({mine});
  for (std::size_t begin = 0; begin + half_token_characters <= mine.size(); ++begin) {
    const EncodedToken half(GetParam(), mine.substr(begin, half_token_characters));
    const std::string around = is_case_sensitive(GetParam()) ? "" : "..";  // a neighbour in base64 shares a sextet
    const auto hits = scan(scanner, around + half.text() + around);
    ASSERT_EQ(hits.size(), 1u) << "half from character " << begin;
    EXPECT_FALSE(hits[0].whole);
    EXPECT_LE(hits[0].characters, half_token_characters);
  }
}

TEST_P(EveryView, IsNotFoundByLessThanAHalf) {
  const TokenScanner scanner({mine});
  if (is_case_sensitive(GetParam())) {
    const EncodedToken encoded(GetParam(), mine);
    EXPECT_THAT(scan(scanner, encoded.text().substr(4, 19)), testing::IsEmpty());
    return;
  }
  std::string fifteen;
  for (std::size_t unit = 5; unit < 20; ++unit) fifteen += EncodedToken(GetParam(), mine).unit(unit);
  EXPECT_THAT(scan(scanner, fifteen), testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Views, EveryView, testing::ValuesIn(all_views), [](const auto& view) {
  std::string name;
  for (const char c : to_string(view.param)) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) name += c;
  }
  return name;
});

TEST(TokenScanner, FindsBase64ThatIsWrappedInLines) {
  const TokenScanner scanner({mine});
  const std::string encoded = base64("Subject: " + mine + " sent");
  for (std::size_t wrap = 5; wrap < 30; ++wrap) {
    std::string wrapped;
    for (std::size_t at = 0; at < encoded.size(); at += wrap) wrapped += encoded.substr(at, wrap) + "\r\n";
    const auto hits = scan(scanner, wrapped);
    ASSERT_EQ(hits.size(), 1u) << "lines of " << wrap;
    EXPECT_TRUE(hits[0].whole);
  }
}

TEST(TokenScanner, FindsMixedCaseAndUpperCaseHexDigits) {
  const TokenScanner scanner({mine});
  EXPECT_EQ(scan(scanner, "K3v9x0q7m2b8n4c6z1l5j0h7g2").at(0).view, View::case_folded);
  std::string upper;
  for (char c : EncodedToken(View::hex, mine).text()) upper += static_cast<char>(c >= 'a' ? c - 'a' + 'A' : c);
  EXPECT_EQ(scan(scanner, upper).at(0).view, View::hex);
}

TEST(TokenScanner, TellsTheByteOrdersOfUtf16ApartBetweenAsciiNeighbours) {
  const TokenScanner scanner({mine});
  std::string little, big;
  for (const char c : "<b>" + mine + "</b>") {
    little += {c, '\0'};
    big += {'\0', c};
  }
  EXPECT_EQ(scan(scanner, little).at(0).view, View::utf16_le);
  EXPECT_EQ(scan(scanner, big).at(0).view, View::utf16_be);
  EXPECT_EQ(scan(scanner, little).size(), 1u);
}

TEST(TokenScanner, FindsEveryTokenOfManyInOneText) {
  std::mt19937_64 random(3);
  std::vector<std::string> tokens;
  std::string text;
  for (int count = 0; count < 500; ++count) {
    std::string token;
    while (token.size() < 26) token += "abcdefghijklmnopqrstuvwxyz0123456789"[random() % 36];
    text += token + "\n";
    tokens.push_back(std::move(token));
  }
  const auto hits = scan(TokenScanner(tokens), text);
  ASSERT_EQ(hits.size(), tokens.size());
  for (const TokenHit& hit : hits) EXPECT_EQ(hit.offset, hit.token * 27);
}

TEST(TokenScanner, FindsNothingInRandomBytes) {
  const TokenScanner scanner({mine, yours});
  std::mt19937_64 random(11);
  std::string noise(300'000, ' ');
  for (char& c : noise) c = static_cast<char>(random());
  EXPECT_THAT(scan(scanner, noise), testing::IsEmpty());
}

TEST(TokenScanner, RefusesTokensThatEncodingsWouldChange) {
  EXPECT_THROW(TokenScanner({"UPPERCASE0UPPERCASE0"}), std::logic_error);
  EXPECT_THROW(TokenScanner({"with space with space"}), std::logic_error);
}

}  // namespace
}  // namespace sluice::isolation
