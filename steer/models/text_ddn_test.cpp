// Text by a DDN: its bound, its law, its codes, and objectives that choose.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "steer/core/random.h"
#include "steer/ddn/chooser.h"
#include "steer/modalities/objectives.h"
#include "steer/models/ar_model.h"
#include "steer/models/families.h"
#include "steer/models/models.h"
#include "steer/models/text_ddn_model.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"
#include "steer/text/text_picture.h"
#include "steer/text/text_space.h"

namespace steer {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kTextLength = 6, kLetters = 4;

Json text_ddn_options(const Json& more = Json::object(), int64_t length = kTextLength) {
  Json options = {
      {"transformer", {{"width", 16}, {"blocks", 2}, {"heads", 2}}},
      {"text", {{"alphabet", text_space(Tokenizer::characters("abcd"), 1).alphabet}, {"length", length}}},
      {"block", 3},
      {"network", {{"features", 8}, {"layers", 2}, {"candidates", {5}}}}};
  options.update(more);
  return options;
}

// With weights that make every part matter.
std::unique_ptr<TextDdnModel> lively_text_ddn(const Json& options) {
  auto model = make_model("text_ddn", options, 3);
  torch::manual_seed(5);
  const torch::NoGradGuard no_grad;
  for (Tensor& parameter : model->module().parameters()) parameter.add_(torch::randn_like(parameter), 0.2);
  return std::unique_ptr<TextDdnModel>(dynamic_cast<TextDdnModel*>(model.release()));
}

// Options of one and two layers, summed over the last or not, without residuals.
std::vector<Json> several_text_ddns() {
  return {
      text_ddn_options(), text_ddn_options({{"marginal", false}}),
      text_ddn_options({{"network", {{"features", 8}, {"layers", 1}, {"candidates", {7}}}}}),
      text_ddn_options(
          {{"network", {{"features", 8}, {"layers", 3}, {"candidates", {4, 2, 3}}, {"residual", false}}}})};
}

// All texts of one block: 4^3.
State all_texts() {
  const Tensor code = torch::arange(64);
  State all;
  all.token = torch::stack({code.div(16, "floor"), code.div(4, "floor").remainder(4), code.remainder(4)}, 1);
  return all;
}

State some_texts(int64_t rows, int64_t length = kTextLength) {
  torch::manual_seed(11);
  State state;
  state.token = torch::randint(0, kLetters, {rows, length}, torch::kInt64);
  return state;
}

Batch as_batch(const State& texts) {
  Batch batch;
  batch.data = texts;
  batch.told.label = torch::full({texts.size()}, -1, torch::kInt64);
  return batch;
}

DrawRequest seeds_from(int64_t from, int64_t count) {
  DrawRequest request;
  request.seeds = sample_seeds(static_cast<uint64_t>(from), count);
  return request;
}

TEST(TextDdn, AllTextsTogetherHaveProbabilityOneAndTheBoundIsOne) {
  for (Json options : several_text_ddns()) {
    options["text"]["length"] = 3;
    const auto model = lively_text_ddn(options);
    const Tensor exact = model->exact_nats(all_texts()), bound = model->nats(all_texts(), 0);
    EXPECT_NEAR((-exact).exp().sum().item<double>(), 1, 1e-5) << options.dump();
    EXPECT_GE((bound - exact).min().item<double>(), -1e-5) << options.dump();
    const bool equal = torch::allclose(bound, exact, 1e-5, 1e-5);
    EXPECT_EQ(equal, model->exact()) << "more codes than one lead to a text of several layers";
  }
}

// Where one code has all the probability nothing is lost by looking at it alone.
TEST(TextDdn, TheBoundIsTightWhereOneCodeDominates) {
  Json options = text_ddn_options({{"marginal", false}});
  options["text"]["length"] = 3;
  const auto model = lively_text_ddn(options);
  {
    const torch::NoGradGuard no_grad;
    for (const Layer& layer : model->head()->layers()) {
      Tensor bias = layer->companions[1];
      bias.fill_(-60), bias[2] = 0;
    }
  }
  EXPECT_TRUE(torch::allclose(model->nats(all_texts(), 0), model->exact_nats(all_texts()), 1e-5, 1e-5));
}

TEST(TextDdn, DrawsTextsAsOftenAsItSays) {
  Json options = text_ddn_options();
  options["text"]["length"] = 3;
  const auto model = lively_text_ddn(options);
  constexpr int64_t kDraws = 6000;
  const Samples made = model->draw(seeds_from(0, kDraws));
  const Tensor p = (-model->exact_nats(all_texts())).exp();
  const Tensor& t = made.state.token;
  const Tensor number = t.select(1, 0) * 16 + t.select(1, 1) * 4 + t.select(1, 2);
  const Tensor share = torch::bincount(number, {}, 64).to(torch::kFloat64) / kDraws;
  EXPECT_LT((share - p).abs().div((p * (1 - p) / kDraws).sqrt() + 1e-6).max().item<double>(), 4.8);
  EXPECT_EQ(made.code.sizes(), (std::vector<int64_t>{kDraws, 2}));
}

TEST(TextDdn, SamplesDependOnTheirSeedAloneAndPlansSaySo) {
  for (const Json& options : several_text_ddns()) {
    const auto model = lively_text_ddn(options);
    const State all = model->draw(seeds_from(0, 9)).state;
    EXPECT_LT(all.token.max().item<int64_t>(), kLetters);
    EXPECT_TRUE(model->draw(seeds_from(7, 2)).state.token.equal(all.token.narrow(0, 7, 2)));
    EXPECT_GT((all.token != all.token[0]).sum().item<int64_t>(), 0);
    const auto plan = model->plan(nullptr, {{"temperature", 0}, {"code_temperature", 0}, {"length", 9}});
    const State same = plan->draw(seeds_from(0, 3)).state;
    EXPECT_EQ(same.token.sizes(), (std::vector<int64_t>{3, 9}));
    EXPECT_TRUE((same.token == same.token[0]).all().item<bool>()) << "nothing is drawn";
    EXPECT_TRUE(model->plan(nullptr, plan->settings())->draw(seeds_from(5, 3)).state.token.equal(same.token));
  }
}

TEST(TextDdn, LossesReachEveryWeightAndAreItsBound) {
  for (Json options : several_text_ddns()) {
    options["deep"] = 0.5, options["expect"] = 1;
    const auto model = lively_text_ddn(options);
    const State texts = some_texts(40);
    const LossReport report = model->loss(as_batch(texts), 1);
    report.loss.backward();
    for (const auto& named : model->module().named_parameters()) {
      const Tensor& grad = named.value().grad();
      EXPECT_TRUE(grad.defined() && grad.abs().max().item<double>() > 0) << named.key();
    }
    const double said = report.figures[0].second.item<double>();
    EXPECT_NEAR(said, model->nats(texts, 0).mean().item<double>() / kTextLength, 1e-4);
    EXPECT_EQ(model->step_counts()[0].sum().item<double>(), 80) << "blocks";
    const Figures after = model->after_step(1, nullptr, nullptr);
    EXPECT_EQ(after[0].first, "splits");
  }
}

TEST(TextDdn, TokensThatAreNotThereCountForNothing) {
  State padded = some_texts(3);
  padded.mask =
      torch::arange(kTextLength).unsqueeze(0) < torch::tensor({1, 3, 6}, torch::kInt64).unsqueeze(1);
  const auto model = lively_text_ddn(text_ddn_options());
  State alone;
  alone.token = padded.token.narrow(0, 1, 1).narrow(1, 0, 3);
  EXPECT_NEAR(model->nats(padded, 0)[1].item<double>(), model->nats(alone, 0).item<double>(), 1e-5);
  EXPECT_NEAR(model->exact_nats(padded)[1].item<double>(), model->exact_nats(alone).item<double>(), 1e-5);
  EXPECT_TRUE(std::isfinite(model->loss(as_batch(padded), 1).loss.item<double>()));
}

// Codes: what is encoded decodes to what the encoder saw, layer after layer, and a prefix may be held.
TEST(TextDdn, CodesDecodeToWhatEncodingSaw) {
  const auto model = lively_text_ddn(text_ddn_options());
  const State texts = some_texts(8);
  const Encoded encoded = model->encode(texts);
  EXPECT_EQ(encoded.code.sizes(), (std::vector<int64_t>{8, 4}));
  EXPECT_TRUE(model->decode(encoded.code).token.equal(encoded.state.token));
  const std::vector<State> steps = model->unfolded(encoded.code, {1, 3});
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_TRUE(steps[1].token.equal(encoded.state.token));
  EXPECT_TRUE(steps[0].token.narrow(1, 0, 3).equal(encoded.state.token.narrow(1, 0, 3)));
  EXPECT_TRUE((steps[0].token.narrow(1, 3, 3) == kLetters).all().item<bool>()) << "not said yet";
  const Tensor held = torch::full({8}, 2, torch::kInt64);
  const Tensor other = (encoded.code + 1).remainder(5);
  const Encoded on = model->continued(other, held, texts);
  EXPECT_TRUE(on.code.narrow(1, 0, 2).equal(other.narrow(1, 0, 2)));
  EXPECT_TRUE(model->decode(on.code).token.equal(on.state.token));
  // Samples come with the codes that lead to their likeliest tokens.
  const Samples made = model->plan(nullptr, {{"temperature", 0}})->draw(seeds_from(0, 4));
  EXPECT_TRUE(model->decode(made.code).token.equal(made.state.token));
  const std::vector<State> tree = model->prefixes(2, 25);
  ASSERT_EQ(tree.size(), 2U);
  EXPECT_EQ(tree[1].size(), 25);
  const Tensor first = torch::tensor({{3, 1, 0, 0}}, torch::kInt64);
  EXPECT_TRUE(
      model->decode(first).token.narrow(1, 0, 3).equal(tree[1].token.narrow(0, 16, 1).narrow(1, 0, 3)));
}

TEST(TextDdn, WalksThroughItsLikeliestCodes) {
  const auto model = lively_text_ddn(text_ddn_options());
  State before;
  before.token = torch::tensor({{3, 0}}, torch::kInt64);
  const std::vector<LikelyPrefix> walk = model->likely(before, 3, 2, 8);
  ASSERT_EQ(walk.size(), 2U + 4U + 8U);
  EXPECT_EQ(walk[0].code.size(), 1U);
  EXPECT_EQ(walk[1].code.size(), 2U);
  EXPECT_EQ(walk[2].code.size(), 3U);
  EXPECT_EQ(walk[2].state.token.size(1), 6) << "the third layer is the second block's first";
  EXPECT_TRUE(walk[2].state.token.narrow(1, 0, 3).equal(walk[1].state.token));
  EXPECT_GE(walk[0].p, walk[7].p);
  // A context of its own gives the same law.
  KvCache none;
  const Tensor shown = torch::tensor({{int{kLetters}, 3, 0}}, torch::kInt64);
  const Tensor code = torch::tensor(walk[1].code, torch::kInt64).unsqueeze(0);
  const torch::NoGradGuard no_grad;
  const BlocksMade made = model->head()->run(model->context_after(shown, none), follow(code));
  EXPECT_NEAR(std::log(walk[1].p), made.log_prior[0][1].item<double>(), 1e-5);
  EXPECT_TRUE(made.logits[1].argmax(-1).equal(walk[1].state.token));
  EXPECT_THAT(refusal([&] { model->likely({}, 3, 5, 100); }), HasSubstr("5 to the power of 3"));
  EXPECT_THAT(refusal([&] { model->likely({}, 5, 1, 100); }), HasSubstr("1 to 4 levels but got 5"));
}

// Documents that end: nothing but the end stands behind it, guided or not, and a code says the tokens that
// are there.
TEST(TextDdn, TextsEndWhereTheyEnd) {
  Json options = text_ddn_options();
  options["text"] = {{"alphabet", text_space(Tokenizer::characters("abc").with_end(), 1).alphabet},
                     {"length", 12}};
  const auto model = lively_text_ddn(options);
  const int64_t end = Tokenizer::characters("abc").with_end().end();
  ObjectiveContext context;
  context.space = model->space();
  const auto word = make_objective("contains('cab')", context);
  for (const Objective* objective :
       {static_cast<const Objective*>(nullptr), static_cast<const Objective*>(word.get())}) {
    const Tensor token = model->draw(seeds_from(0, 32), objective).state.token, ends = token == end;
    const Tensor behind = ends.cumsum(1) > 0;
    EXPECT_TRUE(behind.equal(ends));
    EXPECT_GT(ends.any(1).sum().item<int64_t>(), 4);
  }
  State part = some_texts(3, 12);
  part.token.fill_(1);
  part.mask = torch::arange(12).unsqueeze(0) < torch::tensor({4, 7, 12}, torch::kInt64).unsqueeze(1);
  State other = part;
  other.token = torch::where(part.mask, part.token, torch::full_like(part.token, 2));
  EXPECT_TRUE(model->encode(part).code.equal(model->encode(other).code));
}

// What is chosen by Bayes' rule and drawn token by token, told of nothing behind: with one block and all
// candidates looked at, particles follow the law times what the objective says of it.
TEST(TextDdn, ParticlesFollowTheLawTimesTheObjective) {
  Json options = text_ddn_options();
  options["text"]["length"] = 3;
  const auto model = lively_text_ddn(options);
  ObjectiveContext context;
  context.space = model->space();
  const auto word = make_objective("0.002*share('a', 1)", context);
  const Tensor wanted =
      (-model->exact_nats(all_texts()) + word->score(all_texts()).to(torch::kFloat64)).softmax(0);
  constexpr int64_t kDraws = 1500;
  for (const char* method : {"twisted", "feynman_kac"}) {
    const Tensor t = model
                         ->draw(seeds_from(0, kDraws), word.get(),
                                {{"method", method}, {"particles", 24}, {"shortlist", 2}})
                         .state.token;
    const Tensor number = t.select(1, 0) * 16 + t.select(1, 1) * 4 + t.select(1, 2);
    const Tensor share = torch::bincount(number, {}, 64).to(torch::kFloat64) / kDraws;
    const double apart = (share - wanted).abs().sum().item<double>() / 2;
    EXPECT_LT(apart, 0.13) << method;  // 64 states by 1,500 draws: 0.08 by chance
  }
}

TEST(TextDdn, ObjectivesChoose) {
  for (const Json& options : several_text_ddns()) {
    Json longer = options;
    longer["text"]["length"] = 12;
    const auto model = lively_text_ddn(longer);
    ObjectiveContext context;
    context.space = model->space();
    const auto word = make_objective("contains('dadb')", context);
    const auto counted = [&](const Json& settings) {
      const State made =
          model->draw(seeds_from(0, 24), settings.is_null() ? nullptr : word.get(), settings).state;
      return (word->score(made) > -1).sum().item<int64_t>();
    };
    const int64_t unguided = counted(Json());
    ASSERT_LT(unguided, 9);
    EXPECT_GT(counted(Json::object()), unguided + 12);
    EXPECT_GT(counted({{"method", "bend"}}), unguided + 10);
    for (const char* method : {"mirror", "draws", "feynman_kac", "svdd", "best_of", "tree"})
      EXPECT_GE(counted({{"method", method}}), unguided) << method;
    const auto plan = model->plan(word.get(), {{"particles", 3}});
    const Tensor both = plan->draw(seeds_from(4, 2)).state.token,
                 one = plan->draw(seeds_from(5, 1)).state.token;
    EXPECT_TRUE(at::equal(both.narrow(0, 1, 1), one));
    EXPECT_TRUE(
        at::equal(model->plan(word.get(), plan->settings())->draw(seeds_from(5, 1)).state.token, one));
    // What is known is set, and counts in choosing.
    const auto known = make_objective("infill('ab[5]cd[3]')", context);
    const State filled = model->draw(seeds_from(0, 8), known.get()).state;
    EXPECT_EQ(known->score(filled).min().item<double>(), 0);
  }
}

// A model from left to right lends what it reads with.
TEST(TextDdn, BeginsFromAModelFromLeftToRight) {
  LoadedModel from;
  from.path = "an.safetensors";
  Json options = text_ddn_options();
  options.erase("block"), options.erase("network");
  from.model = make_model("ar", options, 9);
  const auto model = lively_text_ddn(text_ddn_options());
  const WeightsTaken taken = take_weights(*model, from);
  EXPECT_TRUE(taken.left.empty());
  for (const std::string& name : taken.fresh) EXPECT_EQ(name.rfind("head.", 0), 0U) << name;
  const auto* ar = dynamic_cast<const ArModel*>(from.model.get());
  EXPECT_TRUE(model->trunk()->table.equal(ar->network()->table));
  EXPECT_EQ(from.model->lent_to("text_ddn")->options["text"], ar->options()["text"]);
  EXPECT_FALSE(from.model->lent_to("text"));
  LoadedModel back;
  back.model = lively_text_ddn(text_ddn_options());
  EXPECT_THAT(refusal([&] { take_weights(*from.model, back); }), HasSubstr("expected a ar model"));
}

TEST(TextDdn, ComesBackFromItsFileAndRefusesWhatDoesNotGoTogether) {
  const TemporaryFolder folder;
  const auto model = lively_text_ddn(text_ddn_options());
  save_model(folder / "m.safetensors", *model, {}, nullptr);
  const LoadedModel again = load_model(folder / "m.safetensors", torch::kCPU);
  const auto* read = dynamic_cast<const TextDdnModel*>(again.model.get());
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->nats(some_texts(3), 0).equal(model->nats(some_texts(3), 0)));
  EXPECT_THAT(refusal([] {
                make_model("text_ddn", text_ddn_options({{"block", 4}}), 1);
              }),
              HasSubstr("text_ddn.block: expected a divisor of the length, 6, but got 4"));
  EXPECT_THAT(refusal([] {
                make_model("text_ddn", text_ddn_options({{"balance", "bias"}}), 1);
              }),
              HasSubstr("expected split or none but got bias"));
  EXPECT_THAT(refusal([&] { model->plan(nullptr, {{"length", 7}}); }), HasSubstr("whole blocks of 3"));
  EXPECT_THAT(refusal([&] { model->encode(some_texts(2), 4); }), HasSubstr("a beam of 1"));
  EXPECT_THAT(refusal([&] { model->exact_nats(some_texts(1), 10); }), HasSubstr("at most 10 codes"));
}

}  // namespace
}  // namespace steer
