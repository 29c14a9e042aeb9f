#include "suites/compat/value_diff.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "harness/core/printable.hpp"
#include "suites/compat/instant.hpp"

namespace sluice::compat {
namespace {

using Type = ExactJson::Type;
constexpr std::size_t shown_bytes = 200;
constexpr std::size_t most_differences = 2000;  // per exchange; more of them say nothing more

const char* name_of(Type type) {
  switch (type) {
    case Type::null:
      return "null";
    case Type::boolean:
      return "a boolean";
    case Type::number:
      return "a number";
    case Type::string:
      return "a string";
    case Type::array:
      return "an array";
    case Type::object:
      return "an object";
  }
  return "nothing";
}

std::string shown(const ExactJson& json) { return printable(json.dump(), shown_bytes); }

}  // namespace

Place Place::member(std::string_view name) const {
  const std::string token = pointer_token(name);
  return {pointer + "/" + token, pattern + "/" + token};
}

Place Place::element(std::size_t index) const { return {fmt::format("{}/{}", pointer, index), pattern + "/*"}; }

ValueDiff::ValueDiff(const CompareRules& rules, const Noise& noise, const KnownValues& known, IdMap* ids,
                     DiffScope scope)
    : rules_(rules), noise_(noise), known_(known), ids_(ids), scope_(std::move(scope)), shapes_(rules.now) {}

bool ValueDiff::ignored(std::string_view place) {
  const IgnoreRule* rule = rules_.ignored(scope_.noise.route, place);
  if (rule != nullptr) used_ignores_.push_back(rule);
  return rule != nullptr;
}

void ValueDiff::report(Difference difference) {
  if (differences_.size() < most_differences) differences_.push_back(std::move(difference));
}

void ValueDiff::strict(const Place& place) {
  ++strict_count_;
  if (std::uniform_int_distribution<std::uint64_t>(1, strict_count_)(random_) == 1) strict_place_ = place.pointer;
}

void ValueDiff::value_changed(const Place& place, std::string_view summary, std::string_view first,
                              std::string_view candidate) {
  report({.rule = "value-changed",
          .summary = std::string(summary),
          .place = place.pointer,
          .pattern = place.pattern,
          .old_value = printable(first, shown_bytes),
          .new_value = printable(candidate, shown_bytes)});
}

void ValueDiff::shape_changed(const Place& place, const Shape& shape, std::string_view first,
                              std::string_view candidate) {
  report({.rule = "shape-changed",
          .summary = fmt::format("the old side gives a different value each time, but always {}; the new side does not",
                                 describe(shape)),
          .place = place.pointer,
          .pattern = place.pattern,
          .old_value = printable(first, shown_bytes),
          .new_value = printable(candidate, shown_bytes)});
}

void ValueDiff::note_id(const std::string& kind, std::string_view first, std::string_view again,
                        std::string_view candidate, const Place& place) {
  if (ids_ == nullptr) return;
  const auto conflict =
      ids_->add(kind, first, again, candidate, fmt::format("{} of \"{}\"", place.pointer, scope_.noise.step));
  if (!conflict) return;
  report({.rule = "id-not-bijective",
          .severity = Severity::critical,
          .summary = conflict->summary,
          .place = place.pointer,
          .pattern = place.pattern,
          .old_value = printable(first, shown_bytes),
          .new_value = printable(candidate, shown_bytes)});
}

void ValueDiff::json(const ExactJson& first, const ExactJson* again, const ExactJson& candidate, const Place& place) {
  if (ignored(place.pointer)) return;
  if (first.type() != candidate.type()) {
    report({.rule = "type-changed",
            .summary = fmt::format("{} became {}", name_of(first.type()), name_of(candidate.type())),
            .place = place.pointer,
            .pattern = place.pattern,
            .old_value = shown(first),
            .new_value = shown(candidate)});
    return;
  }
  // A second answer of another type says nothing about this one's value.
  if (again != nullptr && again->type() != first.type()) again = nullptr;
  switch (first.type()) {
    case Type::null:
      break;
    case Type::boolean:
      return boolean(first, again, candidate, place);
    case Type::number:
      return number(first, again, candidate, place);
    case Type::string:
      return text(first.text(), again == nullptr ? std::nullopt : std::optional<std::string_view>(again->text()),
                  candidate.text(), place);
    case Type::array:
      return array(first, again, candidate, place);
    case Type::object:
      return object(first, again, candidate, place);
  }
  strict(place);
}

void ValueDiff::object(const ExactJson& first, const ExactJson* again, const ExactJson& candidate, const Place& place) {
  if (candidate.has_duplicate_names() && !first.has_duplicate_names()) {
    report({.rule = "duplicate-names",
            .summary = "the new side gives a member of this object twice; readers disagree on which one counts",
            .place = place.pointer,
            .pattern = place.pattern});
  }
  for (const auto& [name, value] : first.members()) {
    if (first.find(name) != &value) continue;  // an earlier duplicate
    const Place here = place.member(name);
    const ExactJson* other = candidate.find(name);
    if (other != nullptr) {
      json(value, again == nullptr ? nullptr : again->find(name), *other, here);
    } else if (!ignored(here.pointer)) {
      report({.rule = "member-removed",
              .summary = "the new side leaves this member out",
              .place = here.pointer,
              .pattern = here.pattern,
              .old_value = shown(value)});
    }
  }
  for (const auto& [name, value] : candidate.members()) {
    if (first.find(name) != nullptr || candidate.find(name) != &value) continue;
    const Place here = place.member(name);
    if (ignored(here.pointer)) continue;
    report({.rule = "member-added",
            .severity = Severity::info,
            .summary = "the new side adds this member",
            .place = here.pointer,
            .pattern = here.pattern,
            .new_value = shown(value)});
  }
}

void ValueDiff::boolean(const ExactJson& first, const ExactJson* again, const ExactJson& candidate,
                        const Place& place) {
  const bool noisy = (again != nullptr && again->boolean() != first.boolean()) ||
                     noise_.find(scope_.noise, place.pointer, place.pattern, 0, ShapeKind::word) != nullptr;
  if (noisy) return;
  if (first.boolean() != candidate.boolean()) {
    value_changed(place, "the value changed", first.dump(), candidate.dump());
  } else {
    strict(place);
  }
}

void ValueDiff::number(const ExactJson& first, const ExactJson* again, const ExactJson& candidate, const Place& place) {
  const std::string& second = again == nullptr ? first.text() : again->text();
  if (const IdRule* rule = rules_.id_rule(place.pointer)) {
    return declared_id(first.text(), again == nullptr ? std::nullopt : std::optional<std::string_view>(second),
                       candidate.text(), *rule, place);
  }
  const auto old_number = canonical_decimal(first.text());
  const bool equal =
      old_number == canonical_decimal(candidate.text()) && (old_number || first.text() == candidate.text());
  const bool changing = old_number != canonical_decimal(second);
  const Shape* known_noise = noise_.find(scope_.noise, place.pointer, place.pattern, 0, shapes_.of(first.text()).kind);
  const auto kind = id_kind(place.pointer, scope_.route_path);
  if (const auto epsilon = rules_.epsilon_of(place.pointer)) {
    const auto near = [&](const std::string& old) {
      return std::abs(std::strtod(old.c_str(), nullptr) - std::strtod(candidate.text().c_str(), nullptr)) <= *epsilon;
    };
    if (!near(first.text()) && !near(second)) {
      value_changed(place, fmt::format("the values are further apart than {}", *epsilon), first.text(),
                    candidate.text());
    }
    return;
  }
  if (!equal && !changing && (known_noise == nullptr || kind || !shapes_.may_coincide(first.text()))) {
    return value_changed(place, "the value changed", first.text(), candidate.text());
  }
  if (changing || !equal) {
    const Shape shape = changing ? shapes_.common(first.text(), second) : *known_noise;
    if (!shapes_.fits(shape, candidate.text())) return shape_changed(place, shape, first.text(), candidate.text());
  } else {
    if (known_noise == nullptr) strict(place);
    if (first.text() != candidate.text()) {
      report({.rule = "number-form",
              .severity = Severity::warning,
              .summary = "the same number is written in another way; typed readers may refuse it",
              .place = place.pointer,
              .pattern = place.pattern,
              .old_value = printable(first.text(), shown_bytes),
              .new_value = printable(candidate.text(), shown_bytes)});
    }
  }
  if (kind && again != nullptr) note_id(*kind, first.text(), second, candidate.text(), place);
}

void ValueDiff::declared_id(std::string_view first, std::optional<std::string_view> again, std::string_view candidate,
                            const IdRule& rule, const Place& place) {
  if (candidate.empty() != first.empty()) return value_changed(place, "the id is empty on one side", first, candidate);
  if (!again) return;
  std::string kind = rule.kind;
  if (kind.empty()) kind = id_kind(place.pointer, scope_.route_path).value_or(place.pattern);
  note_id(kind, first, *again, candidate, place);
}

void ValueDiff::instant(std::string_view first, std::string_view candidate, bool noisy, const Place& place) {
  const auto old_instant = parse_instant(first);
  const auto new_instant = parse_instant(candidate);
  if (!old_instant && first == candidate) return;
  if (!new_instant) return value_changed(place, "declared an instant, and the new side's is none", first, candidate);
  if (noisy && old_instant &&
      (old_instant->offset == Instant::no_offset) != (new_instant->offset == Instant::no_offset)) {
    return value_changed(place, "only one side's time says its offset", first, candidate);
  }
  if (noisy) return;
  if (!old_instant || !(*old_instant == *new_instant)) {
    value_changed(place, "the two are different points in time", first, candidate);
  } else {
    strict(place);
  }
}

}  // namespace sluice::compat
