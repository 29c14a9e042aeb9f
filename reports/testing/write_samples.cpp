// Writes every sample run in every format into a folder, for the validators and for eyes: write_samples FOLDER
#include <filesystem>
#include <fstream>
#include <iostream>

#include "reports/render.hpp"
#include "reports/testing/sample_results.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  for (const auto& name : sluice::reports::sample_names()) {
    const sluice::RunResult run = sluice::reports::sample(name);
    for (const auto& format : sluice::reports::formats()) {
      std::ofstream file(folder / (name + "." + format), std::ios::binary);
      file << sluice::reports::render(run, format);
      if (!file.flush()) {
        std::cerr << "cannot write " << folder / (name + "." + format) << "\n";
        return 1;
      }
    }
  }
  return 0;
}
