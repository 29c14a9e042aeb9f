#pragma once
#include <chrono>
#include <vector>

// What the kernel says of running processes.
namespace sluice::services {

/// The process and all that descend from it by living parents; empty when it is gone.
std::vector<int> process_tree(int root);

/// How long the threads of these processes have used a processor or waited for one, since each began. It stands still
/// while they sleep, wait for something else or are halted. Zero for what is gone.
std::chrono::nanoseconds processor_demand(const std::vector<int>& processes);

/// A hold on running processes that cannot slip to others that get their numbers later.
class HeldProcesses {
 public:
  HeldProcesses() = default;
  ~HeldProcesses();
  HeldProcesses(const HeldProcesses&) = delete;
  HeldProcesses& operator=(const HeldProcesses&) = delete;

  /// Holds this one too; no-op when it is gone.
  void hold(int process);
  /// Kills all that are held and still live, and waits until they have ended, at most `timeout` in all.
  void kill(std::chrono::nanoseconds timeout) noexcept;

 private:
  std::vector<int> descriptors_;
};

}  // namespace sluice::services
