#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/stores/sql_session.hpp"

namespace sluice::migration {

/// How the results of the two sides' queries are compared.
struct ResultRules {
  std::vector<std::string> key;                  ///< columns that name a row; empty: rows are a multiset
  std::map<std::string, std::string> types;      ///< column -> what both sides are read as
  std::shared_ptr<const stores::TimeZone> zone;  ///< of the old side's timestamps that carry none
};

/// One difference between the two results.
struct ResultDifference {
  enum class Kind { value, only_old, only_new };
  Kind kind = Kind::value;
  std::string row;     ///< the key, or the whole row where there is none: "session_id=s-1"
  std::string column;  ///< of a value; empty otherwise
  std::optional<std::string> old_value;
  std::optional<std::string> new_value;
};

struct ResultComparison {
  std::uint64_t rows = 0;  ///< of the longer result
  std::uint64_t total = 0;
  std::vector<ResultDifference> sample;  ///< the first ones
};

/// Whether neither side said anything: no row, or one row of NULLs alone, as sum() and max() of no rows give. A count
/// of 0 is a value and says something.
bool says_nothing(const stores::SqlResult& old_result, const stores::SqlResult& new_result);

/// Compares two whole results, columns by position and cells by their canonical encoding. Without a key, one row on
/// either side is compared value by value and more rows as a multiset. Throws InputError when the numbers of columns
/// differ, the columns have the same names in another order, a pair of columns has no common type, or the key is not
/// there or not unique.
ResultComparison compare_results(const stores::SqlResult& old_result, const stores::SqlResult& new_result,
                                 const ResultRules& rules, std::size_t sample);

/// "a=1, b=NULL": a row for people.
std::string printable_result_row(const stores::SqlResult& result, std::size_t row);

}  // namespace sluice::migration
