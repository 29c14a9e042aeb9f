#pragma once
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace sluice::stores {

/// Batches on their way from the one thread that fills them to the one that takes them, a few at a time, and back to be
/// filled again: memory stays bounded, and whoever is ahead waits.
template <typename Batch>
class Handover {
 public:
  /// A batch to fill.
  std::unique_ptr<Batch> blank() {
    const std::lock_guard lock(mutex_);
    if (blank_.empty()) return std::make_unique<Batch>();
    auto batch = std::move(blank_.back());
    blank_.pop_back();
    return batch;
  }
  /// False when nobody takes any more.
  bool give(std::unique_ptr<Batch> batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return full_.size() < most_full || closed_; });
    if (closed_) return false;
    full_.push_back(std::move(batch));
    changed_.notify_all();
    return true;
  }
  /// Nothing more comes; with a failure, take() throws it after the last batch.
  void finish(std::exception_ptr failure = nullptr) {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    failure_ = std::move(failure);
    changed_.notify_all();
  }

  /// The next batch, waited for; null after the last.
  std::unique_ptr<Batch> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !full_.empty() || finished_; });
    if (full_.empty()) {
      if (failure_) std::rethrow_exception(failure_);
      return nullptr;
    }
    auto batch = std::move(full_.front());
    full_.erase(full_.begin());
    changed_.notify_all();
    return batch;
  }
  void give_back(std::unique_ptr<Batch> batch) {
    const std::lock_guard lock(mutex_);
    blank_.push_back(std::move(batch));
  }
  /// Nobody takes any more.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  static constexpr std::size_t most_full = 4;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Batch>> full_;
  std::vector<std::unique_ptr<Batch>> blank_;
  bool finished_ = false;
  bool closed_ = false;
  std::exception_ptr failure_;
};

}  // namespace sluice::stores
