// Random JSON, whole and damaged, shown by us and by a real PostgreSQL: whatever we show must be what the server shows.
#include "harness/stores/jsonb_text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "harness/testing/postgres_cluster.hpp"

namespace sluice::stores {
namespace {

class JsonMaker {
 public:
  explicit JsonMaker(std::uint32_t seed) : random_(seed) {}

  std::string value(int depth = 0) {
    switch (below(depth > 3 ? 4 : 7)) {
      case 0:
        return pick({"true", "false", "null"});
      case 1:
      case 2:
        return number();
      case 3:
        return string();
      case 4:
        return list('[', ']', [&] { return value(depth + 1); });
      default:
        return list('{', '}', [&] { return name() + blank() + ":" + blank() + value(depth + 1); });
    }
  }

  // One character of ASCII lost, doubled or replaced.
  std::string damaged(std::string json) {
    std::size_t at = static_cast<std::size_t>(below(static_cast<int>(json.size())));
    while (static_cast<unsigned char>(json[at]) >= 0x80) --at;  // it begins with none
    const std::string marks = "{}[]\",:\\0e.-u \t";
    switch (below(3)) {
      case 0:
        return json.erase(at, 1);
      case 1:
        return json.insert(at, 1, json[at]);
      default:
        json[at] = marks[static_cast<std::size_t>(below(static_cast<int>(marks.size())))];
        return json;
    }
  }

 private:
  int below(int limit) { return std::uniform_int_distribution(0, limit - 1)(random_); }
  std::string pick(const std::vector<std::string>& from) {
    return from[static_cast<std::size_t>(below(static_cast<int>(from.size())))];
  }
  std::string blank() { return pick({"", "", " ", "\t", "\r\n ", "        "}); }
  std::string digits(int most) {
    std::string all;
    for (int count = 1 + below(most); count > 0; --count) all += static_cast<char>('0' + below(10));
    return all;
  }
  std::string number() {
    std::string all = pick({"", "", "-"});
    all += below(4) == 0 ? "0" : std::to_string(1 + below(9)) + (below(2) == 0 ? "" : digits(20));
    if (below(3) == 0) all += "." + digits(8);
    if (below(3) == 0) all += pick({"e", "E"}) + pick({"", "+", "-"}) + std::to_string(below(310));
    return all;
  }
  std::string string() {
    std::string all = "\"";
    for (int parts = below(6); parts > 0; --parts) {
      all += pick({"a", "name", "seventeen letters", "ü", "\xF0\x9F\x8C\x8A", "\\n", "\\\"", "\\\\", "\\/", "\\u00e9",
                   "\\uD83C\\uDF0A", "\\u0022", "\\b\\f\\r\\t", "{[,:]}"});
    }
    return all + "\"";
  }
  std::string name() {
    return below(5) == 0 ? string() : "\"" + pick({"id", "kind", "note", "größe"}) + std::to_string(below(30)) + "\"";
  }
  template <typename Element>
  std::string list(char begin, char end, const Element& element) {
    std::string all(1, begin);
    all += blank();
    for (int count = below(5), i = 0; i < count; ++i) all += (i > 0 ? "," : "") + blank() + element() + blank();
    return all + end;
  }

  std::mt19937 random_;
};

std::string copied(const std::string& text) {
  std::string line;
  for (const char c : text) {
    switch (c) {
      case '\\':
        line += "\\\\";
        break;
      case '\t':
        line += "\\t";
        break;
      case '\n':
        line += "\\n";
        break;
      case '\r':
        line += "\\r";
        break;
      default:
        line += c;
    }
  }
  return line + "\n";
}

/// What the server shows each text as; "refused" where it takes none.
std::vector<std::string> shown_by_server(const std::vector<std::string>& texts) {
  const testing::PostgresCluster cluster;
  cluster.execute(
      "CREATE TABLE given (number int GENERATED ALWAYS AS IDENTITY, json text);"
      "CREATE FUNCTION shown(json text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN json::jsonb; EXCEPTION WHEN "
      "OTHERS THEN RETURN 'refused'; END $$");
  std::string data;
  for (const auto& text : texts) data += copied(text);
  cluster.copy_in("given (json)", data);
  return cluster.query("SELECT shown(json) FROM given ORDER BY number");
}

TEST(JsonbText, IsWhatTheServerShows) {
  JsonMaker maker(20'260);
  std::vector<std::string> texts;
  for (int i = 0; i < 4000; ++i) texts.push_back(i % 3 == 0 ? maker.damaged(maker.value()) : maker.value());
  const auto expected = shown_by_server(texts);
  ASSERT_EQ(expected.size(), texts.size());
  std::size_t taken = 0, accepted = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::string shown = "before";
    if (!append_jsonb_text(texts[i], shown)) {
      accepted += expected[i] == "refused" ? 0 : 1;
      continue;
    }
    ++taken;
    EXPECT_EQ(shown, "before" + expected[i]) << texts[i];
  }
  EXPECT_GT(taken, 2000u);
  EXPECT_LT(accepted, taken / 4) << "left to the full reader although the server takes them";
}

TEST(JsonbText, LeavesWhatNeedsACloserLookToTheFullReader) {
  for (const std::string json : {"", "{", "{\"a\":1,\"a\":2}", "\"\\u0000\"", "\"\\ud800\"", "1e301", "01", "1.",
                                 "[1,]", "nul", "{\"a\" 1}", "\"\x01\"", "\"12345678", "[] []"}) {
    std::string shown;
    EXPECT_FALSE(append_jsonb_text(json, shown)) << json;
  }
  std::string shown;
  EXPECT_FALSE(append_jsonb_text(std::string(200, '[') + std::string(200, ']'), shown));
}

TEST(JsonbText, AsksForRoomForEveryExponent) {
  std::string json = "[";
  for (int i = 0; i < 200; ++i) json += i % 2 == 0 ? "1e300," : "1e-300,";
  json += "0]";
  std::string shown;
  ASSERT_TRUE(append_jsonb_text(json, shown));
  EXPECT_EQ(shown.size(), 100 * (301 + 2) + 100 * (302 + 2) + 3u);
}

}  // namespace
}  // namespace sluice::stores
