#pragma once
#include <string>
#include <string_view>

namespace sluice::stores {

/// Which process a clone belongs to, as a part of its database's name: machine, process and when it started. So the
/// clones of a run that was killed can be told from those of one that is under way.
///
/// "sluice_clone_MACHINE_PID_START_": what every clone of this process begins with. MACHINE stands for this start of
/// this machine and this space of process numbers; nothing in it has to be quoted.
std::string clone_prefix();

/// Whether `database` is a clone whose process has been on this machine, in this space of process numbers, and is gone.
/// False for every other name, and for what cannot be told.
bool is_abandoned_clone(std::string_view database);

}  // namespace sluice::stores
