#include "suites/compat/value_diff.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "suites/compat/instant.hpp"

namespace sluice::compat {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Compares one new answer with two old ones, with the noise of just these two.
struct Comparison {
  CompareRules rules;
  KnownValues known;
  IdMap ids;
  Noise noise;
  std::string path = "/things";

  Comparison() { rules.now = 1'790'000'000; }

  std::vector<Difference> of(const std::string& first, const std::string& again, const std::string& candidate) {
    const ExactJson one = *parse_exact_json(first).value;
    const ExactJson two = *parse_exact_json(again).value;
    const DiffScope scope{.noise = {.route = "GET " + path, .step = "s"}, .route_path = path};
    NoiseLearner(rules, known, noise, scope).json(one, two, {});
    ValueDiff diff(rules, noise, known, &ids, scope);
    diff.json(one, &two, *parse_exact_json(candidate).value, {});
    return diff.take_differences();
  }
  std::vector<std::string> rules_of(const std::string& first, const std::string& again, const std::string& candidate) {
    std::vector<std::string> found;
    for (const Difference& difference : of(first, again, candidate)) {
      found.push_back(difference.rule + " " + difference.place);
    }
    return found;
  }
  std::vector<std::string> rules_of(const std::string& old, const std::string& candidate) {
    return rules_of(old, old, candidate);
  }
};

std::vector<std::string> differences(const std::string& old, const std::string& candidate) {
  return Comparison().rules_of(old, candidate);
}

TEST(ValueDiff, FindsNothingBetweenEqualAnswers) {
  const std::string answer = R"({"a":[1,2.50,"x",null,true],"b":{"c":""}})";
  EXPECT_THAT(differences(answer, answer), IsEmpty());
}

TEST(ValueDiff, ComparesNumbersBeyondDoubles) {
  EXPECT_THAT(differences(R"({"n":9007199254740993})", R"({"n":9007199254740992})"), ElementsAre("value-changed /n"));
  EXPECT_THAT(differences(R"({"n":123456789012345678901234567890})", R"({"n":123456789012345678901234567891})"),
              ElementsAre("value-changed /n"));
  EXPECT_THAT(differences(R"({"n":0.1})", R"({"n":0.10000000000000001})"), ElementsAre("value-changed /n"));
}

TEST(ValueDiff, SeesANumberBecomeAString) {
  EXPECT_THAT(differences(R"({"id":9007199254740993})", R"({"id":"9007199254740993"})"),
              ElementsAre("type-changed /id"));
}

TEST(ValueDiff, WarnsOfAnotherFormOfTheSameNumber) {
  Comparison comparison;
  const auto found = comparison.of(R"({"n":1,"m":100})", R"({"n":1,"m":100})", R"({"n":1.0,"m":1e2})");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].rule, "number-form");
  EXPECT_EQ(found[0].severity, Severity::warning);
}

TEST(ValueDiff, TellsMissingNullAndEmptyApart) {
  EXPECT_THAT(differences(R"({"a":null})", R"({})"), ElementsAre("member-removed /a"));
  EXPECT_THAT(differences(R"({"a":""})", R"({"a":null})"), ElementsAre("type-changed /a"));
  EXPECT_THAT(differences(R"({"a":"x"})", R"({"a":""})"), ElementsAre("value-changed /a"));
}

TEST(ValueDiff, TakesAnAddedMemberAsInformation) {
  Comparison comparison;
  const auto found = comparison.of("{}", "{}", R"({"new":1})");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].rule, "member-added");
  EXPECT_EQ(found[0].severity, Severity::info);
  EXPECT_EQ(found[0].new_value, "1");
}

TEST(ValueDiff, IgnoresTheOrderOfMembersAndEscapes) {
  EXPECT_THAT(differences(R"({"a":"é","b":2})", R"({"b":2,"a":"\u00e9"})"), IsEmpty());
}

TEST(ValueDiff, SeesADuplicateName) {
  EXPECT_THAT(differences(R"({"a":1})", R"({"a":2,"a":1})"), ElementsAre("duplicate-names "));
}

TEST(ValueDiff, EscapesNamesInPlaces) {
  EXPECT_THAT(differences(R"({"a/b":1})", R"({"a/b":2})"), ElementsAre("value-changed /a~1b"));
}

