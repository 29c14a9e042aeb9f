#include "harness/core/action_timeline.hpp"

namespace sluice {

ActionTimeline::Subscription& ActionTimeline::Subscription::operator=(Subscription&& other) noexcept {
  if (this != &other) {
    end();
    timeline_ = std::exchange(other.timeline_, nullptr);
    number_ = other.number_;
  }
  return *this;
}

void ActionTimeline::Subscription::end() {
  if (timeline_ == nullptr) return;
  const std::scoped_lock lock(timeline_->telling_);
  timeline_->listeners_.erase(number_);
  timeline_ = nullptr;
}

ActionTimeline::Subscription ActionTimeline::listen(Listener listener) {
  const std::scoped_lock lock(telling_);
  const std::uint64_t number = next_++;
  listeners_.emplace(number, std::move(listener));
  return {*this, number};
}

std::vector<ActionTimeline::Span> ActionTimeline::spans() const {
  const std::scoped_lock lock(mutex_);
  return spans_;
}

bool ActionTimeline::over() const {
  const std::scoped_lock lock(mutex_);
  return closed_;
}

bool ActionTimeline::wait_over(std::chrono::nanoseconds timeout, std::stop_token cancelled) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::move(cancelled), timeout, [&] { return closed_; });
}

void ActionTimeline::begin(const std::string& action) {
  tell(action, true);
  const std::scoped_lock lock(mutex_);
  spans_.push_back({.action = action, .begun = clock_.now()});
}

void ActionTimeline::end() {
  std::string action;
  {
    const std::scoped_lock lock(mutex_);
    spans_.back().ended = clock_.now();
    action = spans_.back().action;
  }
  tell(action, false);
}

void ActionTimeline::close() {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

void ActionTimeline::tell(const std::string& action, bool begins) {
  const std::scoped_lock lock(telling_);
  for (const auto& [number, listener] : listeners_) listener(action, begins);
}

}  // namespace sluice
