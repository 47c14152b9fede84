#include "steer/serve/job_works.h"

#include <algorithm>

#include "steer/core/files.h"
#include "steer/picture/images.h"
#include "steer/work/pictures.h"
#include "steer/work/recipe_pictures.h"

namespace steer {
namespace {

constexpr size_t kOpenModels = 4;
constexpr int64_t kPreviewed = 16;
constexpr const char* kOwnEndings[] = {".wav", ".xyz", ".txt"};

WorkWatch watch_of(JobLook& look, const Space& space) {
  return [&look, space](const Moment& moment) {
    look.tell(moment.share, moment.note.empty() ? moment.title : moment.title + ", " + moment.note);
    if (moment.glimpse && moment.glimpse->sample && look.wants_preview()) {
      const State state = moment.glimpse->sample();
      look.show(encode_png(picture_of(space, state.narrow(0, std::min(kPreviewed, state.size())))));
    }
    return look.goes_on();
  };
}

// The ending of files that hold one sample in the format of its kind; of pictures none.
std::string own_ending(const Space& space) {
  for (const char* ending : kOwnEndings)
    if (has_own_format(space, std::string("x") + ending)) return ending;
  return "";
}

// The class that each sample was asked to be of, by its name where it has one; null where none was asked.
Json classes_of(const RecipeRun& run) {
  if (!run.asked.label.defined()) return nullptr;
  Json classes = Json::array();
  for (int64_t i = 0; i < run.asked.label.size(0); ++i) {
    const auto label = run.asked.label[i].item<int64_t>();
    const bool named = label >= 0 && label < static_cast<int64_t>(run.asked.names.size());
    classes.push_back(named ? run.asked.names[static_cast<size_t>(label)] : std::to_string(label));
  }
  return classes;
}

}  // namespace

std::shared_ptr<const LoadedModel> OpenModels::at(const std::string& path) {
  const auto found =
      std::find_if(open_.begin(), open_.end(), [&](const auto& entry) { return entry.first == path; });
  if (found != open_.end()) {
    open_.splice(open_.begin(), open_, found);
    return open_.front().second;
  }
  open_.emplace_front(path, std::make_shared<const LoadedModel>(open_model(path, computing_)));
  if (open_.size() > kOpenModels) open_.pop_back();
  return open_.front().second;
}

Json samples_made(const Recipe& asked, OpenModels& models, const JobHistory& history, JobLook& look) {
  look.tell(0, "opening the model");
  const std::shared_ptr<const LoadedModel> loaded = models.at(asked.model.path);
  Recipe recipe = asked;
  recipe.precision = models.computing().precision;
  recipe.device = models.computing().device.is_cpu() ? "cpu" : "cuda";
  const Space space = loaded->model->space();
  const RecipeRun run = run_recipe(recipe, *loaded, watch_of(look, space));
  if (run.stopped) return nullptr;
  look.tell(1, "writing");
  const std::string own = own_ending(run.space);
  Json figures = figures_of(run);
  write_run(history.path(look.id(), "png"), run, figures);
  for (int64_t i = 0; i < run.recipe.count; ++i) {
    write_sample(history.path(look.id(), std::to_string(i) + ".png"), run, i);
    if (!own.empty()) write_sample(history.path(look.id(), std::to_string(i) + own), run, i);
  }
  figures.erase("run");
  return {
      {"kind", run.space.kind}, {"samples", run.recipe.count}, {"own", own},        {"seconds", run.seconds},
      {"text", run.text},       {"classes", classes_of(run)},  {"figures", figures}};
}

Json strengths_found(SearchingOptions options, OpenModels& models, const JobHistory& history, JobLook& look) {
  look.tell(0, "opening the model");
  const std::shared_ptr<const LoadedModel> loaded = models.at(options.run);
  options.preset = history.path(look.id(), "preset.json");
  options.journal = history.path(look.id(), "trials.jsonl");
  const Searched searched =
      search_guidance(*loaded, options, models.computing().device, watch_of(look, loaded->model->space()));
  if (searched.interrupted) return nullptr;
  Json names = Json::array();
  for (const Knob& knob : searched.knobs) names.push_back(knob.name);
  const SearchResult& result = searched.result;
  const Trial& best = result.trials[static_cast<size_t>(result.best)];
  Json preset = Json::object();
  for (const char* part : {"guidance", "sampler"})
    if (searched.figures.contains(part)) preset[part] = searched.figures[part];
  return {{"metric", searched.metric},
          {"trials", result.trials.size()},
          {"samples", result.samples},
          {"value", best.metric},
          {"values", best.values},
          {"confirmed", searched.figures.value("confirmed", Json())},
          {"check", searched.figures.value("check", Json())},
          {"knobs", names},
          {"preset", preset}};
}

}  // namespace steer
