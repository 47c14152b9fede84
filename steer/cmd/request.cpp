#include "steer/cmd/request.h"
#include "steer/text/text_modality.h"
#include "steer/work/outputs.h"

#include <fmt/format.h>

#include <unistd.h>

#include <iostream>
#include <optional>

#include "steer/cmd/interruption.h"
#include "steer/cmd/judging.h"
#include "steer/core/check.h"
#include "steer/core/clock.h"
#include "steer/core/files.h"
#include "steer/core/interruption.h"
#include "steer/core/seed_list.h"
#include "steer/work/pictures.h"
#include "steer/work/recipe_pictures.h"
#include "steer/work/sample_film.h"
#include "steer/work/score_track.h"

namespace steer {
namespace {

constexpr int64_t kTextsShown = 4;
constexpr double kLiveSeconds = 0.08;

// The first samples, where they are texts.
std::string shown_texts(const RecipeRun& run) {
  if (!has_texts(run.space)) return "";
  return closed_texts(texts_of(run.space, run.state.narrow(0, std::min(kTextsShown, run.state.size()))));
}

std::string answer_text(const RecipeRun& run) {
  const auto count = static_cast<double>(run.recipe.count);
  std::string text = shown_texts(run) + fmt::format("{} samples in {:.2f} s", run.recipe.count, run.seconds);
  text += run.scores.defined()
              ? fmt::format("; score (log-likelihood up to a constant): mean {:.4g}, best {:.4g}\n",
                            run.scores.mean().item<double>(), run.scores.max().item<double>())
              : fmt::format(" ({:.1f} per second)\n", count / run.seconds);
  text += run.text;
  if (run.evaluations > 0) text += fmt::format(": {} network evaluations per sample", run.evaluations);
  text += "\n";
  if (run.beside)
    text += fmt::format("mean score of the first {}: {:.4g}, of unguided ones of the same seeds {:.4g}\n",
                        run.beside->samples, run.beside->guided, run.beside->unguided);
  return text;
}

// What can be written, before anything is drawn.
void check_outputs(const Common& common, const Recipe& recipe, const Space& space,
                   const AnswerOptions& options) {
  check_picture_path(options.out, recipe);
  STEER_CHECK(!options.live || has_texts(space), "[live] expected samples of text but got ", text_of(space));
  for (const int64_t seed : seeds_for(recipe.seeds, recipe.count)) {
    const std::string path = seed_path(options.out, seed);
    check_samples_output(space, path, common.force);
    if (path == options.out) break;  // one file for all
  }
  const OutputKind film = has_own_format(space, options.film) ? OutputKind::kSamples : OutputKind::kFilm;
  if (!options.film.empty()) check_file_output(options.film, film, common.force);
  if (!options.chart.empty()) check_file_output(options.chart, OutputKind::kChart, common.force);
}

// A watch that shows the first text as it stands, and the line of progress where there is no terminal.
WorkWatch live_on_terminal(const Space& space) {
  if (!isatty(STDERR_FILENO)) return on_terminal();
  notice_interruption();
  const auto shown = std::make_shared<double>(0);
  return [space, shown](const Moment& moment) {
    const bool due =
        now_seconds() - *shown > kLiveSeconds || (moment.glimpse && moment.glimpse->share() >= 1);
    if (moment.glimpse && moment.glimpse->sample && due) {
      *shown = now_seconds();
      std::cerr << "\x1b[H\x1b[J" << texts_of(space, moment.glimpse->sample().narrow(0, 1))[0] << "\n\n"
                << moment.title << " " << static_cast<int>(100 * moment.share) << "%" << std::endl;
    }
    return !interruption_asked();
  };
}

}  // namespace

RequestFlags::RequestFlags(const Recipe& defaults, std::string out_path, std::string what)
    : asked(defaults), out(std::move(out_path)), what_(std::move(what)) {}

void RequestFlags::add_to(CLI::App* command) {
  add_request_to(command);
  add_picture_flag(command, out, common.force,
                   what_ +
                       " (PNG; it holds its recipe, which steer again repeats, and a .json beside it says "
                       "how it was made); with {seed} in the name, one picture for each sample");
  command->add_option(
      "--film", film,
      "film of how the first samples came to be (GIF), with a .json beside it; molecules then turn; of "
      "sounds also "
      "one to hear (.wav), of molecules a trajectory (.xyz): the first sample, moment after moment");
  command->add_flag("--live", live, "of text: show the first sample on the terminal while it comes to be");
}

void RequestFlags::add_request_to(CLI::App* command) {
  command_ = command;
  command->add_option("run", asked.model.path, "run folder or checkpoint file")->required();
  command->add_option("-n,--count", asked.count, "number of samples")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  command
      ->add_option("--seed", seed_,
                   "seed of the first sample, and sample i takes seed + i; or a list with a seed for each "
                   "sample, as 3,7,20:30, where 20:30 is 20 to 29")
      ->capture_default_str();
  command->add_option("--zoom", asked.zoom, "write each pixel as a square of this side")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  add_fit_flags(command, asked.fit, "files of another size: resize, pad or crop (default: refused)");
  add_telling_flags(command, asked.telling);
  command
      ->add_option("--from", from_,
                   "begin from this picture, text or folder of them in place of noise (repeatable; sample i "
                   "begins from number i)")
      ->allow_extra_args(false);
  command
      ->add_option(
          "--noise", noise_,
          "of --from and of each --then, in this order: how much is noise, or written anew, where samples "
          "begin: 0 nothing, 1 all of it (repeatable; default: 0.5)")
      ->allow_extra_args(false)
      ->check(CLI::Range(0.0, 1.0));
  command->add_flag("--invert", invert_,
                    "of --from and a diffusion: the noise is the files' own, found by its flow backwards, in "
                    "place of random noise: they come back, and another --label or an objective edits them");
  command
      ->add_option(
          "--then", then_,
          "a model that goes on from the samples, toward the same objective: run folder or checkpoint "
          "file (repeatable)")
      ->allow_extra_args(false);
  common.add_to(command, false);
}

Recipe RequestFlags::recipe() const {
  Recipe recipe = asked;
  recipe.seeds = parse_seed_list(seed_);
  if (seed_.find_first_of(",:") != std::string::npos) {
    const auto listed = static_cast<int64_t>(recipe.seeds.size());
    STEER_CHECK(command_->get_option("--count")->count() == 0 || recipe.count == listed,
                "[seed] expected no --count beside a list, or the number of its seeds, ", listed,
                ", but got ", recipe.count);
    recipe.count = listed;
  }
  put_beginning(recipe);
  recipe.settings = settings.settings(recipe.model.path);
  recipe.telling.fit = recipe.fit;
  if (recipe.objective.empty()) recipe.fit.clear();
  recipe.precision = common.precision, recipe.device = common.device;
  return recipe;
}

void RequestFlags::put_beginning(Recipe& recipe) const {
  constexpr int64_t kVariations = 8;
  const size_t beginnings = then_.size() + (from_.empty() ? 0 : 1);
  STEER_CHECK(noise_.size() <= beginnings, "[begin] --noise: expected ",
              beginnings == 0 ? "--from or --then, what to begin from" : "one for --from and for each --then",
              beginnings == 0 ? "" : joined(", ", beginnings, " in all, but got ", noise_.size()));
  const auto noise_of = [&](size_t i) { return i < noise_.size() ? noise_[i] : Begun().noise; };
  for (size_t i = 0; i < then_.size(); ++i) {
    Stage& stage = recipe.then.emplace_back();
    stage.model.path = then_[i], stage.noise = noise_of(i + beginnings - then_.size());
  }
  STEER_CHECK(!invert_ || !from_.empty(), "[begin] --invert: expected --from, what to begin from");
  if (from_.empty()) return;
  Begun& begun = recipe.from.emplace();
  for (const std::string& path : from_)
    for (std::string& file : files_at(path)) begun.files.push_back(std::move(file));
  begun.noise = noise_of(0), begun.fit = recipe.fit, begun.inverted = invert_;
  if (command_->get_option("--count")->count() > 0 || recipe.seeds.size() > 1) return;
  const auto files = static_cast<int64_t>(begun.files.size());
  recipe.count = files > 1 || invert_ ? files : kVariations;
}

int answer(const Common& common, const Recipe& recipe, const LoadedModel& loaded,
           const AnswerOptions& options) {
  check_outputs(common, recipe, loaded.model->space(), options);
  std::optional<SampleFilm> film;
  if (!options.film.empty()) film.emplace(loaded.model->space());
  WorkWatch watch = options.live ? live_on_terminal(loaded.model->space()) : on_terminal();
  if (film) watch = film->around(watch);
  std::optional<ScoreTrack> track;
  if (!options.chart.empty()) track.emplace(recipe, loaded.model->space(), options.judge);
  if (track) watch = track->around(watch);
  const RecipeRun run = run_recipe(recipe, loaded, watch, options.check);
  if (run.stopped) return 130;
  Json figures = figures_of(run);
  figures["out"] = options.out;
  std::string verdict;
  if (!options.judge.empty()) {
    const Verdict found = judged(options.judge, run.state, run.asked, device_of(recipe.device));
    figures["judge"] = found.figures;
    verdict = verdict_text(found);
  }
  write_run(options.out, run, figures);
  if (track) {
    write_file(options.chart, track->chart());
    write_twin(options.chart, {{"chart", track->figures()}, {"recipe", recipe_json(run.recipe)}});
  }
  if (film) film->write(options.film, {{"film", options.film}, {"recipe", recipe_json(run.recipe)}});
  show(common, figures, recipe.work == "sample" ? verdict + answer_text(run) : answer_text(run) + verdict);
  return 0;
}

}  // namespace steer
