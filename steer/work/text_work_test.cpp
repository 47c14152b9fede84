// What is done with models of text: trained, drawn, filmed, written, told how likely texts are.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <filesystem>

#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"
#include "steer/work/evaluation.h"
#include "steer/work/pictures.h"
#include "steer/work/recipe_pictures.h"
#include "steer/work/sample_film.h"
#include "steer/work/text_likelihoods.h"
#include "steer/work/training.h"

namespace steer {
namespace {

// Words of two letters that follow one another in a fixed order, so that little is left to guess.
std::string rhyme(int64_t words) {
  std::string text;
  for (int64_t i = 0; i < words; ++i)
    text += std::string(i % 4 == 0 ? "ab" : i % 4 == 1 ? "cd" : i % 4 == 2 ? "ae" : "bd") + " ";
  return text;
}

// A model trained for a moment on a rhyme.
std::string trained(const TemporaryFolder& folder, const std::string& family, int64_t samples,
                    std::vector<std::string> sets = {}) {
  TrainingRequest request;
  request.family = family, request.run = folder / family, request.images = samples;
  request.data = folder.put("rhyme.txt", rhyme(400));
  for (const char* set : {"transformer.width=32", "transformer.blocks=2", "transformer.heads=2"})
    sets.push_back(family + "." + set);
  for (const char* set : {"data.length=24", "train.loader.batch=16", "train.ramp_images=200",
                          "train.rate=5e-3", "train.precision=float32", "train.ema_half_life_images=200"})
    sets.push_back(set);
  request.sets = sets;
  run_training(prepared_training(request));
  return request.run;
}

SampleSource test_texts(const TemporaryFolder& folder) {
  SampleSource source;
  source.data = folder / "rhyme.txt";
  return source;
}

TEST(TextWork, ModelsLearnWhatFollowsWhat) {
  const TemporaryFolder folder;
  for (const char* family : {"ar", "text"}) {
    const LoadedModel loaded =
        load_model(trained(folder, family, std::string(family) == "ar" ? 3200 : 9600), torch::kCPU);
    const State texts = test_texts(folder).load(loaded.model->space()).state;
    const TextLikelihood found = text_likelihood(*loaded.model, texts, {});
    EXPECT_EQ(found.characters, 120) << "each once";
    EXPECT_EQ(found.tokens, 120);
    // The first letters of a window are the only ones to guess: log2 of 12 places in 24 characters.
    EXPECT_LT(found.bits, 0.6) << family;
    EXPECT_GT(found.bits, 0.05) << family;
    EXPECT_EQ(found.exact, std::string(family) == "ar");
    EXPECT_NE(text_of(found).find("bits a character"), std::string::npos);
    const Samples made = as_generator(loaded, "sample").draw({torch::arange(64), {}});
    int64_t known = 0, words = 0;
    for (const std::string& text : texts_of(loaded.model->space(), made.state))
      for (size_t i = 3; i + 3 < text.size(); i += 3) {
        const size_t at = text.find_first_of(' ') + 1 + i - 3;
        if (at + 2 > text.size()) continue;
        const std::string word = text.substr(at, 2);
        known += word == "ab" || word == "cd" || word == "ae" || word == "bd", ++words;
      }
    EXPECT_GT(static_cast<double>(known) / static_cast<double>(words), 0.55) << family << "; by chance 0.06";
  }
}

TEST(TextWork, SamplesAreEvaluatedAndJudged) {
  const TemporaryFolder folder;
  const LoadedModel loaded = load_model(trained(folder, "text", 640), torch::kCPU);
  EvaluationOptions options;
  options.source = test_texts(folder), options.source.count = 20;
  options.judge.judge = trained(folder, "ar", 640);
  const Evaluation found = evaluate(loaded, options, torch::kCPU);
  ASSERT_TRUE(found.likelihood.has_value());
  EXPECT_GT(found.likelihood->bits, 0);
  ASSERT_TRUE(found.judgement.has_value());
  // The judge has learned real texts, so it finds them likelier.
  EXPECT_LT(found.judgement->real, found.judgement->samples + 0.5);
  for (const char* key : {"bits_per_character", "judge", "distances", "samples"})
    EXPECT_TRUE(found.figures.contains(key)) << key;
  for (const char* key : {"entropy", "distinct_4", "known_words"})
    EXPECT_TRUE(found.figures["distances"]["samples"].contains(key)) << key;
  options.judge.judge = folder / "text";
  EXPECT_NE(refusal([&] { evaluate(loaded, options, torch::kCPU); }).find("expected an ar model"),
            std::string::npos);
}

TEST(TextWork, TextsAndFilmsAreWrittenWithTheirRecipe) {
  const TemporaryFolder folder;
  const LoadedModel loaded = load_model(trained(folder, "text", 32), torch::kCPU);
  Recipe recipe;
  recipe.count = 2, recipe.model.path = folder / "text", recipe.seeds = {5};
  recipe.settings = {{"steps", 7}};
  SampleFilm film(loaded.model->space(), 60, 1);
  const RecipeRun run = run_recipe(recipe, loaded, film.around({}));
  EXPECT_EQ(film.frames(), 7);
  film.write(folder / "film.gif", {{"run", "x"}});
  EXPECT_EQ(read_file(folder / "film.gif").substr(0, 6), "GIF89a");
  // As texts: the first one at each of the moments, in the end as it was drawn.
  film.write(folder / "film.txt", {{"run", "x"}});
  const std::string moments = read_file(folder / "film.txt"), line(64, '-');
  int64_t lines = 0;
  for (size_t at = moments.find(line); at != moments.npos; at = moments.find(line, at + 1)) ++lines;
  EXPECT_EQ(lines, 7);
  EXPECT_NE(moments.find(texts_of(run.space, run.state)[0] + "\n" + line), moments.npos);
  write_run(folder / "out.txt", run, figures_of(run));
  const std::vector<std::string> texts = texts_of(run.space, run.state);
  EXPECT_EQ(read_file(folder / "out.txt"),
            texts[0] + "\n" + std::string(64, '-') + "\n" + texts[1] + "\n" + std::string(64, '-') + "\n");
  EXPECT_EQ(parse_json(read_file(folder / "out.json"), "x")["texts"][1], texts[1]);
  // Its recipe makes it again.
  const Recipe again = read_recipe(folder / "out.txt");
  EXPECT_TRUE(run_recipe(again, loaded).state.token.equal(run.state.token));
  write_run(folder / "{seed}.txt", run, figures_of(run));
  EXPECT_EQ(read_file(folder / "6.txt"), texts[1] + "\n");
}

TEST(TextWork, OtherFamiliesRefuseTexts) {
  const TemporaryFolder folder;
  folder.put("rhyme.txt", rhyme(400));
  for (const char* family : {"ddn", "diffusion"}) {
    TrainingRequest request;
    request.family = family, request.run = folder / "x", request.images = 10,
    request.data = folder / "rhyme.txt";
    EXPECT_EQ(
        refusal([&] { prepared_training(request); }),
        std::string("[") + family + "] " + (folder / "rhyme.txt") +
            ": expected samples of numbers but got text 256 of 6; steer train text or ar trains on texts");
  }
  TrainingRequest request;
  request.family = "text", request.run = folder / "x", request.images = 10, request.data = "shapes";
  EXPECT_NE(refusal([&] {
              prepared_training(request);
            }).find("expected texts for a model of text but got samples image"),
            std::string::npos);
}

}  // namespace
}  // namespace steer