TEST(ArrayDiff, KeepsOrderUnlessDeclaredOtherwise) {
  EXPECT_THAT(differences("[1,2,3]", "[1,3,2]"), ElementsAre("order-changed "));
  EXPECT_THAT(differences("[1,2,3]", "[1,2]"), ElementsAre("array-length "));
  Comparison bag;
  bag.rules.arrays.emplace_back(PointerPattern(""), ArrayOrder::bag);
  EXPECT_THAT(bag.rules_of("[1,2,2]", "[2,1,2]"), IsEmpty());
  EXPECT_THAT(bag.rules_of("[1,2,2]", "[2,1]"), ElementsAre("element-removed /2"));
  Comparison set;
  set.rules.arrays.emplace_back(PointerPattern(""), ArrayOrder::set);
  EXPECT_THAT(set.rules_of("[1,2,2]", "[2,1]"), IsEmpty());
  EXPECT_THAT(set.rules_of("[1,2]", "[2,3]"), ElementsAre("element-removed /0", "element-added /1"));
}

TEST(ArrayDiff, SeesASortedListReorderedBesideANoisyUnorderedOne) {
  Comparison comparison;
  comparison.rules.arrays.emplace_back(PointerPattern("/tags"), ArrayOrder::bag);
  EXPECT_THAT(comparison.rules_of(R"({"sorted":["a","b","c"],"tags":["x","y"]})",
                                  R"({"sorted":["a","b","c"],"tags":["y","x"]})",
                                  R"({"sorted":["a","c","b"],"tags":["y","x"]})"),
              ElementsAre("order-changed /sorted"));
}

TEST(ArrayDiff, MatchesElementsOfABagWhoseIdsDiffer) {
  Comparison comparison;
  comparison.rules.arrays.emplace_back(PointerPattern(""), ArrayOrder::bag);
  const std::string first = R"([{"id":1,"n":"a"},{"id":2,"n":"b"}])";
  const std::string again = R"([{"id":3,"n":"a"},{"id":4,"n":"b"}])";
  EXPECT_THAT(comparison.rules_of(first, again, R"([{"id":8,"n":"b"},{"id":9,"n":"a"}])"), IsEmpty());
  EXPECT_THAT(comparison.rules_of(first, again, R"([{"id":8,"n":"b"},{"id":9,"n":"c"}])"),
              ElementsAre("element-removed /0", "element-added /1"));
}

TEST(NoiseRule, ExcusesAValueButNotItsPresenceTypeOrShape) {
  const std::string first = R"({"updated_at":"2026-11-20T12:00:00Z"})";
  const std::string again = R"({"updated_at":"2026-11-20T12:00:01Z"})";
  EXPECT_THAT(Comparison().rules_of(first, again, R"({"updated_at":"2026-11-20T12:00:09Z"})"), IsEmpty());
  EXPECT_THAT(Comparison().rules_of(first, again, R"({"updated_at":null})"), ElementsAre("type-changed /updated_at"));
  EXPECT_THAT(Comparison().rules_of(first, again, R"({})"), ElementsAre("member-removed /updated_at"));
  EXPECT_THAT(Comparison().rules_of(first, again, R"({"updated_at":1790000000})"),
              ElementsAre("type-changed /updated_at"));
  EXPECT_THAT(Comparison().rules_of(first, again, R"({"updated_at":"1790000000"})"),
              ElementsAre("shape-changed /updated_at"));
  EXPECT_THAT(Comparison().rules_of(first, again, R"({"updated_at":""})"), ElementsAre("value-changed /updated_at"));
}

TEST(NoiseRule, DoesNotExcuseTheLengthOfAnArray) {
  EXPECT_THAT(Comparison().rules_of("[1]", "[1,2]", "[1,2]"), ElementsAre("array-length "));
}

TEST(NoiseRule, ExcusesOnlyTheWordsThatChange) {
  const std::string first = R"({"t":"took 12 ms for neural"})";
  const std::string again = R"({"t":"took 15 ms for neural"})";
  EXPECT_THAT(Comparison().rules_of(first, again, R"({"t":"took 9 ms for neural"})"), IsEmpty());
  EXPECT_THAT(Comparison().rules_of(first, again, R"({"t":"took 9 ms for quantum"})"), ElementsAre("value-changed /t"));
  EXPECT_THAT(Comparison().rules_of(first, again, R"({"t":"took long for neural"})"), ElementsAre("value-changed /t"));
}

TEST(NoiseRule, SeesSecondsBecomeMilliseconds) {
  Comparison comparison;
  EXPECT_THAT(comparison.rules_of(R"({"t":1790000001})", R"({"t":1790000003})", R"({"t":1790000005000})"),
              ElementsAre("shape-changed /t"));
}

