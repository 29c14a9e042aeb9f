#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "harness/measure/ratio.hpp"

// How alike two ranked lists of results are, and whether a set of queries shows that they are alike enough.
namespace sluice::migration {

using ResultList = std::vector<std::string>;  ///< ids, best first; what is compared names none twice

/// The first `k` different ids of a list.
ResultList top(const ResultList& list, std::size_t k);

/// How many entries of a list name a result that it has named before.
std::size_t repeats(const ResultList& list);

/// The share of results that both lists have, of the longer list's length: 0 to 1, order does not count. Two empty
/// lists: 1.
double overlap(const ResultList& left, const ResultList& right);

/// Kendall's tau over all pairs of results that are in either top list: 1 for the same order, -1 for the opposite one.
/// A result that is in one list only ranks behind the end of the other; a pair whose order one list does not tell
/// counts half (K^(1/2) of Fagin, Kumar and Sivakumar, "Comparing top k lists", SIAM Journal on Discrete Mathematics
/// 17(1), 2003, section 3.1, here over the number of pairs). Two lists of the same one result, and two empty ones: 1.
double rank_correlation(const ResultList& left, const ResultList& right);

/// What a set of queries says about the mean of a measure.
struct SetEstimate {
  double mean = 0;
  double low = 0, high = 0;  ///< 90% bootstrap interval over the queries; one-sided 95% each
  std::uint64_t needed = 0;  ///< queries with which the limit could be shown at all, were every one perfect
  measure::RatioVerdict verdict = measure::RatioVerdict::inconclusive;
};

/// Judges the mean of `values`, which lie between `worst` and 1, against the least allowed one. Queries are a sample of
/// what users ask, so they are resampled (percentile bootstrap, Efron 1979). It passes when the interval lies at or
/// above the limit, fails when it lies below, and is inconclusive otherwise; and with fewer than `needed` queries, as
/// perfect answers to so few would say nothing (the exact binomial bound, which no distribution between two ends
/// exceeds by much). A limit of 1 allows no difference at all.
SetEstimate judge_mean(std::span<const double> values, double worst, double limit, std::uint64_t seed);

}  // namespace sluice::migration
