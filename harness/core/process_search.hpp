#pragma once
#include <functional>
#include <string>
#include <vector>

namespace sluice {

/// The whole of a file of /proc; empty when it cannot be read, as those of other users and of what is gone.
std::string read_proc(const std::string& path);

/// Calls `visit` with the number of every process that lives now.
void for_each_process(const std::function<void(int)>& visit);

/// The processes whose environment, as they got it, holds all of these entries ("NAME=value"), except this one.
std::vector<int> processes_with(const std::vector<std::string>& entries);

}  // namespace sluice
