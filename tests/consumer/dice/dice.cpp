#include "dice/dice.h"

#include <torch/types.h>

#include <cmath>
#include <fstream>
#include <utility>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/data/tensor_dataset.h"
#include "steer/picture/grid.h"

namespace {

using steer::Tensor;

constexpr int64_t kFaces = 6, kDice = 20000;
const std::string kPrefix = "dice:";

steer::Space dice_space() {
  steer::Space space;
  space.kind = "dice";
  space.sizes = {kFaces};
  return space;
}

steer::State read_die(const std::string& path, const steer::Space& space, const std::string&) {
  STEER_CHECK(space == dice_space(), "[read] ", path, ": expected a space of dice");
  std::ifstream file(path);
  std::vector<float> shares;
  for (float share; file >> share;) shares.push_back(share);
  STEER_CHECK(file.eof() && shares.size() == kFaces, "[read] ", path, ": expected six numbers");
  const Tensor x = at::tensor(shares).view({1, kFaces});
  STEER_CHECK(x.min().item<float>() >= 0 && std::abs(x.sum().item<float>() - 1) < 1e-3, "[read] ", path,
              ": expected shares that add up to one");
  return x;
}

// Fair ones are all a little off; of loaded ones one face is heavy.
std::unique_ptr<steer::Dataset> make_dice(const steer::DataOptions& options) {
  const std::string name = options.path.substr(kPrefix.size());
  STEER_CHECK(name == "fair" || name == "loaded", "[data] ", options.path,
              ": expected dice:fair or dice:loaded");
  const Tensor seeds =
      steer::sample_seeds(options.split == "train" ? 0 : kDice, options.limit > 0 ? options.limit : kDice);
  Tensor weights = 0.5 * steer::normal_rows(seeds, 0, {kFaces});
  if (name == "loaded")
    weights =
        weights + 1.5 * at::one_hot((steer::uniform_rows(seeds, 1, {}) * kFaces).to(torch::kInt64), kFaces);
  return std::make_unique<steer::TensorDataset>(dice_space(), weights.softmax(1));
}

// A bar for each face, as high as its share.
Tensor bars(const Tensor& x) {
  constexpr int64_t kSide = 48;
  const Tensor height = at::arange(kSide, 0, -1).view({1, 1, kSide, 1}) / double(kSide);
  const Tensor bar = x.view({-1, 1, 1, kFaces}).repeat_interleave(kSide / kFaces, 3);
  return at::where(height <= bar, at::full({}, 1.0f), at::full({}, -0.8f));
}

Tensor picture_of_dice(const steer::Space&, const std::vector<steer::State>& sources, int64_t columns) {
  std::vector<Tensor> pictures;
  for (const steer::State& source : sources) pictures.push_back(bars(source.x));
  return pictures.size() == 1 ? steer::image_grid(pictures[0], columns)
                              : steer::stacked_grid(pictures, columns);
}

// -|x - wanted|^2 / (2 std^2) over the faces that are asked for.
class Shares : public steer::Objective {
 public:
  Shares(Tensor wanted, Tensor asked, const steer::Arguments& arguments)
      : wanted_(std::move(wanted)),
        asked_(std::move(asked)),
        std_(arguments.number("std")),
        words_(arguments.words()) {}

  Tensor score(const steer::State& sample) const override {
    return ((sample.x - wanted_) * asked_).square().sum(1) / (-2 * std_ * std_);
  }
  bool differentiable() const override { return true; }
  std::string words() const override { return words_; }

 private:
  Tensor wanted_, asked_;
  double std_;
  std::string words_;
};

steer::Parameter how_near() {
  return steer::number_parameter("std", 0.1, 1e-3, 1, "how far a share may be off");
}

std::unique_ptr<steer::Objective> loaded_by(const steer::Arguments& arguments,
                                            const steer::ObjectiveContext& context) {
  const Tensor face = at::one_hot(at::full({}, arguments.integer("face") - 1, torch::kInt64), kFaces)
                          .to(context.device, torch::kFloat32);
  return std::make_unique<Shares>(arguments.number("share") * face, face, arguments);
}

std::unique_ptr<steer::Objective> balanced_by(const steer::Arguments& arguments,
                                              const steer::ObjectiveContext& context) {
  const Tensor all = at::ones({kFaces}, at::TensorOptions(context.device));
  return std::make_unique<Shares>(all / kFaces, all, arguments);
}

const std::vector<steer::Word>& dice_words() {
  using steer::integer_parameter, steer::number_parameter;
  static const std::vector<steer::Word> words = {
      {"loaded",
       {},
       {"dice"},
       steer::Nature::kGradient,
       "dice that show one face more often",
       "loaded(face=6)",
       {integer_parameter("face", 6, 1, kFaces, "which one"),
        number_parameter("share", 0.5, 0, 1, "how often of all throws"), how_near()},
       loaded_by,
       {}},
      {"balanced",
       {},
       {"dice"},
       steer::Nature::kGradient,
       "dice that show all faces as often",
       "balanced()",
       {how_near()},
       balanced_by,
       {}},
  };
  return words;
}

}  // namespace

const steer::Modality& dice() {
  static const steer::Modality modality = [] {
    steer::Modality m;
    m.kind = dice_space().kind;
    m.plural = "dice";
    m.meaning = "shares [6] of the faces of a die; text files";
    m.read = read_die;
    m.holds = [](const std::string& path) { return path.rfind(kPrefix, 0) == 0; };
    m.dataset = make_dice;
    m.data = {{"dice:fair", "all faces about as often"}, {"dice:loaded", "one face often"}};
    m.fitted = [](steer::DataOptions&, const steer::Space&) {};
    m.picture = picture_of_dice;
    m.shown = 64;
    m.words = &dice_words();
    return m;
  }();
  return modality;
}
