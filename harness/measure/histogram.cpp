#include "harness/measure/histogram.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "harness/measure/quantile.hpp"

namespace sluice::measure {

LogHistogram::LogHistogram(double lowest, double highest, double relative_error) : lowest_(lowest) {
  if (!(lowest > 0) || !(highest > lowest) || !(relative_error > 0) || !(relative_error < 1)) {
    throw std::invalid_argument("a histogram needs 0 < lowest < highest and an error between 0 and 1");
  }
  // A value is reported as the geometric middle of its bucket, so a bucket may span the error twice.
  log_growth_ = 2 * std::log1p(relative_error);
  const double buckets = std::ceil((std::log(highest) - std::log(lowest)) / log_growth_) + 1;
  counts_.resize(static_cast<std::size_t>(buckets));
}

double LogHistogram::upper_edge(std::size_t bucket) const {
  return lowest_ * std::exp(static_cast<double>(bucket) * log_growth_);
}

void LogHistogram::record(double value) {
  if (std::isnan(value)) return;
  ++count_;
  if (std::isinf(value) && value > 0) {
    ++infinite_;
    return;
  }
  double bucket = 0;
  if (value > lowest_) bucket = std::ceil((std::log(value) - std::log(lowest_)) / log_growth_);
  ++counts_[static_cast<std::size_t>(std::min(bucket, static_cast<double>(counts_.size() - 1)))];
}

void LogHistogram::merge(const LogHistogram& other) {
  if (other.lowest_ != lowest_ || other.log_growth_ != log_growth_ || other.counts_.size() != counts_.size()) {
    throw std::invalid_argument("histograms of different shapes cannot be added");
  }
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  infinite_ += other.infinite_;
  count_ += other.count_;
}

double LogHistogram::quantile(double q) const {
  if (count_ == 0) return std::numeric_limits<double>::quiet_NaN();
  const std::uint64_t rank = quantile_rank(count_, q);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= rank) return upper_edge(i) * std::exp(-log_growth_ / 2);
  }
  return std::numeric_limits<double>::infinity();
}

std::vector<LogHistogram::Bucket> LogHistogram::buckets() const {
  std::vector<Bucket> filled;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    filled.push_back({i == 0 ? 0 : upper_edge(i - 1), upper_edge(i), counts_[i]});
  }
  return filled;
}

}  // namespace sluice::measure