TEST(NoiseRule, HoldsStableTextToItsValueEvenOnANoisyRoute) {
  Comparison comparison;
  EXPECT_THAT(comparison.rules_of(R"({"t":"the first sentence"})", R"({"t":"quite another long sentence"})",
                                  R"({"t":"a third"})"),
              IsEmpty());
  const ExactJson stable = *parse_exact_json(R"({"t":"always so"})").value;
  const DiffScope other_step{.noise = {.route = "GET /things", .step = "another"}, .route_path = "/things"};
  ValueDiff diff(comparison.rules, comparison.noise, comparison.known, nullptr, other_step);
  diff.json(stable, &stable, *parse_exact_json(R"({"t":"never so"})").value, {});
  ASSERT_EQ(diff.differences().size(), 1u);
  EXPECT_EQ(diff.differences()[0].rule, "value-changed");
}

TEST(NoiseRule, ExcusesATimeOfThisMomentThatWasTheSameByChanceInOneStep) {
  Comparison comparison;
  comparison.rules.now = parse_instant("2026-11-20T12:00:00Z")->seconds;
  comparison.rules_of(R"({"at":"2026-11-20T12:00:00Z"})", R"({"at":"2026-11-20T12:00:01Z"})",
                      R"({"at":"2026-11-20T12:00:02Z"})");
  EXPECT_THAT(comparison.rules_of(R"({"at":"2026-11-20T12:00:03Z"})", R"({"at":"2026-11-20T12:00:04Z"})"), IsEmpty());
}

TEST(NoiseRule, DoesNotExcuseAStoredTimeBesideFreshOnes) {
  Comparison comparison;
  comparison.rules.now = parse_instant("2026-11-20T12:00:00Z")->seconds;
  const std::string first = R"([{"at":"2026-11-20T12:00:00Z"},{"at":"2024-10-27T01:30:00Z"}])";
  const std::string again = R"([{"at":"2026-11-20T12:00:02Z"},{"at":"2024-10-27T01:30:00Z"}])";
  EXPECT_THAT(comparison.rules_of(first, again, R"([{"at":"2026-11-20T12:00:04Z"},{"at":"2024-10-27T02:30:00Z"}])"),
              ElementsAre("value-changed /1/at"));
}

TEST(NoiseRule, DoesNotExcuseAStableBigNumberBesideChangingOnes) {
  const std::string first = R"([{"size":12},{"size":123456789}])";
  const std::string again = R"([{"size":15},{"size":123456789}])";
  EXPECT_THAT(Comparison().rules_of(first, again, R"([{"size":9},{"size":123456780}])"),
              ElementsAre("value-changed /1/size"));
}

TEST(NoiseRule, DoesNotExcuseNumbersAndBooleansBesideChangingOnes) {
  const std::string first = R"([{"n":1,"b":true},{"n":7,"b":true}])";
  const std::string again = R"([{"n":2,"b":false},{"n":7,"b":true}])";
  EXPECT_THAT(Comparison().rules_of(first, again, R"([{"n":3,"b":true},{"n":8,"b":false}])"),
              ElementsAre("value-changed /1/n", "value-changed /1/b"));
}

TEST(NoiseRule, DoesNotExcuseProseBesideAChangingSentence) {
  EXPECT_THAT(Comparison().rules_of(R"([{"t":"a b"},{"t":"so it is"}])", R"([{"t":"c d e"},{"t":"so it is"}])",
                                    R"([{"t":"f g"},{"t":"not at all so"}])"),
              ElementsAre("value-changed /1/t"));
}

TEST(NoiseRule, HoldsALinkToThePartThatStays) {
  EXPECT_THAT(Comparison().rules_of(R"(["/s1/items/10"])", R"(["/s1/items/11/x"])", R"(["/error?code=1"])"),
              ElementsAre("value-changed /0"));
  EXPECT_THAT(Comparison().rules_of(R"(["/s1/items/10"])", R"(["/s1/items/11"])", R"(["/error?code=1"])"),
              ElementsAre("value-changed /0"));
}

TEST(Instants, ThatAreStoredAreHeldToTheirValueBesideFreshOnes) {
  Comparison comparison;
  comparison.rules.now = parse_instant("2026-11-20T12:00:00Z")->seconds;
  comparison.rules.instants.emplace_back("/*/at");
  EXPECT_THAT(comparison.rules_of(R"([{"at":"2026-11-20T12:00:00Z"},{"at":"2024-10-27T01:30:00Z"}])",
                                  R"([{"at":"2026-11-20T12:00:02Z"},{"at":"2024-10-27T01:30:00Z"}])",
                                  R"([{"at":"2026-11-20T12:00:04Z"},{"at":"2024-10-27T02:30:00Z"}])"),
              ElementsAre("value-changed /1/at"));
}

