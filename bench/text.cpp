// One training step of a transformer from left to right, and texts drawn block after block.
#include <torch/torch.h>

#include <optional>

#include "bench/model_work.h"
#include "steer/core/json.h"
#include "steer/core/random.h"
#include "steer/models/text_model.h"
#include "steer/text/text_space.h"
#include "steer/train/learner.h"

namespace steer::bench {
namespace {

// The options' model with an alphabet of printable letters.
Json with_alphabet(Json options) {
  std::string letters;
  for (char letter = ' '; letter < ' ' + options.value("letters", 65); ++letter) letters += letter;
  options["model"]["text"]["alphabet"] = text_space(Tokenizer::characters(letters), 1).alphabet;
  return options;
}

Tensor random_tokens(const Json& options, const Model& model) {
  torch::manual_seed(1);
  const Space space = model.space();
  return torch::randint(0, space.vocabulary, {options.at("batch").get<int64_t>(), space.sizes[0]},
                        torch::kInt64);
}

class TextTraining : public ModelWork {
 public:
  explicit TextTraining(const Json& options) : ModelWork("ar", with_alphabet(options)) {
    TrainOptions train;
    train.ema_half_life_images = 0;
    learner_.emplace(model(), train);
    batch_.data.token = random_tokens(options, model());
  }

  void run() override { learner_->step(batch_, 1, 1e-4); }

  int64_t items() const override { return batch_.data.token.numel(); }

 private:
  void add_to(std::map<std::string, Tensor>& problem) override {
    problem["input.token"] = batch_.data.token;
    const LossReport report = model().loss(batch_, 1);
    report.loss.backward();
    problem["answer.loss"] = report.loss.detach();
    for (const auto& [name, parameter] : model().trainable_parameters())
      problem["answer.gradient." + name] = parameter.grad();
  }

  std::optional<Learner> learner_;
  Batch batch_;
};

class TextSampling : public ModelWork {
 public:
  explicit TextSampling(const Json& options)
      : ModelWork("text", with_alphabet(options)),
        batch_(options.at("batch")),
        token_(random_tokens(options, model())) {
    // Of the last block nothing is known.
    const auto& text = dynamic_cast<const TextModel&>(model());
    const int64_t block = text.settings().block;
    token_.narrow(1, token_.size(1) - block, block).fill_(text.process().mask());
  }

  void run() override {
    const auto& text = dynamic_cast<const TextModel&>(model());
    text.draw({sample_seeds(0, batch_), {}});
  }

  int64_t items() const override { return token_.numel(); }

 private:
  void add_to(std::map<std::string, Tensor>& problem) override {
    const torch::NoGradGuard no_grad;
    const auto& text = dynamic_cast<const TextModel&>(model());
    const int64_t block = text.settings().block;
    problem["input.token"] = token_;
    problem["answer.log_p"] = text.denoiser()(token_, torch::ones({batch_}, torch::kFloat64))
                                  .narrow(1, token_.size(1) - block, block)
                                  .contiguous();
  }

  int64_t batch_;
  Tensor token_;
};

}  // namespace

std::unique_ptr<Work> make_text_training(const Json& options) {
  return std::make_unique<TextTraining>(options);
}

std::unique_ptr<Work> make_text_sampling(const Json& options) {
  return std::make_unique<TextSampling>(options);
}

}  // namespace steer::bench
