#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "harness/core/printable.hpp"
#include "suites/compat/value_diff.hpp"

// The part of ValueDiff that compares arrays.
namespace sluice::compat {
namespace {

// A matching looks at every pair of elements that are not simply equal.
constexpr std::size_t most_matched = 500;
constexpr auto unmatched_index = static_cast<std::size_t>(-1);

std::vector<std::string> canonical_items(const ExactJson& array) {
  std::vector<std::string> items;
  for (const ExactJson& item : array.items()) items.push_back(item.canonical());
  return items;
}

std::vector<std::string> sorted(std::vector<std::string> items) {
  std::sort(items.begin(), items.end());
  return items;
}

std::string counted(std::size_t count) { return fmt::format("{} element{}", count, count == 1 ? "" : "s"); }

/// Largest set of pairs (left, right) such that nothing is in two pairs (augmenting paths; Kuhn's algorithm).
std::vector<std::size_t> best_matching(const std::vector<std::vector<std::size_t>>& edges, std::size_t right_size) {
  std::vector<std::size_t> left_of(right_size, unmatched_index);
  std::vector<bool> visited;
  const std::function<bool(std::size_t)> augment = [&](std::size_t left) {
    for (const std::size_t right : edges[left]) {
      if (visited[right]) continue;
      visited[right] = true;
      if (left_of[right] == unmatched_index || augment(left_of[right])) {
        left_of[right] = left;
        return true;
      }
    }
    return false;
  };
  for (std::size_t left = 0; left < edges.size(); ++left) {
    visited.assign(right_size, false);
    augment(left);
  }
  return left_of;
}

}  // namespace

std::vector<const ExactJson*> partners(const std::vector<ExactJson>& items, const ExactJson* again, ArrayOrder order) {
  std::vector<const ExactJson*> result(items.size(), nullptr);
  if (again == nullptr) return result;
  const auto& others = again->items();
  if (order == ArrayOrder::ordered) {
    for (std::size_t i = 0; i < std::min(items.size(), others.size()); ++i) result[i] = &others[i];
    return result;
  }
  std::multimap<std::string, const ExactJson*> free;
  for (const ExactJson& other : others) free.emplace(other.canonical(), &other);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto equal = free.find(items[i].canonical());
    if (equal == free.end()) continue;
    result[i] = equal->second;
    free.erase(equal);
  }
  auto left_over = free.begin();
  for (std::size_t i = 0; i < items.size() && left_over != free.end(); ++i) {
    if (result[i] == nullptr) result[i] = (left_over++)->second;
  }
  return result;
}

void ValueDiff::array(const ExactJson& first, const ExactJson* again, const ExactJson& candidate, const Place& place) {
  switch (rules_.order_of(place.pointer)) {
    case ArrayOrder::ordered:
      return ordered(first, again, candidate, place);
    case ArrayOrder::set:
      return unordered(first, again, candidate, place, false);
    case ArrayOrder::bag:
      return unordered(first, again, candidate, place, true);
  }
}

void ValueDiff::ordered(const ExactJson& first, const ExactJson* again, const ExactJson& candidate,
                        const Place& place) {
  if (first.items().size() != candidate.items().size()) {
    const bool unsteady = again != nullptr && again->items().size() != first.items().size();
    report({.rule = "array-length",
            .summary = fmt::format("{} on the old side, {} on the new one{}", counted(first.items().size()),
                                   candidate.items().size(),
                                   unsteady ? fmt::format("; the old side itself gave {} the second time, so this "
                                                          "step cannot be repeated as it is",
                                                          again->items().size())
                                            : ""),
            .place = place.pointer,
            .pattern = place.pattern,
            .old_value = printable(first.dump(), 200),
            .new_value = printable(candidate.dump(), 200)});
    return;
  }
  const auto old_items = canonical_items(first);
  const auto new_items = canonical_items(candidate);
  if (old_items != new_items && sorted(old_items) == sorted(new_items)) {
    const bool unsteady = again != nullptr && canonical_items(*again) != old_items &&
                          sorted(canonical_items(*again)) == sorted(old_items);
    report({.rule = "order-changed",
            .summary = fmt::format(
                "the same elements come in another order{}",
                unsteady ? "; the old side's own order varies: if none is promised, declare the array a bag" : ""),
            .place = place.pointer,
            .pattern = place.pattern,
            .old_value = printable(first.dump(), 200),
            .new_value = printable(candidate.dump(), 200)});
    return;
  }
  const auto seconds = partners(first.items(), again, ArrayOrder::ordered);
  for (std::size_t i = 0; i < first.items().size(); ++i) {
    json(first.items()[i], seconds[i], candidate.items()[i], place.element(i));
  }
}

