#include "steer/train/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "steer/core/check.h"
#include "steer/core/clock.h"
#include "steer/core/files.h"
#include "steer/core/folder_lock.h"
#include "steer/core/interruption.h"
#include "steer/core/json.h"
#include "steer/core/json_fields.h"
#include "steer/core/metadata.h"
#include "steer/core/notice.h"
#include "steer/core/precision.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/picture/images.h"
#include "steer/train/film.h"
#include "steer/train/learner.h"
#include "steer/train/plot.h"
#include "steer/train/run_file.h"

namespace steer {
namespace {

namespace fs = std::filesystem;
constexpr int64_t kGridImages = 64;

// Labels mean the same to a model and its data.
void check_same_classes(const ClassNames& known, const ClassNames& given, const std::string& where) {
  STEER_CHECK(known.empty() || given.empty() || known == given, "[train] ", where, ": expected the classes ",
              names_text(known), " in this order but the data have ", names_text(given));
}

// A model that is told or tells classes learns their names with them.
void take_class_names(Model& model, const Dataset& data, const std::string& path) {
  const bool classes = model.judge() || model.needs().classes > 0;
  if (!classes) return;
  check_same_classes(model.class_names(), data.classes(), path);
  if (model.class_names().empty() && !are_numbers(data.classes())) model.set_class_names(data.classes());
}

// All that a continuation needs beside the options: raw weights, buffers, optimiser, shadows, counters.
class TrainingRun {
 public:
  TrainingRun(Model& model, const TrainOptions& options)
      : model_(model), stored_(options.stored), learner(model, options) {}

  void save(const std::string& folder, int64_t log_bytes, const Json& averages) {
    Checkpoint checkpoint;
    const auto put = [&](const std::string& prefix, const std::map<std::string, Tensor>& tensors) {
      for (const auto& [name, tensor] : tensors) checkpoint.tensors[prefix + name] = tensor;
    };
    put("model.", module_tensors(model_.module()));
    put("adam.", learner.optimiser_state());
    put("ema.", learner.ema.shadows());
    put("training.", model_.training_state());
    checkpoint.metadata = {{"format", "steer-resume"},
                           {"images", std::to_string(learner.images)},
                           {"steps", std::to_string(learner.steps)},
                           {"seconds", fmt::format("{}", seconds)},
                           {"share", fmt::format("{}", share)},
                           {"log_bytes", std::to_string(log_bytes)},
                           {"averages", json_text(averages)}};
    if (!model_.class_names().empty())
      checkpoint.metadata["class_names"] = class_names_json(model_.class_names());
    write_checkpoint(folder + "/resume.safetensors", checkpoint);
    save_model(folder + "/model.safetensors", model_, state(), &learner.ema,
               stored_ == "float16" ? torch::kFloat16 : torch::kFloat32);
  }

  // What the log needs to go on: its length and the averages of the line begun.
  struct LogState {
    int64_t bytes = 0;
    Json averages = Json::array();
  };
  LogState load(const std::string& folder) {
    const std::string path = folder + "/resume.safetensors";
    const Checkpoint checkpoint = read_checkpoint(path);
    const auto part = [&](const std::string& prefix) {
      std::map<std::string, Tensor> tensors;
      for (const auto& [name, tensor] : checkpoint.tensors)
        if (name.rfind(prefix, 0) == 0) tensors[name.substr(prefix.size())] = tensor;
      return tensors;
    };
    const std::string what = "[resume] " + path;
    const Metadata words(checkpoint.metadata, what);
    if (words.has("class_names"))
      check_same_classes(class_names_of(words.text("class_names")), model_.class_names(), path);
    load_tensors(model_.module(), part("model."), what);
    model_.load_training_state(part("training."));
    learner.load_optimisers(part("adam."), what + ": adam");
    learner.ema.load(part("ema."), what + ": ema");
    learner.images = words.count("images");
    learner.steps = words.count("steps");
    seconds = words.number("seconds");
    // Files of former versions do not say it.
    if (words.has("share")) share = words.number("share");
    LogState log{words.count("log_bytes"), Json::array()};
    if (words.has("averages")) log.averages = words.json("averages");
    return log;
  }

  TrainingState state() const { return {learner.images, learner.steps, seconds}; }

 private:
  Model& model_;
  std::string stored_;

