// steer interpolate: from one image to another through the code.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

struct InterpolateFlags {
  Common common;
  std::vector<std::string> ends;
  std::string run, fit, by = "layers", out = "interpolation.png";
  int64_t steps = 9;
};

// Codes int64 [n, L] whose first layers are those of b, from none to all, and whose rest is a's.
torch::Tensor blended_codes(const torch::Tensor& a, const torch::Tensor& b, int64_t n) {
  const int64_t depth = a.size(0);
  std::vector<torch::Tensor> codes;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t layers = (i * depth + (n - 1) / 2) / (n - 1);
    codes.push_back(at::cat({b.narrow(0, 0, layers), a.narrow(0, layers, depth - layers)}));
  }
  return at::stack(codes);
}

int run_interpolate(const InterpolateFlags& flags) {
  const torch::Device device = flags.common.start();
  const LoadedDdn loaded = open_ddn(flags.common, flags.run, device, "interpolate");
  const DdnModel& model = *loaded.model;
  const torch::Tensor ends = read_images(flags.ends, model.shape(), flags.fit);
  const torch::Tensor share = at::linspace(0, 1, flags.steps).view({-1, 1, 1, 1});
  const torch::Tensor mixed = ends[0] * (1 - share) + ends[1] * share;
  torch::Tensor code, images;
  if (flags.by == "pixels") {
    const Reconstruction made = model.reconstruct(mixed.to(device));
    code = made.code.cpu(), images = made.images.cpu();
  } else {
    const torch::Tensor end_codes = model.reconstruct(ends.to(device)).code;
    code = blended_codes(end_codes[0], end_codes[1], flags.steps);
    images = model.decode(code).cpu();
    code = code.cpu();
  }
  images = images.clamp(-1, 1);
  // How even the way is: the longest of its steps over their mean, as root mean square of pixels.
  const torch::Tensor step = (images.narrow(0, 1, flags.steps - 1) - images.narrow(0, 0, flags.steps - 1))
                                 .square()
                                 .mean({1, 2, 3})
                                 .sqrt();
  const double longest = step.max().item<double>(), mean = step.mean().item<double>();
  Json codes = Json::array();
  for (int64_t i = 0; i < flags.steps; ++i)
    codes.push_back(
        std::vector<int64_t>(code[i].data_ptr<int64_t>(), code[i].data_ptr<int64_t>() + code.size(1)));
  const Json figures = {{"run", flags.run},        {"out", flags.out},  {"by", flags.by},
                        {"longest_step", longest}, {"mean_step", mean}, {"codes", codes}};
  const torch::Tensor cells = at::cat({ends[0].unsqueeze(0), images, ends[1].unsqueeze(0)});
  write_picture(flags.out, image_grid(cells, flags.steps + 2), figures);
  show(
      flags.common, figures,
      fmt::format("{} images between {} and {}, by {}: steps of {:.3f} on average, {:.3f} at most (root mean "
                  "square on [-1, 1])\n",
                  flags.steps, flags.ends[0], flags.ends[1], flags.by, mean, longest));
  return 0;
}

}  // namespace

void add_interpolate(CLI::App& app, Run& run) {
  auto flags = std::make_shared<InterpolateFlags>();
  CLI::App* command = app.add_subcommand("interpolate", "go from one image to another through the code");
  command->add_option("run", flags->run, "run folder or checkpoint file of a ddn")->required();
  command->add_option("images", flags->ends, "two PNG or JPEG files")->required()->expected(2);
  command->add_option("--fit", flags->fit, "images of another size: resize or pad")
      ->check(CLI::IsMember({"resize", "pad", "crop"}));
  command->add_option("-n,--count", flags->steps, "images of the way, both ends among them")
      ->capture_default_str()
      ->check(CLI::Range(2, 1000));
  command
      ->add_option(
          "--by", flags->by,
          "layers: the first layers of the second code, more at each step, before the rest of the "
          "first; every image is one that the model draws, but steps are uneven, because early layers "
          "say more. pixels: at each step the code nearest to the blend of both images; an even way, "
          "but through images that fade into each other")
      ->capture_default_str()
      ->check(CLI::IsMember({"pixels", "layers"}));
  command->add_option("-o,--out", flags->out, "picture to write: the first image, the way, the second image")
      ->capture_default_str();
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_interpolate(*flags); }; });
}

}  // namespace steer
