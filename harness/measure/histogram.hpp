#pragma once
#include <cstdint>
#include <vector>

namespace sluice::measure {

/// Counts of positive values in buckets whose width grows with the value: memory is fixed at construction, whatever is
/// recorded, and every quantile is off by at most `relative_error`. For reports only; verdicts use raw samples.
class LogHistogram {
 public:
  struct Bucket {
    double low = 0;  ///< exclusive but for the first bucket
    double high = 0;
    std::uint64_t count = 0;
  };

  /// Values below `lowest` or above `highest` are counted in the outermost buckets; +infinity is counted apart. Throws
  /// std::invalid_argument unless 0 < lowest < highest and 0 < relative_error < 1.
  LogHistogram(double lowest, double highest, double relative_error);

  void record(double value);
  /// Adds the counts of a histogram of the same shape; throws std::invalid_argument for another shape.
  void merge(const LogHistogram& other);

  std::uint64_t count() const { return count_; }
  std::uint64_t infinite() const { return infinite_; }
  /// Nearest-rank quantile; +infinity when that sample was one, NaN when nothing was recorded.
  double quantile(double q) const;
  /// The buckets that hold something, ascending; without the infinite ones.
  std::vector<Bucket> buckets() const;
  std::size_t bucket_limit() const { return counts_.size(); }

 private:
  double upper_edge(std::size_t bucket) const;

  double lowest_;
  double log_growth_;
  std::vector<std::uint64_t> counts_;
  std::uint64_t infinite_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace sluice::measure