 public:
  Learner learner;
  double seconds = 0;
  double share = 0;  // of the budget that was spent when it was saved
};

// Averages of logged figures since the last line. Values stay on the device until they are read.
class Averages {
 public:
  void add(const std::string& name, const Tensor& value) {
    for (auto& [known, sum] : sums_)
      if (known == name) {
        sum.first += value.detach().to(torch::kFloat64);
        ++sum.second;
        return;
      }
    sums_.push_back({name, {value.detach().to(torch::kFloat64).clone(), 1}});
  }
  // Sums and counts so far, and back.
  Json state() const {
    Json state = Json::array();
    for (const auto& [name, sum] : sums_)
      state.push_back({{"name", name}, {"sum", sum.first.item<double>()}, {"count", sum.second}});
    return state;
  }
  void load(const Json& state, const std::string& where) {
    STEER_CHECK(state.is_array(), "[resume] ", where, ": averages: expected an array but got ",
                in_quotes(state.dump()));
    for (const Json& each : state)
      sums_.push_back({field<std::string>(each, "name", where),
                       {at::full({}, field<double>(each, "sum", where), torch::kFloat64),
                        field<int64_t>(each, "count", where)}});
  }
  std::vector<std::pair<std::string, double>> take() {
    std::vector<std::pair<std::string, double>> means;
    for (auto& [name, sum] : sums_)
      means.emplace_back(name, sum.first.item<double>() / static_cast<double>(sum.second));
    sums_.clear();
    return means;
  }