bool ValueDiff::same_element(const ExactJson& first, const ExactJson* again, const ExactJson& candidate,
                             const Place& place) const {
  ValueDiff trial(rules_, noise_, known_, nullptr, scope_);
  trial.json(first, again, candidate, place);
  return std::none_of(trial.differences_.begin(), trial.differences_.end(),
                      [](const Difference& difference) { return difference.severity >= Severity::error; });
}

struct ValueDiff::Element {
  const ExactJson* json;
  std::size_t index;
  const ExactJson* again;
};

void ValueDiff::unordered(const ExactJson& first, const ExactJson* again, const ExactJson& candidate,
                          const Place& place, bool duplicates_count) {
  const auto seconds = partners(first.items(), again, ArrayOrder::bag);
  std::multimap<std::string, Element> old_elements;
  std::multimap<std::string, Element> new_elements;
  const auto keep = [&](std::multimap<std::string, Element>& to, const ExactJson& item, std::size_t index,
                        const ExactJson* second) {
    std::string key = item.canonical();
    if (duplicates_count || !to.contains(key)) to.emplace(std::move(key), Element{&item, index, second});
  };
  for (std::size_t i = 0; i < first.items().size(); ++i) keep(old_elements, first.items()[i], i, seconds[i]);
  for (std::size_t i = 0; i < candidate.items().size(); ++i) keep(new_elements, candidate.items()[i], i, nullptr);

  std::vector<Element> missing;
  for (const auto& [key, element] : old_elements) {
    const auto equal = new_elements.find(key);
    if (equal == new_elements.end()) {
      missing.push_back(element);
    } else {
      json(*element.json, element.again, *equal->second.json, place.element(element.index));
      new_elements.erase(equal);
    }
  }
  std::vector<Element> extra;
  for (const auto& [key, element] : new_elements) extra.push_back(element);
  if (missing.size() <= most_matched && extra.size() <= most_matched) match_elements(missing, extra, place);
  report_unmatched(missing, extra, place);
}

/// Compares the elements that correspond but for what may change, and leaves those that do not.
void ValueDiff::match_elements(std::vector<Element>& missing, std::vector<Element>& extra, const Place& place) {
  std::vector<std::vector<std::size_t>> edges(missing.size());
  for (std::size_t i = 0; i < missing.size(); ++i) {
    for (std::size_t j = 0; j < extra.size(); ++j) {
      const Place here = place.element(missing[i].index);
      if (same_element(*missing[i].json, missing[i].again, *extra[j].json, here)) edges[i].push_back(j);
    }
  }
  const auto old_of = best_matching(edges, extra.size());
  std::set<std::size_t> matched;
  std::vector<Element> unmatched;
  for (std::size_t j = 0; j < extra.size(); ++j) {
    if (old_of[j] == unmatched_index) {
      unmatched.push_back(extra[j]);
      continue;
    }
    const Element& old = missing[old_of[j]];
    matched.insert(old_of[j]);
    json(*old.json, old.again, *extra[j].json, place.element(old.index));
  }
  std::vector<Element> still_missing;
  for (std::size_t i = 0; i < missing.size(); ++i) {
    if (!matched.contains(i)) still_missing.push_back(missing[i]);
  }
  missing = std::move(still_missing);
  extra = std::move(unmatched);
}

void ValueDiff::report_unmatched(const std::vector<Element>& missing, const std::vector<Element>& extra,
                                 const Place& place) {
  for (const Element& element : missing) {
    const Place here = place.element(element.index);
    report({.rule = "element-removed",
            .summary = "no element of the new side's array corresponds to this one",
            .place = here.pointer,
            .pattern = here.pattern,
            .old_value = printable(element.json->dump(), 200)});
  }
  for (const Element& element : extra) {
    const Place here = place.element(element.index);
    report({.rule = "element-added",
            .summary = "no element of the old side's array corresponds to this one",
            .place = here.pointer,
            .pattern = here.pattern,
            .new_value = printable(element.json->dump(), 200)});
  }
}

}  // namespace sluice::compat
