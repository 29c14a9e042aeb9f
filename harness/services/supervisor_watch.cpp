#include <algorithm>
#include <map>
#include <mutex>

#include "harness/core/pause.hpp"
#include "harness/services/supervisor.hpp"

// How the supervisor tells whether services answer.
namespace sluice::services {
namespace {

using namespace std::chrono_literals;

std::chrono::nanoseconds patience(const plan::ServiceSpec& spec) {
  constexpr const char* parameter = "unanswered_for";
  return spec.parameters.has(parameter) ? spec.parameters.duration(parameter) : 10s;
}

}  // namespace

// Whether its silence would be its own fault: it is up, and so is all that it needs.
bool Supervisor::must_answer(const Entry& entry) const {
  if (entry.state != State::ready || entry.asked_to_end) return false;
  return std::all_of(entries_.begin(), entries_.end(), [&](const Entry& other) {
    const auto& needs = entry.spec.needs;
    return std::find(needs.begin(), needs.end(), other.spec.name) == needs.end() || must_answer(other);
  });
}

// Asks once. False when it did not answer and should have; when that has gone on for too long, it is lost from here on.
bool Supervisor::answers(Entry& entry, Silence& silence, std::stop_token stop) {
  unsigned starts = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!must_answer(entry)) {
      silence.answered();
      return true;
    }
    starts = entry.starts;
  }
  const auto asked = clock_->now();
  const std::string missing = entry.service->probe(stop);
  if (stop.stop_requested()) return true;
  if (missing.empty()) {
    silence.answered();
    return true;
  }
  silence.unanswered(asked, clock_->now(), [&] { return entry.service->demand(); });
  const std::lock_guard lock(mutex_);
  if (!must_answer(entry) || entry.starts != starts) {  // it was taken down meanwhile
    silence.answered();
    return true;
  }
  if (silence.lasted() >= patience(entry.spec)) {
    entry.state = State::unanswering;
    entry.detail = missing;
  }
  return false;
}

void Supervisor::watch(std::stop_token stop) {
  std::map<const Entry*, Silence> silences;
  while (!stop.stop_requested()) {
    for (auto& entry : entries_) {
      if (!answers(entry, silences[&entry], stop)) note_death(entry);
    }
    pause_for(1s, stop);
  }
}

std::optional<Loss> Supervisor::probe_all(std::stop_token stop) {
  std::stop_source abandon;
  const std::stop_callback on_stop(stop, [&] { abandon.request_stop(); });
  const std::stop_callback on_closing(closing_.get_token(), [&] { abandon.request_stop(); });
  for (auto& entry : entries_) {
    Silence silence;
    // One that is too busy to answer is not lost, and not waited for without end.
    const auto deadline = clock_->now() + 2 * patience(entry.spec) + 5s;
    while (!lost() && clock_->now() < deadline && !answers(entry, silence, abandon.get_token()))
      pause_for(100ms, abandon.get_token());
    if (auto loss = lost()) return loss;
  }
  return std::nullopt;
}

}  // namespace sluice::services
