#pragma once
#include <functional>
#include <memory>
#include <thread>

#include "harness/stores/handover.hpp"
#include "harness/stores/row_batch.hpp"
#include "harness/stores/row_hasher.hpp"

namespace sluice::stores {

/// Hashes rows on a thread of its own, while the thread that makes it reads the next ones.
class HashThread {
 public:
  /// `on_rows` is told of rows done, from that thread.
  HashThread(RowHasher hasher, std::function<void(std::uint64_t rows)> on_rows);
  ~HashThread();
  HashThread(const HashThread&) = delete;
  HashThread& operator=(const HashThread&) = delete;

  /// The next cell of the row that end_row() ends; its bytes are copied.
  void add_cell(const RawCell& cell) { filling_->add_cell(cell); }
  void end_row();
  /// After the last row: what they add up to. Throws what the hashing threw.
  std::vector<BucketDigest> take();

 private:
  void run();

  RowHasher hasher_;
  std::function<void(std::uint64_t)> on_rows_;
  Handover<RowBatch> batches_;
  std::unique_ptr<RowBatch> filling_;
  std::exception_ptr failure_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace sluice::stores
