#include <fmt/core.h>

#include <algorithm>

#include "harness/core/printable.hpp"
#include "suites/compat/value_diff.hpp"

// The part of ValueDiff that compares texts: word by word, so that what changes from call to call inside a text (an id
// in a Location, a time in a sentence) is told from what must not change.
namespace sluice::compat {
namespace {

bool has_blank(std::string_view text) { return text.find_first_of(" \t\r\n") != std::string_view::npos; }

bool is_prose(std::string_view text, const std::vector<TextPiece>& pieces) {
  return pieces.size() > 1 && has_blank(text);
}

/// What both begin with, in whole pieces.
std::string_view stable_start(std::string_view first, std::string_view again) {
  const auto one = split_text(first);
  const auto other = split_text(again);
  std::size_t length = 0;
  for (std::size_t i = 0; i < std::min(one.size(), other.size()) && one[i].text == other[i].text; ++i)
    length += one[i].text.size();
  return first.substr(0, length);
}

/// Whether a known value of this shape may serve as an id; times and plain numbers repeat.
bool names_one_entity(const Shape& shape) {
  return shape.kind == ShapeKind::uuid || shape.kind == ShapeKind::hex || shape.kind == ShapeKind::token;
}

/// The kind of a short id in a path: "item" for 42 of /items/42.
std::optional<std::string> path_kind(const std::vector<TextPiece>& pieces, std::size_t index) {
  if (index < 2 || !pieces[index - 1].text.ends_with('/') || !pieces[index - 2].word) return std::nullopt;
  return singular(pieces[index - 2].text);
}

}  // namespace

/// The three texts of one place in words, with the same structure.
struct ValueDiff::Words {
  std::vector<TextPiece> first;
  std::vector<TextPiece> again;
  std::vector<TextPiece> candidate;
  std::string_view whole_first;
  std::string_view whole_candidate;
};

void ValueDiff::text(std::string_view first, std::optional<std::string_view> again, std::string_view candidate,
                     const Place& place) {
  const std::string_view second = again.value_or(first);
  if (rules_.is_instant(place.pointer)) {
    const bool coincidence = shapes_.may_coincide(first) &&
                             noise_.find(scope_.noise, place.pointer, place.pattern, 0, ShapeKind::instant) != nullptr;
    const bool noisy = second != first || coincidence;
    return instant(first, candidate, noisy, place);
  }
  if (const IdRule* rule = rules_.id_rule(place.pointer)) return declared_id(first, again, candidate, *rule, place);
  if (first == candidate && second == first) {
    if (noise_.find(scope_.noise, place.pointer, place.pattern, 0, ShapeKind::token) == nullptr) strict(place);
    if (is_long_id(shapes_.of(first))) note_id("", first, second, candidate, place);
    return;
  }
  // Links may lead to the same place by the old route or by the mapped one.
  const std::string mapped_first = rules_.with_new_routes(first);
  if (mapped_first != first) {
    const std::string mapped_second = rules_.with_new_routes(second);
    if (agrees(mapped_first, mapped_second, candidate, place))
      return words(mapped_first, mapped_second, candidate, place);
  }
  words(rules_.with_new_origin(first), rules_.with_new_origin(second), candidate, place);
}

bool ValueDiff::agrees(std::string_view first, std::string_view again, std::string_view candidate,
                       const Place& place) const {
  ValueDiff trial(rules_, noise_, known_, nullptr, scope_);
  trial.words(first, again, candidate, place);
  return trial.differences_.empty();
}

void ValueDiff::words(std::string_view first, std::string_view again, std::string_view candidate, const Place& place) {
  if (first.empty() != candidate.empty()) {
    return value_changed(place, "the text is empty on one side only", first, candidate);
  }
  const Words words{split_text(first), split_text(again), split_text(candidate), first, candidate};
  if (!same_structure(words.first, words.again)) return opaque(first, again, candidate, place);
  if (!same_structure(words.first, words.candidate)) {
    const bool one_word = words.first.size() == 1;
    if (first != again && (one_word || !has_blank(first))) return opaque(first, again, candidate, place);
    if (const Shape* shape = noise_.find(scope_.noise, place.pointer, place.pattern, one_word ? 0 : Noise::whole,
                                         shapes_.of(first).kind)) {
      if (!shapes_.fits(*shape, candidate)) shape_changed(place, *shape, first, candidate);
      return;
    }
    return value_changed(place, "the text changed", first, candidate);
  }
  for (std::size_t i = 0; i < words.first.size(); ++i) {
    const auto was = words.first[i].text;
    const auto is = words.candidate[i].text;
    if (was != words.again[i].text) {
      const std::size_t before = differences_.size();
      changing_word(words, i, place);
      if (differences_.size() != before) return;
    } else if (was != is) {
      const Shape* shape = noise_.find(scope_.noise, place.pointer, place.pattern, i, shapes_.of(was).kind);
      // Two equal times of this moment may be chance. Two equal ids are one stable id, and a time of last year is
      // stored data.
      const bool excused = shape != nullptr && shapes_.may_coincide(was) && shapes_.fits(*shape, is) &&
                           !(words.first.size() == 1 && id_kind(place.pointer, scope_.route_path));
      if (!excused) return value_changed(place, "the text changed", first, candidate);
    }
  }
}

void ValueDiff::changing_word(const Words& words, std::size_t index, const Place& place) {
  const auto was = words.first[index].text;
  const auto again = words.again[index].text;
  const auto is = words.candidate[index].text;
  if (const std::string* counterpart = known_.counterpart(was, again)) {
    if (is == *counterpart) {
      // What was captured is its own counterpart, so only the mapping tells that two entities got one id.
      if (names_one_entity(shapes_.common(was, again))) note_id("", was, again, is, place);
      return;
    }
    if (known_.is_candidate(is)) {
      return report({.rule = "id-not-bijective",
                     .severity = Severity::critical,
                     .summary = fmt::format("the new side names another entity: {} where {} belongs", printable(is, 80),
                                            printable(*counterpart, 80)),
                     .place = place.pointer,
                     .pattern = place.pattern,
                     .old_value = printable(words.whole_first, 200),
                     .new_value = printable(words.whole_candidate, 200)});
    }
    return value_changed(place, fmt::format("the new side does not give back {}", printable(*counterpart, 80)),
                         words.whole_first, words.whole_candidate);
  }
  const Shape shape = shapes_.common(was, again);
  if (!shapes_.fits(shape, is)) return shape_changed(place, shape, words.whole_first, words.whole_candidate);
  if (is_long_id(shape)) return note_id("", was, again, is, place);
  auto kind = words.first.size() == 1 ? id_kind(place.pointer, scope_.route_path) : std::nullopt;
  if (!kind && shape.kind == ShapeKind::integer) kind = path_kind(words.first, index);
  if (kind) note_id(*kind, was, again, is, place);
}

/// Texts that change as a whole: tokens with punctuation in them, and sentences made anew each time.
void ValueDiff::opaque(std::string_view first, std::string_view again, std::string_view candidate, const Place& place) {
  const Shape shape = shapes_.common(first, again);
  const bool token = !has_blank(first) && !has_blank(again);
  if (token && !candidate.starts_with(stable_start(first, again))) {
    return value_changed(place, "the part that stays the same from call to call changed", first, candidate);
  }
  if (!shapes_.fits(shape, candidate) || (token && has_blank(candidate))) {
    return shape_changed(place, shape, first, candidate);
  }
  constexpr std::size_t shortest_token = 16;
  if (token && std::min(first.size(), again.size()) >= shortest_token) note_id("", first, again, candidate, place);
}

NoiseLearner::NoiseLearner(const CompareRules& rules, const KnownValues& known, Noise& noise, DiffScope scope)
    : rules_(rules), known_(known), noise_(noise), scope_(std::move(scope)), shapes_(rules.now) {}

void NoiseLearner::text(std::string_view first, std::string_view again, const Place& place) {
  if (first == again) return;
  const auto one = split_text(first);
  const auto other = split_text(again);
  if (!same_structure(one, other)) {
    noise_.add(scope_.noise, place.pointer, place.pattern, one.size() == 1 && other.size() == 1 ? 0 : Noise::whole,
               shapes_.common(first, again), true);
    return;
  }
  for (std::size_t i = 0; i < one.size(); ++i) {
    if (one[i].text == other[i].text || known_.counterpart(one[i].text, other[i].text) != nullptr) continue;
    noise_.add(scope_.noise, place.pointer, place.pattern, i, shapes_.common(one[i].text, other[i].text),
               is_prose(first, one));
  }
}

void NoiseLearner::json(const ExactJson& first, const ExactJson& again, const Place& place) {
  using Type = ExactJson::Type;
  if (first.type() != again.type()) return;  // types are never excused
  switch (first.type()) {
    case Type::null:
      return;
    case Type::string:
      return text(first.text(), again.text(), place);
    case Type::boolean:
      if (first.boolean() != again.boolean())
        noise_.add(scope_.noise, place.pointer, place.pattern, 0, {.kind = ShapeKind::word}, false);
      return;
    case Type::number:
      if (canonical_decimal(first.text()) != canonical_decimal(again.text())) {
        noise_.add(scope_.noise, place.pointer, place.pattern, 0, shapes_.common(first.text(), again.text()), false);
      }
      return;
    case Type::array: {
      const auto others = partners(first.items(), &again, rules_.order_of(place.pointer));
      for (std::size_t i = 0; i < others.size(); ++i) {
        if (others[i] != nullptr) json(first.items()[i], *others[i], place.element(i));
      }
      return;
    }
    case Type::object:
      for (const auto& [name, value] : first.members()) {
        const ExactJson* other = again.find(name);
        if (other != nullptr && first.find(name) == &value) json(value, *other, place.member(name));
      }
  }
}

}  // namespace sluice::compat