 private:
  std::vector<std::pair<std::string, std::pair<Tensor, int64_t>>> sums_;
};

// What the averaged weights make, beside some of the images where a condition is made from them. Nothing
// where the process is asked to end meanwhile.
void write_preview(Model& model, const Dataset& data, Ema& ema, const std::string& path) {
  const Ema::Swap averaged(ema);
  State examples;
  if (model.needs().given) {
    std::vector<int64_t> first(static_cast<size_t>(std::min(kGridImages / 2, data.size())));
    std::iota(first.begin(), first.end(), 0);
    examples = data.batch(first).data;
  }
  Tensor picture;
  try {
    picture = model.preview(kGridImages, examples);
  } catch (const Interrupted&) {
    return;  // seen by the watch as well, which ends the training
  }
  if (picture.defined()) write_png(path, picture);
}

// A new run writes over what a run left that ended before its first checkpoint, and over nothing else.
void check_free(const std::string& run) {
  STEER_CHECK(!run.empty(), "[train] expected the name of a folder for the run but got an empty one");
  const std::string options = run + "/options.json";
  const Json json = fs::exists(options) ? Json::parse(read_file(options), nullptr, false) : Json();
  if (json.is_object() && json.contains("family") && json.contains("train")) return;
  for (const char* name : {"options.json", "log.jsonl", "loss.svg", "film.gif", "samples"})
    STEER_CHECK(!fs::exists(run + "/" + name), "[train] ", run, "/", name,
                ": stands there and is not steer's; name another folder");
}

// Whether the run may begin, or go on.
void check_run(const Model& model, const Dataset& data, const RunOptions& options, const std::string& run,
               bool resume) {
  check_options(options, "options");
  check(options.train);
  const bool exists = fs::exists(run + "/resume.safetensors");
  STEER_CHECK(resume || (!exists && !fs::exists(run + "/model.safetensors")), "[train] ", run,
              ": holds a run already; continue it with --resume or name another folder");
  if (!resume) check_free(run);
  STEER_CHECK(!resume || exists, "[train] ", run,
              ": expected a run to resume but there is no resume.safetensors");
  STEER_CHECK(data.space() == model.space(), "[train] ", options.data.path, ": expected samples ",
              text_of(model.space()), " as the model makes them but got ", text_of(data.space()),
              "; set data.size and data.channels, or the model's");
}

// Says what a user of --resume may not expect.
void tell_resumed(const TrainingRun& self, const TrainOptions& options, double share,
                  const std::string& run) {
  const int64_t images = self.learner.images;
  if (share >= 1) {
    notice(joined("[train] ", run, ": its budget is spent after ", images,
                  " samples, so nothing is trained; a larger --images or --minutes goes on"));
    return;
  }
  const double before = learning_rate(options, images, self.share),
               now = learning_rate(options, images, share);
  constexpr double kJump = 1.5;
  if (share < self.share && now > kJump * before)
    notice(
        fmt::format("[train] {}: the learning rate rises from {:.2g} to {:.2g}, because the budget has grown "
                    "and the cosine ends with it; train.decay=constant has none",
                    run, before, now));
}

}  // namespace

void check(const TrainOptions& o) {
  STEER_CHECK(o.rate > 0, "[options] train.rate: expected a positive learning rate but got ", o.rate);
  STEER_CHECK(o.ramp_images >= 0, "[options] train.ramp_images: expected at least 0 but got ", o.ramp_images);
  STEER_CHECK(o.decay == "cosine" || o.decay == "constant",
              "[options] train.decay: expected cosine or constant but got \"", o.decay, "\"");
  STEER_CHECK(o.optimiser == "adam" || o.optimiser == "muon",
              "[options] train.optimiser: expected adam or muon but got \"", o.optimiser, "\"");
  STEER_CHECK(o.stored == "float32" || o.stored == "float16",
              "[options] train.stored: expected float32 or float16 but got \"", o.stored, "\"");
  STEER_CHECK(o.floor >= 0 && o.floor <= 1, "[options] train.floor: expected a share in [0, 1] but got ",
              o.floor);
  STEER_CHECK(o.images >= 0 && o.minutes >= 0, "[options] train: expected budgets of at least 0 but got ",
              o.images, " images and ", o.minutes, " minutes");
  STEER_CHECK(o.images > 0 || o.minutes > 0,
              "[train] expected a budget: --minutes M or --images N (or train.minutes, train.images)");
  STEER_CHECK(o.loader.batch >= 1, "[options] train.loader.batch: expected at least 1 but got ",
              o.loader.batch);
  STEER_CHECK(o.log_every_steps >= 1, "[options] train.log_every_steps: expected at least 1 but got ",
              o.log_every_steps);
}

double learning_rate(const TrainOptions& options, int64_t images, double share) {
  const double ramp =
      options.ramp_images > 0
          ? std::min(1.0, static_cast<double>(images) / static_cast<double>(options.ramp_images))
          : 1.0;
  const double cosine =
      options.floor + (1 - options.floor) * 0.5 * (1 + std::cos(M_PI * std::clamp(share, 0.0, 1.0)));
  return options.rate * ramp * (options.decay == "cosine" ? cosine : 1.0);
}

TrainSummary train(Model& model, const Dataset& data, const RunOptions& options, const std::string& run,
                   bool resume, torch::Device device, const TrainWatch& watch) {
  const TrainOptions& o = options.train;
  check_run(model, data, options, run, resume);
  take_class_names(model, data, options.data.path);
  model.module().to(device);
  model.set_compute_type(scalar_type(make_precision(o.precision, device)));
  TrainingRun self(model, o);
  Learner& learner = self.learner;
  const TrainingRun::LogState former = resume ? self.load(run) : TrainingRun::LogState();
  const FolderLock lock(run);
  check_run(model, data, options, run, resume);  // another run may have come and gone meanwhile
  fs::create_directories(run + "/samples");
  write_file(run + "/options.json", json_text(run_json(options, model), 2) + "\n");
  LogFile log(run + "/log.jsonl", former.bytes);
  Loader loader(data, o.loader);
  loader.seek(learner.images);

  const double started = now_seconds() - self.seconds;
  double checkpointed = now_seconds(), drawn = now_seconds();
  const auto share_done = [&] {
    const double by_images =
        o.images > 0 ? static_cast<double>(learner.images) / static_cast<double>(o.images) : 0;
    return std::max(by_images, o.minutes > 0 ? self.seconds / (60 * o.minutes) : 0);
  };
  if (resume) tell_resumed(self, o, share_done(), run);
  Averages averages;
  averages.load(former.averages, run + "/resume.safetensors: averages");
  const auto seed_of = [&](int64_t step) {
    return derive_seed(static_cast<uint64_t>(o.seed), static_cast<uint64_t>(step));
  };
  const auto check_losses = [&] {
    const int64_t bad = learner.first_bad_step();
    STEER_CHECK(bad < 0, "[train] the loss is not finite at step ", bad, ", seed ", seed_of(bad), "; ",
                fs::exists(run + "/resume.safetensors")
                    ? "the last checkpoint in " + run + " is whole"
                    : "there is no checkpoint yet, so " + run + " holds nothing to go on from");
  };
  const auto save = [&] {
    check_losses();
    self.share = share_done();
    self.save(run, log.size(), averages.state());
    write_loss_plot(run);
    checkpointed = now_seconds();
  };
  const auto draw = [&] {
    write_preview(model, data, learner.ema, fmt::format("{}/samples/{:08}.png", run, learner.images));
    drawn = now_seconds();
  };

  TrainSummary summary;
  // Seen at once, where it stands.
  summary.interrupted = watch && share_done() < 1 && !watch({self.state(), share_done(), {}});
  while (share_done() < 1 && !summary.interrupted) {
    Batch batch = loader.next();
    batch.data = batch.data.to(device);
    const double rate = learning_rate(o, learner.images, share_done());
    for (const auto& [name, value] : learner.step(batch, seed_of(learner.steps), rate))
      averages.add(name, value);
    self.seconds = now_seconds() - started;

    if (learner.steps % o.log_every_steps == 0) {
      check_losses();
      summary.figures = averages.take();
      Json line = {
          {"step", learner.steps}, {"images", learner.images}, {"seconds", self.seconds}, {"rate", rate}};
      for (const auto& [name, value] : summary.figures) line[name] = value;
      log.write(line);
    }
    const double share = share_done();
    summary.interrupted = watch && !watch({self.state(), share, summary.figures}) && share < 1;
    if (summary.interrupted) break;
    if (now_seconds() - checkpointed > 60 * o.checkpoint_minutes) save();
    if (o.grid_minutes > 0 && now_seconds() - drawn > 60 * o.grid_minutes) draw();
  }
  save();
  if (!summary.interrupted) draw();
  write_film(run);
  summary.state = self.state();
  return summary;
}

}  // namespace steer