TEST(Instants, WithoutAnOffsetMayCrossAMinute) {
  const std::string first = R"({"at":"2026-11-20T12:00:58.5"})";
  const std::string again = R"({"at":"2026-11-20T12:00:59.5"})";
  EXPECT_THAT(Comparison().rules_of(first, again, R"({"at":"2026-11-20T12:01:00.25"})"), IsEmpty());
  EXPECT_THAT(Comparison().rules_of(first, again, R"({"at":"2026-11-20T12:01:00.25Z"})"),
              ElementsAre("shape-changed /at"));
}

TEST(Ids, MayDifferOneToOneAlsoInsideLinks) {
  Comparison comparison;
  comparison.path = "/items";
  EXPECT_THAT(comparison.rules_of(R"({"id":1,"self":"/items/1","n":"a"})", R"({"id":2,"self":"/items/2","n":"a"})",
                                  R"({"id":91,"self":"/items/91","n":"a"})"),
              IsEmpty());
}

TEST(Ids, MustNotPointToAnotherEntity) {
  Comparison comparison;
  comparison.path = "/items";
  EXPECT_THAT(comparison.rules_of(R"({"id":1,"self":"/items/1"})", R"({"id":2,"self":"/items/2"})",
                                  R"({"id":91,"self":"/items/92"})"),
              ElementsAre("id-not-bijective /self"));
}

TEST(Ids, MustNotBeGivenTwice) {
  Comparison comparison;
  comparison.path = "/items";
  EXPECT_THAT(comparison.rules_of(R"({"id":"0b8e2f6a-9a43-4c1b-8a3c-7d2a1f0e9b11"})",
                                  R"({"id":"1b8e2f6a-9a43-4c1b-8a3c-7d2a1f0e9b11"})",
                                  R"({"id":"2b8e2f6a-9a43-4c1b-8a3c-7d2a1f0e9b11"})"),
              IsEmpty());
  EXPECT_THAT(comparison.rules_of(R"({"id":"3b8e2f6a-9a43-4c1b-8a3c-7d2a1f0e9b11"})",
                                  R"({"id":"4b8e2f6a-9a43-4c1b-8a3c-7d2a1f0e9b11"})",
                                  R"({"id":"2b8e2f6a-9a43-4c1b-8a3c-7d2a1f0e9b11"})"),
              ElementsAre("id-not-bijective /id"));
}

TEST(Ids, ThatAreStableMustStayTheSameUnlessDeclared) {
  Comparison strict;
  EXPECT_THAT(strict.rules_of(R"({"id":5})", R"({"id":6})"), ElementsAre("value-changed /id"));
  Comparison declared;
  declared.rules.ids.push_back({.kind = "thing", .place = PointerPattern("/**/id")});
  declared.rules.ids.push_back({.kind = "thing", .place = PointerPattern("/refs/*")});
  EXPECT_THAT(declared.rules_of(R"({"id":5,"refs":[5,7]})", R"({"id":95,"refs":[95,97]})"), IsEmpty());
  EXPECT_THAT(declared.rules_of(R"({"id":8,"refs":[5]})", R"({"id":98,"refs":[97]})"),
              ElementsAre("id-not-bijective /refs/0"));
}

TEST(KnownTokens, MustComeBackAsTheyWereSent) {
  Comparison comparison;
  comparison.known.add("firsttokenaaa1", "againtokenaaa1", "newtokenaaaaa1");
  comparison.known.add("firsttokenaaa2", "againtokenaaa2", "newtokenaaaaa2");
  const std::string first = R"({"t":"hello firsttokenaaa1!"})";
  const std::string again = R"({"t":"hello againtokenaaa1!"})";
  EXPECT_THAT(comparison.rules_of(first, again, R"({"t":"hello newtokenaaaaa1!"})"), IsEmpty());
  EXPECT_THAT(comparison.rules_of(first, again, R"({"t":"hello newtokenaaaaa2!"})"),
              ElementsAre("id-not-bijective /t"));
  EXPECT_THAT(comparison.rules_of(first, again, R"({"t":"hello somebodyelse00!"})"), ElementsAre("value-changed /t"));
  EXPECT_EQ(comparison.noise.size(), 0u) << "what a token explains is no noise";
}

