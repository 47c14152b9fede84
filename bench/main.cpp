// One side of a measurement: steer_bench WORK OPTIONS_JSON [PROBLEM_FILE].
//
// Writes the problem, prints {"ready": ...} and then answers each line of its input with one line: "run N"
// runs the work N times and tells the seconds of each and by how many bytes memory rose at the most above
// what was held before the first run; "profile" runs it once and lists
// where the time went; "count" runs it once and tells floating-point operations.
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <sstream>

#include "bench/flops.h"
#include "bench/profile.h"
#include "bench/work.h"
#include "steer/core/check.h"
#include "steer/core/clock.h"
#include "steer/core/json.h"
#include "steer/core/machine.h"

namespace steer::bench {
namespace {

// A figure of /proc/self/status in bytes, which Linux gives in kB.
double status(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.rfind(name + ":", 0) == 0) return 1024 * std::stod(line.substr(name.size() + 1));
  return 0;
}

int serve(int argc, char** argv) {
  STEER_CHECK(argc == 3 || argc == 4, "usage: steer_bench WORK OPTIONS_JSON [PROBLEM_FILE]");
  const Json options = parse_json(argv[2], "the command line");
  prepare_process(options.value("threads", 0));
  const auto work = make_work(argv[1], options);
  if (argc == 4) write_checkpoint(argv[3], work->problem());
  std::cout << Json{{"ready", true}, {"items", work->items()}}.dump() << std::endl;
  double held = 0;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string word;
    int times = 1;
    words >> word >> times;
    if (word == "count") {
      std::cout << Json{{"flops", flops_of([&] { work->run(); })}}.dump() << std::endl;
      continue;
    }
    if (word == "profile") {
      for (const auto& [name, taken] : profile_of([&] { work->run(); }))
        std::cout << fmt::format("{:8.4f} s  {}\n", taken, name);
      continue;
    }
    STEER_CHECK(word == "run" && times > 0, "expected run N, count or profile but got ", line);
    if (held == 0) {
      std::ofstream("/proc/self/clear_refs") << 5;  // the peak starts anew
      held = status("VmRSS");
    }
    Json taken = Json::array();
    for (int i = 0; i < times; ++i) {
      const double start = now_seconds();
      work->run();
      taken.push_back(now_seconds() - start);
    }
    std::cout << Json{{"seconds", taken}, {"memory", status("VmHWM") - held}}.dump() << std::endl;
  }
  return 0;
}

}  // namespace

std::unique_ptr<Work> make_work(const std::string& name, const Json& options) {
  if (name == "layer") return make_layer(options);
  if (name == "training") return make_training(options);
  if (name == "generation") return make_generation(options);
  if (name == "denoising") return make_denoising(options);
  if (name == "density") return make_density(options);
  if (name == "product") return make_product(options);
  if (name == "molecule_training") return make_molecule_training(options);
  if (name == "unet_training") return make_unet_training(options);
  if (name == "text_training") return make_text_training(options);
  if (name == "text_sampling") return make_text_sampling(options);
  if (name == "sound") return make_sound(options);
  if (name == "kernel") return make_kernel(options);
  fail("expected layer, training, generation, denoising, density, product, molecule_training, ",
       "unet_training, text_training, text_sampling, sound or kernel but got ", name);
}

}  // namespace steer::bench

int main(int argc, char** argv) {
  try {
    return steer::bench::serve(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "steer_bench: " << error.what() << "\n";
    return 1;
  }
}
