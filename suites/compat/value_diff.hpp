#pragma once
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/exact_json.hpp"
#include "harness/core/outcome.hpp"
#include "suites/compat/compare_rules.hpp"
#include "suites/compat/id_map.hpp"
#include "suites/compat/noise.hpp"
#include "suites/compat/text_pieces.hpp"

namespace sluice::compat {

/// One way in which the new side's answer is not the old side's.
struct Difference {
  std::string rule;
  Severity severity = Severity::error;
  std::string summary;
  std::string place;    ///< "/results/0/id", "header:Location", "status", ...
  std::string pattern;  ///< the same with array indices as *
  std::optional<std::string> old_value = std::nullopt;
  std::optional<std::string> new_value = std::nullopt;
};

/// A place in an answer, and its pattern.
struct Place {
  std::string pointer;
  std::string pattern;

  Place member(std::string_view name) const;
  Place element(std::size_t index) const;
};

/// Where the values come from.
struct DiffScope {
  NoiseScope noise;
  std::string route_path;  ///< the old side's path with its templates
};

/// Notes where two answers of the old side disagree in value.
class NoiseLearner {
 public:
  NoiseLearner(const CompareRules& rules, const KnownValues& known, Noise& noise, DiffScope scope);
  void json(const ExactJson& first, const ExactJson& again, const Place& place);
  void text(std::string_view first, std::string_view again, const Place& place);

 private:
  const CompareRules& rules_;
  const KnownValues& known_;
  Noise& noise_;
  DiffScope scope_;
  ShapeReader shapes_;
};

/// Compares values of the new side with the old side's two answers, and collects every difference.
class ValueDiff {
 public:
  /// `ids` may be null: then nothing is noted, and only looked at.
  ValueDiff(const CompareRules& rules, const Noise& noise, const KnownValues& known, IdMap* ids, DiffScope scope);

  /// `again` is null where the old side's second answer has nothing there.
  void json(const ExactJson& first, const ExactJson* again, const ExactJson& candidate, const Place& place);
  void text(std::string_view first, std::optional<std::string_view> again, std::string_view candidate,
            const Place& place);
  /// For what is no value: a status, a header that is missing.
  void report(Difference difference);
  bool ignored(std::string_view place);

  std::vector<Difference> take_differences() { return std::move(differences_); }
  const std::vector<Difference>& differences() const { return differences_; }
  /// How many values were compared strictly: any other value there would have been a difference.
  std::uint64_t strict_count() const { return strict_count_; }
  /// One of their places, each with the same chance; only one is kept, since an answer may hold millions.
  const std::string& strict_place() const { return strict_place_; }
  /// Before comparing: what the drawing of strict_place goes by.
  void sample_with(std::uint64_t seed) { random_.seed(static_cast<std::minstd_rand::result_type>(seed)); }
  const std::vector<const IgnoreRule*>& used_ignores() const { return used_ignores_; }

 private:
  struct Words;
  struct Element;
  void object(const ExactJson& first, const ExactJson* again, const ExactJson& candidate, const Place& place);
  void array(const ExactJson& first, const ExactJson* again, const ExactJson& candidate, const Place& place);
  void ordered(const ExactJson& first, const ExactJson* again, const ExactJson& candidate, const Place& place);
  void unordered(const ExactJson& first, const ExactJson* again, const ExactJson& candidate, const Place& place,
                 bool duplicates_count);
  void match_elements(std::vector<Element>& missing, std::vector<Element>& extra, const Place& place);
  void report_unmatched(const std::vector<Element>& missing, const std::vector<Element>& extra, const Place& place);
  void number(const ExactJson& first, const ExactJson* again, const ExactJson& candidate, const Place& place);
  void boolean(const ExactJson& first, const ExactJson* again, const ExactJson& candidate, const Place& place);
  void instant(std::string_view first, std::string_view candidate, bool noisy, const Place& place);
  void declared_id(std::string_view first, std::optional<std::string_view> again, std::string_view candidate,
                   const IdRule& rule, const Place& place);
  void words(std::string_view first, std::string_view again, std::string_view candidate, const Place& place);
  void changing_word(const Words& words, std::size_t index, const Place& place);
  void opaque(std::string_view first, std::string_view again, std::string_view candidate, const Place& place);
  bool agrees(std::string_view first, std::string_view again, std::string_view candidate, const Place& place) const;
  bool same_element(const ExactJson& first, const ExactJson* again, const ExactJson& candidate,
                    const Place& place) const;
  void note_id(const std::string& kind, std::string_view first, std::string_view again, std::string_view candidate,
               const Place& place);
  void value_changed(const Place& place, std::string_view summary, std::string_view first, std::string_view candidate);
  void shape_changed(const Place& place, const Shape& shape, std::string_view first, std::string_view candidate);
  void strict(const Place& place);

  const CompareRules& rules_;
  const Noise& noise_;
  const KnownValues& known_;
  IdMap* ids_;
  DiffScope scope_;
  ShapeReader shapes_;
  std::vector<Difference> differences_;
  std::uint64_t strict_count_ = 0;
  std::string strict_place_;
  std::minstd_rand random_;
  std::vector<const IgnoreRule*> used_ignores_;
};

/// For every element of `items` the element of `again` that stands for it: the same index, or, where order does not
/// matter, an equal one and else one that is left over. Null where there is none.
std::vector<const ExactJson*> partners(const std::vector<ExactJson>& items, const ExactJson* again, ArrayOrder order);

}  // namespace sluice::compat