TEST(Links, MayLeadToTheNewSideAndItsRoutes) {
  Comparison comparison;
  comparison.rules.routes = scenario::RouteMap(std::map<std::string, std::string>{{"/api/items", "/v2/things"}});
  comparison.rules.old_origin = "http://old:1";
  comparison.rules.new_origin = "http://new:2";
  const auto one = [&](const std::string& old, const std::string& candidate) {
    return comparison.rules_of("[\"" + old + "\"]", "[\"" + candidate + "\"]");
  };
  EXPECT_THAT(one("http://old:1/api/items/3", "http://new:2/v2/things/3"), IsEmpty());
  EXPECT_THAT(one("/api/items/3", "/v2/things/3"), IsEmpty());
  EXPECT_THAT(one("see http://old:1/x", "see http://new:2/x"), IsEmpty());
  EXPECT_THAT(one("<http://old:1/api/items?p=2>; rel=next, </api/items>; rel=up",
                  "<http://new:2/v2/things?p=2>; rel=next, </v2/things>; rel=up"),
              IsEmpty());
  EXPECT_THAT(one("/api/items/3", "/v2/things/4"), ElementsAre("value-changed /0"));
  EXPECT_THAT(one("http://old:1/api/items/3", "http://old:1/api/items/3"), IsEmpty());
}

TEST(Instants, AreEqualInAnyOffsetOnlyWhereDeclared) {
  const std::string zulu = R"({"at":"2026-11-20T12:00:00Z"})";
  const std::string offset = R"({"at":"2026-11-20T12:00:00+00:00"})";
  Comparison declared;
  declared.rules.instants.emplace_back("/at");
  EXPECT_THAT(declared.rules_of(zulu, offset), IsEmpty());
  EXPECT_THAT(declared.rules_of(zulu, R"({"at":"2026-11-20T12:00:00+01:00"})"), ElementsAre("value-changed /at"));
  EXPECT_THAT(declared.rules_of(zulu, R"({"at":"yesterday"})"), ElementsAre("value-changed /at"));
  EXPECT_THAT(Comparison().rules_of(zulu, offset), ElementsAre("value-changed /at"));
}

TEST(Numbers, MayDifferByTheDeclaredEpsilon) {
  Comparison comparison;
  comparison.rules.epsilons.emplace_back(PointerPattern("/score"), 0.01);
  EXPECT_THAT(comparison.rules_of(R"({"score":0.5})", R"({"score":0.509})"), IsEmpty());
  EXPECT_THAT(comparison.rules_of(R"({"score":0.5})", R"({"score":0.52})"), ElementsAre("value-changed /score"));
}

TEST(Numbers, MustBeNearOneOfTheOldValuesEvenWhenTheyJitter) {
  Comparison comparison;
  comparison.rules.epsilons.emplace_back(PointerPattern("/score"), 0.01);
  EXPECT_THAT(comparison.rules_of(R"({"score":0.5})", R"({"score":0.6})", R"({"score":0.609})"), IsEmpty());
  EXPECT_THAT(comparison.rules_of(R"({"score":0.5})", R"({"score":0.6})", R"({"score":70})"),
              ElementsAre("value-changed /score"));
}

TEST(KnownTokens, MustNotNameTwoEntities) {
  Comparison comparison;
  const std::string same = "9b8e2f6a-9a43-4c1b-8a3c-7d2a1f0e9b11";
  const std::string ids[] = {"0b8e2f6a-9a43-4c1b-8a3c-7d2a1f0e9b11", "1b8e2f6a-9a43-4c1b-8a3c-7d2a1f0e9b11",
                             "2b8e2f6a-9a43-4c1b-8a3c-7d2a1f0e9b11", "3b8e2f6a-9a43-4c1b-8a3c-7d2a1f0e9b11"};
  comparison.known.add(ids[0], ids[1], same);
  comparison.known.add(ids[2], ids[3], same);
  const auto body = [](const std::string& id) { return R"({"id":")" + id + R"("})"; };
  EXPECT_THAT(comparison.rules_of(body(ids[0]), body(ids[1]), body(same)), IsEmpty());
  EXPECT_THAT(comparison.rules_of(body(ids[2]), body(ids[3]), body(same)), ElementsAre("id-not-bijective /id"));
}

TEST(IgnoreRules, CoverPlacesAndTheirRoutesOnly) {
  Comparison comparison;
  comparison.rules.ignores.push_back({.route = "GET /things", .place = PointerPattern("/meta/**"), .reason = "r"});
  EXPECT_THAT(comparison.rules_of(R"({"meta":{"a":1},"b":1})", R"({"meta":[],"b":1})"), IsEmpty());
  EXPECT_THAT(comparison.rules_of(R"({"meta":{"a":1},"b":1})", R"({"meta":{"a":1},"b":2})"),
              ElementsAre("value-changed /b"));
  comparison.path = "/others";
  EXPECT_THAT(comparison.rules_of(R"({"meta":1})", R"({"meta":2})"), ElementsAre("value-changed /meta"));
}

}  // namespace
}  // namespace sluice::compat
