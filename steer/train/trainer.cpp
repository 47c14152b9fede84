#include "steer/train/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <numeric>
#include <optional>

#include "steer/core/check.h"
#include "steer/core/clock.h"
#include "steer/core/files.h"
#include "steer/core/folder_lock.h"
#include "steer/core/interruption.h"
#include "steer/core/json.h"
#include "steer/core/notice.h"
#include "steer/core/precision.h"
#include "steer/core/random.h"
#include "steer/picture/images.h"
#include "steer/train/accord.h"
#include "steer/train/film.h"
#include "steer/train/plot.h"
#include "steer/train/run_file.h"
#include "steer/train/training_run.h"

namespace steer {
namespace {

namespace fs = std::filesystem;
constexpr int64_t kGridImages = 64;

// A model that is told or tells classes learns their names with them.
void take_class_names(Model& model, const Dataset& data, const std::string& path) {
  const bool classes = model.judge() || model.needs().classes > 0;
  if (!classes) return;
  check_same_classes(model.class_names(), data.classes(), path);
  if (model.class_names().empty() && !are_numbers(data.classes())) model.set_class_names(data.classes());
}

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

// Whether these data with these options are for this model.
void check_fit(const Model& model, const Dataset& data, const RunOptions& options) {
  check_options(options, "options");
  check(options.train);
  STEER_CHECK(data.space() == model.space(), "[train] ", options.data.path, ": expected samples ",
              text_of(model.space()), " as the model makes them but got ", text_of(data.space()),
              "; set data.size and data.channels, or the model's");
}

// Whether the run may begin in this folder, or go on.
void check_folder(const std::string& run, bool resume) {
  const bool exists = fs::exists(run + "/resume.safetensors");
  STEER_CHECK(resume || (!exists && !fs::exists(run + "/model.safetensors")), "[train] ", run,
              ": holds a run already; continue it with --resume or name another folder");
  if (!resume) check_free(run);
  STEER_CHECK(!resume || exists, "[train] ", run,
              ": expected a run to resume but there is no resume.safetensors");
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

// The folder of a run while it is written to, which one process does.
class RunFolder {
 public:
  // Takes it. `run` is at its beginning, or as the folder's checkpoint has it.
  RunFolder(const std::string& folder, TrainingRun& run, Model& model, const Dataset& data,
            const RunOptions& options, bool resume)
      : folder_(folder), run_(run), model_(model), data_(data), options_(options.train), lock_(folder) {
    check_folder(folder, resume);  // another run may have come and gone meanwhile
    fs::create_directories(folder + "/samples");
    write_file(folder + "/options.json", json_text(run_json(options, model), 2) + "\n");
    log_.emplace(folder + "/log.jsonl", run.log_bytes);
  }

  void log(const Json& line) { log_->write(line); }

  void save() {
    run_.log_bytes = log_->size();
    run_.save(folder_);
    write_loss_plot(folder_);
    saved_ = now_seconds();
  }

  void draw() {
    write_preview(model_, data_, run_.learner.ema,
                  fmt::format("{}/samples/{:08}.png", folder_, run_.learner.images));
    drawn_ = now_seconds();
  }

  bool is_to_save() const { return now_seconds() - saved_ > 60 * options_.checkpoint_minutes; }
  bool is_to_draw() const {
    return options_.grid_minutes > 0 && now_seconds() - drawn_ > 60 * options_.grid_minutes;
  }

 private:
  std::string folder_;
  TrainingRun& run_;
  Model& model_;
  const Dataset& data_;
  const TrainOptions& options_;
  FolderLock lock_;
  std::optional<LogFile> log_;
  double saved_ = now_seconds(), drawn_ = now_seconds();
};

// The loop of one process, and what it has of the run.
class Trainer {
 public:
  Trainer(Model& model, const Dataset& data, const RunOptions& options, const std::string& folder,
          torch::Device device, const TrainWatch& watch, const Together& together)
      : options_(options.train),
        folder_(folder),
        device_(device),
        watch_(watch),
        together_(together),
        accord_(together),
        run_(model, options.train, together),
        loader_(data, options.train.loader, share_of(together)) {}

  // Takes the run up where it stands; the first process tells the others where that is.
  void begin(Model& model, const Dataset& data, const RunOptions& options, bool resume) {
    accord_.attempt([&] {
      if (together_.rank > 0) return;
      const std::string path = folder_ + "/resume.safetensors";
      if (resume) run_.load(read_checkpoint(path), path);
      written_ = std::make_unique<RunFolder>(folder_, run_, model, data, options, resume);
      if (resume) tell_resumed(run_, options_, share_done(), folder_);
    });
    accord_.reach();
    if (together_.of > 1) {
      const Checkpoint taken = of_first(together_, run_.checkpoint());
      if (together_.rank > 0) run_.load(taken, "the run of the first process");
    }
    loader_.seek(run_.learner.images);
    started_ = now_seconds() - run_.seconds;
  }

  TrainSummary go() {
    // Seen at once, where it stands.
    if (share_done() < 1) see();
    while (const std::optional<Batch> batch = next()) {
      step(*batch);
      see();
      accord_.attempt([&] {
        if (!written_ || !wanted_ || share_done() >= 1) return;
        if (written_->is_to_save()) save();
        if (written_->is_to_draw()) written_->draw();
      });
    }
    check_losses();
    accord_.attempt([&] {
      if (!written_) return;
      save();
      if (!summary_.interrupted) written_->draw();
      write_film(folder_);
    });
    accord_.reach();
    summary_.state = run_.state();
    return summary_;
  }

 private:
  // The batch of the next step; none where all end.
  std::optional<Batch> next() {
    std::optional<Batch> batch;
    accord_.attempt([&] {
      // What others wish, and how late it is for them, is not known yet.
      if (wanted_ && (together_.of > 1 || share_done() < 1)) batch = loader_.next();
    });
    const bool stop = accord_.reach(!wanted_, run_.seconds);
    summary_.interrupted = stop && share_done() < 1;
    if (stop || share_done() >= 1) batch.reset();
    return batch;
  }

  void step(Batch batch) {
    Learner& learner = run_.learner;
    batch.data = batch.data.to(device_);
    const double rate = learning_rate(options_, learner.images, share_done());
    for (const auto& [name, value] : learner.step(batch, seed_of(learner.steps), rate))
      run_.averages.add(name, value);
    run_.seconds = now_seconds() - started_;
    if (learner.steps % options_.log_every_steps == 0) log(rate);
  }

  void log(double rate) {
    check_losses();
    summary_.figures = run_.averages.take();
    Json line = {{"step", run_.learner.steps},
                 {"images", run_.learner.images},
                 {"seconds", run_.seconds},
                 {"rate", rate}};
    for (const auto& [name, value] : summary_.figures) line[name] = value;
    accord_.attempt([&] {
      if (written_) written_->log(line);
    });
  }

  void see() {
    accord_.attempt([&] {
      wanted_ = wanted_ && (!watch_ || watch_({run_.state(), share_done(), summary_.figures}));
    });
  }

  void save() {
    check_losses();
    run_.share = share_done();
    written_->save();
  }

  double share_done() const {
    const double by_images =
        options_.images > 0 ? static_cast<double>(run_.learner.images) / static_cast<double>(options_.images)
                            : 0;
    return std::max(by_images, options_.minutes > 0 ? run_.seconds / (60 * options_.minutes) : 0);
  }

  uint64_t seed_of(int64_t step) const {
    return derive_seed(static_cast<uint64_t>(options_.seed), static_cast<uint64_t>(step));
  }

  // All have the same losses.
  void check_losses() const {
    const int64_t bad = run_.learner.first_bad_step();
    STEER_CHECK(bad < 0, "[train] the loss is not finite at step ", bad, ", seed ", seed_of(bad), "; ",
                fs::exists(folder_ + "/resume.safetensors")
                    ? "the last checkpoint in " + folder_ + " is whole"
                    : "there is no checkpoint yet, so " + folder_ + " holds nothing to go on from");
  }

  const TrainOptions& options_;
  std::string folder_;
  torch::Device device_;
  const TrainWatch& watch_;
  Together together_;
  Accord accord_;
  TrainingRun run_;
  Loader loader_;
  std::unique_ptr<RunFolder> written_;  // of the first process
  bool wanted_ = true;                  // by this process's watch
  double started_ = 0;                  // when a run without pauses would have begun
  TrainSummary summary_;
};

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
                   bool resume, torch::Device device, const TrainWatch& watch, const Together& together) {
  check(together);
  check_fit(model, data, options);
  take_class_names(model, data, options.data.path);
  if (together.of == 1) check_folder(run, resume);  // before anything is made
  model.module().to(device);
  model.set_compute_type(scalar_type(make_precision(options.train.precision, device)));
  Trainer trainer(model, data, options, run, device, watch, together);
  trainer.begin(model, data, options, resume);
  return trainer.go();
}

}  // namespace steer
