// Solvers on a world whose denoiser is known exactly: prints how far each ends from where the probability
// flow leads, and draws the ways: solvers_in_the_plane WORLD OUT.png, WORLD out of two_moons, spirals,
// checkerboard, eight_gaussians
#include <cstdio>
#include <iostream>

#include "steer/core/machine.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/diffusion/levels.h"
#include "steer/diffusion/picture.h"
#include "steer/diffusion/solver.h"
#include "steer/picture/grid.h"
#include "steer/picture/images.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: solvers_in_the_plane WORLD OUT.png\n";
    return 2;
  }
  try {
    steer::prepare_process(0);
    constexpr int64_t kSamples = 200, kShown = 40, kSteps = 12, kPixels = 320;
    constexpr double kSigmaMax = 10, kExtent = 2;
    const steer::Mixture world = steer::make_world(argv[1]);
    const steer::Denoiser denoiser = steer::exact_denoiser(world);
    const torch::Tensor seeds = steer::sample_seeds(0, kSamples);
    const torch::Tensor start = steer::starting_noise(seeds, {2}, kSigmaMax);
    const torch::Tensor levels = steer::with_zero(steer::karras_levels(kSteps, 0.002, kSigmaMax));

    steer::SolverOptions exact;
    exact.name = "dopri5";
    exact.rtol = exact.atol = 1e-8;
    const torch::Tensor truth = steer::solve(denoiser, start, levels, exact, seeds).x;

    std::vector<torch::Tensor> panels;
    std::printf("solver           evaluations  median distance to the flow's end\n");
    for (const char* name : {"euler", "heun", "dpmpp_2m", "euler_ancestral"}) {
      steer::SolverOptions options;
      options.name = name;
      std::vector<torch::Tensor> way = {start};
      const steer::Solution end =
          steer::solve(denoiser, start, levels, options, seeds, [&](const steer::SolverStep& step) {
            way.push_back(step.x);
            return true;
          });
      const torch::Tensor distance = (end.x - truth).square().sum(1).sqrt();
      std::printf("%-16s %-12lld %.4f\n", name, static_cast<long long>(end.evaluations),
                  distance.median().item<double>());
      panels.push_back(steer::with_paths(steer::density_picture(world, 0, kPixels, kExtent),
                                         at::stack(way).narrow(1, 0, kShown), kExtent, {0.9, -0.4, -0.7}));
    }
    steer::write_png(argv[2], steer::image_grid(at::stack(panels).to(torch::kFloat32), 4));
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
