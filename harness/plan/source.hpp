#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/core/errors.hpp"

namespace sluice::plan {

/// A place in a text, counted from 1. Line 0 means the file as a whole.
struct Position {
  std::shared_ptr<const std::string> file;
  int line = 0;
  int column = 0;

  /// "plan.yaml:12:5".
  std::string to_string() const;
};

/// One mistake and where it is.
struct Problem {
  Position at;
  std::string message;

  /// "plan.yaml:12:5: unknown key 'cmd'": one line in which nothing can hide, of about 1000 bytes at most.
  std::string to_string() const;
};

/// Collects every mistake, so that all are reported at once.
class Problems {
 public:
  void add(Position at, std::string message) { all_.push_back({std::move(at), std::move(message)}); }
  bool empty() const { return all_.empty(); }
  const std::vector<Problem>& all() const { return all_; }
  /// One line each, in the order of the text; beyond 200 the number of the rest.
  std::string to_string() const;

 private:
  std::vector<Problem> all_;
};

/// Thrown once, with everything that is wrong with a plan. what() is Problems::to_string().
class PlanError : public InputError {
 public:
  explicit PlanError(Problems problems) : InputError(problems.to_string()), problems_(std::move(problems)) {}
  const Problems& problems() const { return problems_; }

 private:
  Problems problems_;
};

/// The candidate that a writer of `word` most likely meant (small edit distance), or an empty string.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// "; did you mean 'command'?" or, with few candidates and none near, "; known: a, b, c".
std::string suggestion(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace sluice::plan
