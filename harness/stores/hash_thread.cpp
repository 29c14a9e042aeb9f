#include "harness/stores/hash_thread.hpp"

#include <utility>

namespace sluice::stores {

HashThread::HashThread(RowHasher hasher, std::function<void(std::uint64_t rows)> on_rows)
    : hasher_(std::move(hasher)),
      on_rows_(std::move(on_rows)),
      filling_(batches_.blank()),
      thread_([this] { run(); }) {}

HashThread::~HashThread() {
  if (!thread_.joinable()) return;
  batches_.finish();
  thread_.join();
}

void HashThread::run() {
  try {
    while (auto batch = batches_.take()) {
      for (std::size_t i = 0; i < batch->size(); ++i) hasher_.add(batch->row(i));
      if (on_rows_) on_rows_(batch->size());
      batches_.give_back(std::move(batch));
    }
  } catch (...) {
    failure_ = std::current_exception();
    batches_.close();
  }
}

void HashThread::end_row() {
  filling_->end_row();
  if (!filling_->full()) return;
  batches_.give(std::move(filling_));  // one that nobody takes: take() says why
  filling_ = batches_.blank();
  filling_->clear();
}

std::vector<BucketDigest> HashThread::take() {
  batches_.give(std::move(filling_));
  batches_.finish();
  thread_.join();
  if (failure_) std::rethrow_exception(failure_);
  return hasher_.take();
}

}  // namespace sluice::stores
