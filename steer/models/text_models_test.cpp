// Models of text: both families behind the same seams as those of images and points.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "steer/core/random.h"
#include "steer/discrete/token_loss.h"
#include "steer/modalities/objectives.h"
#include "steer/models/ar_model.h"
#include "steer/models/small_models.h"
#include "steer/models/text_model.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"
#include "steer/text/text_data.h"
#include "steer/text/text_picture.h"
#include "steer/text/text_space.h"

namespace steer {
namespace {

constexpr int64_t kModelLength = 12;

Json text_options(Json more = Json::object()) {
  Json options = {
      {"transformer", {{"width", 16}, {"blocks", 2}, {"heads", 2}, {"condition", 8}}},
      {"text",
       {{"alphabet", text_space(Tokenizer::characters("\nabcdefg"), 1).alphabet}, {"length", kModelLength}}}};
  options.update(more);
  return options;
}

// With weights that make every part matter.
template <class M>
std::unique_ptr<M> lively_model(const std::string& family, const Json& options) {
  auto model = make_model(family, options, 3);
  torch::manual_seed(5);
  const torch::NoGradGuard no_grad;
  for (Tensor& parameter : model->module().parameters()) parameter.add_(torch::randn_like(parameter), 0.12);
  return std::unique_ptr<M>(dynamic_cast<M*>(model.release()));
}

// One of each kind of loss, with blocks, with another schedule, told the noise or not, of classes.
std::vector<Json> many_options() {
  const Json uniform = {{"type", "uniform"}};
  return {text_options(),
          text_options({{"timeless", false}}),
          text_options({{"process", {{"schedule", "cosine"}}}}),
          text_options({{"process", {{"schedule", "geometric"}}}, {"timeless", false}}),
          text_options({{"block", 4}}),
          text_options({{"loss", "score_entropy"}, {"timeless", false}}),
          text_options({{"loss", "flow"}}),
          text_options({{"process", uniform}}),
          text_options({{"process", uniform}, {"loss", "flow"}}),
          text_options({{"process", uniform}, {"loss", "score_entropy"}})};
}

State random_texts(int64_t rows, int64_t length = kModelLength, int64_t vocabulary = 8) {
  torch::manual_seed(11);
  State state;
  state.token = torch::randint(0, vocabulary, {rows, length}, torch::kInt64);
  return state;
}

Batch batch_of(const State& texts) {
  Batch batch;
  batch.data = texts;
  batch.told.label = torch::full({texts.size()}, -1, torch::kInt64);
  return batch;
}

DrawRequest of_seeds(int64_t from, int64_t count) {
  DrawRequest request;
  request.seeds = sample_seeds(static_cast<uint64_t>(from), count);
  return request;
}

TEST(TextModels, DrawTextsThatDependOnTheirSeedAlone) {
  std::vector<std::unique_ptr<Generator>> models;
  for (const Json& options : many_options()) models.push_back(lively_model<TextModel>("text", options));
  models.push_back(lively_model<ArModel>("ar", text_options()));
  for (const auto& model : models) {
    EXPECT_EQ(text_of(model->space()), "text 12 of 8");
    const State all = model->draw(of_seeds(0, 9)).state;
    EXPECT_EQ(all.token.sizes(), (std::vector<int64_t>{9, kModelLength}));
    EXPECT_GE(all.token.min().item<int64_t>(), 0);
    EXPECT_LT(all.token.max().item<int64_t>(), 8) << "no mask is left";
    EXPECT_TRUE(model->draw(of_seeds(7, 2)).state.token.equal(all.token.narrow(0, 7, 2)))
        << model->plan()->text();
    EXPECT_GT((all.token != all.token[0]).sum().item<int64_t>(), 0);
    // What the plan says of itself makes the same plan.
    const auto plan = model->plan();
    EXPECT_TRUE(model->plan(nullptr, plan->settings())
                    ->draw(of_seeds(0, 2))
                    .state.token.equal(all.token.narrow(0, 0, 2)));
  }
}

TEST(TextModels, BlocksAreDrawnTokenByTokenUnlessStepsAreAskedFor) {
  const TemporaryFolder folder;
  DataOptions data;
  data.path = folder.put("some.txt", std::string(kModelLength * 4, 'a') + "bcdefg\n");
  data.length = kModelLength;
  const auto texts = make_text_dataset(data);
  Json options = text_options({{"block", 4}});
  options.erase("text");
  const auto made = [&](const Json& some) {
    return lively_model<TextModel>("text", fitted_options("text", some, *texts, "here"));
  };
  const auto model = made(options);
  EXPECT_EQ(model->plan()->text(), "first_hitting for each block of 4");
  EXPECT_EQ(model->plan(nullptr, {{"steps", 8}})->text(), "ancestral, 8 steps for each block of 4");
  EXPECT_EQ(model->plan(nullptr, {{"steps", 8}, {"solver", "first_hitting"}})->text(),
            "first_hitting for each block of 4");
  options["sampler"] = {{"name", "remask"}, {"steps", 3}};
  EXPECT_EQ(made(options)->plan()->text(), "remask, 3 steps for each block of 4");
  options.erase("block"), options.erase("sampler");
  EXPECT_EQ(made(options)->plan()->text(), "ancestral, 64 steps");
}

TEST(TextModels, LossesReachEveryWeight) {
  for (const Json& options : many_options()) {
    const auto model = lively_model<TextModel>("text", options);
    const LossReport report = model->loss(batch_of(random_texts(6)), 1);
    EXPECT_TRUE(std::isfinite(report.loss.item<double>()));
    report.loss.backward();
    for (const auto& named : model->module().named_parameters())
      EXPECT_TRUE(named.value().grad().defined() && named.value().grad().abs().max().item<double>() > 0)
          << named.key() << " of " << options.dump();
  }
}

// The bound of a text by what the model says of every mask: all 2^T masks by their exact weight, the integral
// over the share of masks m of m^(k - 1) (1 - m)^(T - k), k masked: Beta(k, T - k + 1).
double bound_by_all_masks(const TextModel& model, const Tensor& token) {
  const int64_t T = token.size(0);
  double sum = 0;
  for (int64_t bits = 1; bits < int64_t{1} << T; ++bits) {
    Tensor some = token.clone();
    int64_t k = 0;
    for (int64_t i = 0; i < T; ++i)
      if (bits >> i & 1) some[i] = model.process().mask(), ++k;
    const double weight = std::exp(std::lgamma(k) + std::lgamma(T - k + 1) - std::lgamma(T + 1));
    const Tensor log_p = model.denoiser()(some.unsqueeze(0), torch::full({1}, 0.5, torch::kFloat64))[0];
    for (int64_t i = 0; i < T; ++i)
      if (bits >> i & 1) sum -= weight * log_p[i][token[i].item<int64_t>()].item<double>();
  }
  return sum;
}

TEST(TextModels, TheBoundIsItsIntegralOverAllMasks) {
  // Of any schedule: it is the same integral.
  for (const char* schedule : {"loglinear", "cosine"}) {
    Json options = text_options({{"process", {{"schedule", schedule}}}});
    options["text"]["length"] = 4;
    const auto model = lively_model<TextModel>("text", options);
    const State one = random_texts(1, 4);
    State many;
    many.token = one.token.expand({4096, 4}).contiguous();
    const Tensor nats = model->nats(many, 3);
    const double wanted = bound_by_all_masks(*model, one.token[0]);
    EXPECT_NEAR(nats.mean().item<double>(), wanted, 4 * nats.std().item<double>() / 64) << schedule;
    EXPECT_LT(nats.std().item<double>() / 64, 0.05 * wanted) << "tells something";
  }
}

// Of a network whose answer does not depend on what it sees, each masked token costs c: a text of one block
// has the bound c M / r, whose variance over M and r is least where shares are near 1.
TEST(TextModels, TheSteadiestRatesAreFoundAndKept) {
  const auto model = lively_model<TextModel>("text", text_options({{"rate_search", 3}, {"block", 4}}));
  {
    const torch::NoGradGuard no_grad;
    for (Tensor& parameter : model->module().parameters()) parameter.zero_();
  }
  EXPECT_EQ(model->rates().to, 1);
  EXPECT_EQ(model->rates().from, 0);
  const Batch batch = batch_of(random_texts(16));
  model->loss(batch, 5);
  EXPECT_EQ(model->after_step(2, nullptr, nullptr)[0].second.item<double>(), 0);  // not yet
  const Figures figures = model->after_step(3, nullptr, nullptr);
  EXPECT_EQ(figures[0].first, "rate_from");
  EXPECT_EQ(figures[0].second.item<double>(), 0.5);
  EXPECT_EQ(model->rates().to, 1);
  const auto other = make_model("text", model->options(), 3);
  other->load_training_state(model->training_state());
  EXPECT_EQ(dynamic_cast<TextModel&>(*other).rates().from, 0.5);
  EXPECT_NE(refusal([&] {
              other->load_training_state({{"rates", at::ones({3})}});
            }).find("expected shape [2]"),
            std::string::npos);
  EXPECT_NE(refusal([&] {
              other->load_training_state({{"rates", at::ones({2})}});
            }).find("below the second"),
            std::string::npos);
  EXPECT_TRUE(make_model("text", text_options(), 3)->training_state().empty());
}

// Classifier-free guidance: scale 0 tells no class, 1 the class alone; above it, what is drawn differs, and
// where nobody tells a class there is nothing to scale.
TEST(TextModels, ScalesGoFromNoClassToTheClassAndBeyond) {
  const Json uniform = {{"type", "uniform"}};
  for (const Json& more : {Json{{"classes", 3}}, Json{{"classes", 3}, {"block", 4}},
                           Json{{"classes", 3}, {"process", uniform}}}) {
    const auto model = lively_model<TextModel>("text", text_options(more));
    const auto drawn = [&](int64_t label, double scale) {
      DrawRequest request = of_seeds(0, 6);
      request.told.label = torch::full({6}, label, torch::kInt64);
      return model->plan(nullptr, {{"scale", scale}, {"steps", 8}})->draw(request).state.token;
    };
    EXPECT_TRUE(drawn(1, 0).equal(drawn(3, 1))) << more.dump();
    EXPECT_TRUE(drawn(3, 5).equal(drawn(3, 1))) << more.dump();
    EXPECT_FALSE(drawn(1, 6).equal(drawn(1, 1))) << more.dump();
    EXPECT_EQ(model->plan(nullptr, {{"scale", 2}})->evaluations(), 2 * model->plan()->evaluations());
  }
  const auto plain = lively_model<TextModel>("text", text_options());
  EXPECT_EQ(refusal([&] {
              plain->plan(nullptr, {{"scale", 2}});
            }),
            "[sample] scale: expected 1 for a model without classes but got 2");
}

TEST(TextModels, BlocksOfOneTokenAreLeftToRight) {
  // Wholly masked blocks of one token: the sum of what is said of each is the exact likelihood.
  Json options = text_options({{"block", 1}});
  options["text"]["length"] = 3;
  const auto model = lively_model<TextModel>("text", options);
  // Over all texts of a small alphabet the chain of conditionals sums to 1.
  double sum = 0;
  for (int64_t code = 0; code < 8 * 8 * 8; ++code) {
    const std::vector<int64_t> text = {code / 64, code / 8 % 8, code % 8};
    KvCache before;
    double log_p = 0;
    for (const int64_t token : text) {
      const Tensor mask = torch::full({1, 1}, model->process().mask(), torch::kInt64);
      const Tensor said = model->denoiser({}, &before)(mask, torch::ones({1}, torch::kFloat64));
      log_p += said[0][0][token].item<double>();
      TokenContext context;
      context.sight = model->sight();
      model->network()->features(torch::full({1, 1}, token, torch::kInt64), context, {}, &before, true);
    }
    sum += std::exp(log_p);
  }
  EXPECT_NEAR(sum, 1, 1e-4);
}

TEST(TextModels, TheChainOfConditionalsSumsToOne) {
  Json options = text_options();
  options["text"]["length"] = 3;
  const auto model = lively_model<ArModel>("ar", options);
  State all;
  const Tensor code = torch::arange(8 * 8 * 8);
  all.token = torch::stack({code.div(64, "floor"), code.div(8, "floor").remainder(8), code.remainder(8)}, 1);
  EXPECT_NEAR((-model->nats(all, 0)).exp().sum().item<double>(), 1, 1e-4);
  // What is drawn comes as often as the model says.
  const Tensor made = model->draw(of_seeds(0, 4000)).state.token;
  const Tensor first = made.select(1, 0), p = (-model->nats(all, 0)).exp().view({8, 64}).sum(1);
  for (int64_t i = 0; i < 8; ++i) {
    const double share = (first == i).to(torch::kFloat64).mean().item<double>(), wanted = p[i].item<double>();
    EXPECT_NEAR(share, wanted, 4.5 * std::sqrt(wanted * (1 - wanted) / 4000)) << i;
  }
}

TEST(TextModels, NoBoundOfRandomLettersLiesBelowTheirEntropy) {
  State texts = random_texts(512);
  for (const Json& options : many_options()) {
    const auto model = lively_model<TextModel>("text", options);
    const Tensor nats = model->nats(texts, 5) / static_cast<double>(kModelLength);
    EXPECT_GT(nats.mean().item<double>() + 4 * nats.std().item<double>() / std::sqrt(512.0), std::log(8.0))
        << options.dump();
  }
  const auto ar = lively_model<ArModel>("ar", text_options());
  EXPECT_GT(ar->nats(texts, 0).mean().item<double>() / kModelLength, std::log(8.0));
}

TEST(TextModels, TokensThatAreNotThereCountForNothing) {
  State padded = random_texts(3);
  padded.mask =
      torch::arange(kModelLength).unsqueeze(0) < torch::tensor({1, 5, 12}, torch::kInt64).unsqueeze(1);
  for (const char* family : {"text", "ar"}) {
    const auto model = lively_model<Model>(family, text_options());
    const auto& scores = dynamic_cast<const TextScores&>(*model);
    const Tensor nats = scores.nats(padded, 2);
    EXPECT_TRUE(at::isfinite(nats).all().item<bool>());
    if (scores.exact()) {
      State alone;
      alone.token = padded.token.narrow(0, 1, 1).narrow(1, 0, 5);
      EXPECT_NEAR(scores.nats(alone, 2).item<double>(), nats[1].item<double>(), 1e-4);
    }
    EXPECT_TRUE(std::isfinite(model->loss(batch_of(padded), 1).loss.item<double>()));
  }
}

TEST(TextModels, AnInfillingKeepsWhatIsKnown) {
  std::vector<std::unique_ptr<Generator>> models;
  for (const Json& options : many_options()) models.push_back(lively_model<TextModel>("text", options));
  models.push_back(lively_model<ArModel>("ar", text_options()));
  for (const auto& model : models) {
    ObjectiveContext context;
    context.space = model->space();
    const auto objective = make_objective("infill('ab[3]cd[2]a')", context);
    const State made = model->draw(of_seeds(0, 8), objective.get()).state;
    EXPECT_EQ(objective->score(made).min().item<double>(), 0);
    for (const std::string& text : plain_texts(model->space(), made)) {
      EXPECT_EQ(text.substr(0, 2), "ab");
      EXPECT_EQ(text.substr(5, 2), "cd");
      EXPECT_EQ(text[9], 'a');
    }
  }
}

// Every model, every method: a word that is rare becomes common, and a sample depends on its own seed alone.
TEST(TextModels, ObjectivesSteerEveryFamilyByEveryMethod) {
  std::vector<std::unique_ptr<Generator>> models;
  for (const Json& options : many_options()) models.push_back(lively_model<TextModel>("text", options));
  models.push_back(lively_model<ArModel>("ar", text_options()));
  for (const auto& model : models) {
    ObjectiveContext context;
    context.space = model->space();
    const auto word = make_objective("contains('fed')", context);
    const auto counted = [&](const Json& settings) {
      const State made =
          model->draw(of_seeds(0, 24), settings.is_null() ? nullptr : word.get(), settings).state;
      return (word->score(made) > -1).sum().item<int64_t>();
    };
    const int64_t unguided = counted(Json());
    ASSERT_LT(unguided, 8) << json_text(model->options());
    const bool told = model->options().value("process", Json::object()).value("type", "") == "uniform";
    // What a token was is not known before the end where all may change again.
    EXPECT_GT(counted(Json::object()), unguided + (told ? 4 : 12)) << json_text(model->options());
    std::vector<std::string> methods = {"bend", "mirror", "feynman_kac", "svdd", "best_of", "tree"};
    if (model->family() == "text") methods.push_back("tfg");
    for (const std::string& method : methods)
      EXPECT_GE(counted({{"method", method}}), unguided) << method << json_text(model->options());

    const auto plan = model->plan(word.get(), {{"particles", 3}});
    const Tensor both = plan->draw(of_seeds(4, 2)).state.token, one = plan->draw(of_seeds(5, 1)).state.token;
    EXPECT_TRUE(at::equal(both.narrow(0, 1, 1), one)) << json_text(model->options());
    // Its settings make the same plan again.
    EXPECT_TRUE(at::equal(model->plan(word.get(), plan->settings())->draw(of_seeds(5, 1)).state.token, one));
  }
}

TEST(TextModels, WhatIsKnownAndWhatIsWantedGoTogether) {
  for (const char* family : {"text", "ar"}) {
    const auto model = lively_model<Generator>(
        family, text_options(family == std::string("text") ? Json{{"block", 4}} : Json::object()));
    ObjectiveContext context;
    context.space = model->space();
    const auto objective = make_objective("infill('ab[3]cd[2]a') + contains('fed')", context);
    const State made = model->draw(of_seeds(0, 8), objective.get()).state;
    int64_t found = 0;
    for (const std::string& text : plain_texts(model->space(), made)) {
      EXPECT_EQ(text.substr(0, 2) + text.substr(5, 2) + text[9], "abcda");
      found += text.find("fed") != std::string::npos;
    }
    EXPECT_GE(found, 4) << family;
    // A black box reads texts; nothing guides without an objective.
    const auto program = make_objective("program('sed s/[^a]//g | awk \"{print length}\"')", context);
    const auto letters = [&](const Objective* by) {
      const State texts = model->draw(of_seeds(0, 4), by).state;
      int64_t count = 0;
      for (const std::string& text : plain_texts(model->space(), texts))
        count += std::count(text.begin(), text.end(), 'a');
      return count;
    };
    EXPECT_GT(letters(program.get()), letters(nullptr));
    EXPECT_NE(refusal([&] {
                model->plan(nullptr, {{"particles", 4}});
              }).find("expected an objective"),
              std::string::npos);
    const auto known = make_objective("infill('ab')", context);
    EXPECT_NE(refusal([&] {
                model->plan(known.get(), {{"particles", 4}});
              }).find("nothing is left"),
              std::string::npos);
  }
}

// A model that learned documents of two letters ends its samples, and stops where all have ended.
TEST(TextModels, SamplesEndWhereDocumentsDo) {
  const Tokenizer tokenizer = Tokenizer::characters("ab").with_end();
  Json options = text_options();
  options["text"]["alphabet"] = text_space(tokenizer, 1).alphabet;
  const auto made = make_model("ar", options, 3);
  auto& model = dynamic_cast<ArModel&>(*made);
  State texts;
  texts.token = at::full({16, kModelLength}, tokenizer.end(), torch::kInt64);
  texts.token.select(1, 0).copy_(at::arange(16, torch::kInt64).remainder(2));
  texts.token.select(1, 1).copy_(1 - at::arange(16, torch::kInt64).remainder(2));
  torch::optim::Adam adam(model.module().parameters(), 1e-2);
  for (uint64_t i = 0; i < 150; ++i) {
    adam.zero_grad();
    model.loss(batch_of(texts), i).loss.backward();
    adam.step();
  }
  const Samples samples = model.plan(nullptr, Json::object())->draw(of_seeds(1, 32), {});
  const std::vector<std::string> all = plain_texts(model.space(), samples.state);
  const auto good =
      std::count_if(all.begin(), all.end(), [](const auto& t) { return t == "ab" || t == "ba"; });
  EXPECT_GE(good, 28);
  EXPECT_LT(samples.evaluations, kModelLength);
}

TEST(TextModels, MakeOtherLengthsOrSayWhyNot) {
  const auto model = lively_model<TextModel>("text", text_options());
  EXPECT_EQ(model->draw(of_seeds(0, 2), nullptr, {{"length", 30}}).state.token.size(1), 30);
  Json learned = text_options();
  learned["transformer"]["positions"] = "learned";
  for (const char* family : {"text", "ar"}) {
    const auto fixed = lively_model<Generator>(family, learned);
    EXPECT_EQ(fixed->draw(of_seeds(0, 2), nullptr, {{"length", 5}}).state.token.size(1), 5);
    EXPECT_EQ(refusal([&] {
                fixed->plan(nullptr, {{"length", 30}});
              }),
              "[sample] length: expected at most 12, the tokens that the model's positions were learned for, "
              "but got 30");
  }
  const auto blocks = lively_model<TextModel>("text", text_options({{"block", 4}}));
  EXPECT_EQ(blocks->draw(of_seeds(0, 2), nullptr, {{"length", 20}}).state.token.size(1), 20);
  EXPECT_EQ(refusal([&] {
              blocks->plan(nullptr, {{"length", 10}});
            }),
            "[sample] length: expected whole blocks of 4 tokens but got 10");
}

TEST(TextModels, ComeBackFromTheirFiles) {
  const TemporaryFolder folder;
  for (const char* family : {"text", "ar"}) {
    const auto model = lively_model<Generator>(family, text_options());
    save_model(folder / "m.safetensors", *model, {}, nullptr);
    const LoadedModel loaded = load_model(folder / "m.safetensors", torch::kCPU);
    EXPECT_EQ(loaded.model->space(), model->space());
    EXPECT_TRUE(as_generator(loaded, "sample")
                    .draw(of_seeds(3, 2))
                    .state.token.equal(model->draw(of_seeds(3, 2)).state.token));
  }
}

TEST(TextModels, RefuseWhatDoesNotGoTogether) {
  const auto said = [](const Json& more) {
    return refusal([&] { make_model("text", text_options(more), 0); });
  };
  EXPECT_NE(said({{"process", {{"type", "uniform"}}}, {"block", 4}}).find("an absorbing process"),
            std::string::npos);
  EXPECT_NE(said({{"block", 4}, {"timeless", false}}).find("text.timeless"), std::string::npos);
  EXPECT_EQ(said({{"block", 5}}), "[options] text.block: expected a divisor of the length, 12, but got 5");
  EXPECT_NE(
      said({{"sampler", {{"name", "remask"}}}, {"process", {{"type", "uniform"}}}}).find("which has masks"),
      std::string::npos);
  EXPECT_NE(refusal([] { make_model("ar", Json::object(), 0); }).find("expected a tokenizer"),
            std::string::npos);
  const auto model = lively_model<TextModel>("text", text_options());
  State strange = random_texts(2);
  strange.token[0][0] = 8;
  EXPECT_NE(refusal([&] { model->nats(strange, 0); }).find("[likelihood]: expected tokens 0 to 7"),
            std::string::npos);
}

}  // namespace
}  // namespace steer
