#include "steer/work/prior_learning.h"

#include <fmt/format.h>

#include <filesystem>
#include <numeric>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/notice.h"
#include "steer/modalities/modalities.h"
#include "steer/work/outputs.h"
#include "steer/work/prior_files.h"
#include "steer/work/samples.h"
#include "steer/work/telling.h"

namespace steer {
namespace {

// How many labels the model may be told.
int64_t labels_told(const Model& model) {
  const Needs needs = model.needs();
  return needs.classes > 0 ? needs.classes + (needs.no_class ? 1 : 0) : 0;
}

// Codes of a split, or those of `known` in its order, with the labels that the data say; a batch of samples
// at a time: data sets may be larger than memory. A conditional model is told what the data say.
PriorLesson lesson_of(const Codec& codec, const LoadedModel& loaded, const PriorRequest& request,
                      const std::string& split, int64_t count, const Tensor& known, const WorkWatch& watch) {
  PriorLesson lesson;
  lesson.labels = labels_told(*loaded.model);
  if (known.defined() && lesson.labels == 0) {
    lesson.code = known;
    return lesson;
  }
  if (known.defined()) count = known.size(0);
  const Space space = loaded.model->space();
  const Modality& modality = modality_of(space);
  const auto data = make_dataset(fitting_options(request.data, split, request.fit, space, count));
  const torch::Device device = loaded.model->module().parameters().front().device();
  const int64_t total = count > 0 ? std::min(count, data->size()) : data->size();
  STEER_CHECK(!known.defined() || total == known.size(0), "[prior] ", request.codes, ": expected at most ",
              data->size(), " codes, as many as ", request.data, " has samples, but got ", known.size(0));
  std::vector<Tensor> codes, labels;
  for (int64_t at = 0; at < total;) {
    std::vector<int64_t> rows(static_cast<size_t>(std::min(request.batch, total - at)));
    std::iota(rows.begin(), rows.end(), at);
    const Batch batch = data->batch(rows);
    const Told told = told_by({}, *loaded.model, batch.data, batch.told.label, data->classes());
    if (lesson.labels > 0) labels.push_back(told.label.cpu());
    if (!known.defined()) codes.push_back(codec.encode(batch.data.to(device), 1, told.to(device)).code.cpu());
    at += static_cast<int64_t>(rows.size());
    const double share = static_cast<double>(at) / static_cast<double>(total);
    const std::string title = (known.defined() ? "labels " : "encode ") + split;
    const bool goes_on = tell(watch, {title, share, fmt::format("{} {}", at, modality.plural)});
    STEER_CHECK(goes_on, "[prior] interrupted before there was anything to keep");
  }
  lesson.code = known.defined() ? known : at::cat(codes);
  if (lesson.labels > 0) lesson.label = at::cat(labels);
  return lesson;
}

// What to learn from: codes of a file written by encode, or of the data set.
PriorLesson to_learn(const Codec& codec, const LoadedModel& loaded, const PriorRequest& request,
                     const WorkWatch& watch) {
  Tensor known;
  if (!request.codes.empty())
    known = codec.code_in(read_codes(read_file(request.codes), request.codes), request.codes);
  return lesson_of(codec, loaded, request, request.split, request.count, known, watch);
}

// Trains from a former prior, or from new weights, and writes the best whenever there is a better one.
PriorTraining trained_prior(const Codec& codec, const PriorLesson& lesson, const PriorRequest& request,
                            const Prior* former, PriorLearning& made, const WorkWatch& watch) {
  const std::string title = "prior " + made.out;
  PriorHooks hooks;
  hooks.stop = [&] { return made.interrupted; };
  hooks.progress = [&](double share, const std::string& note) {
    made.interrupted = share < 1 && !tell(watch, {title, share, note});
  };
  hooks.improved = [&](const PriorTraining& better) {
    write_prior(
        made.out, Prior(better.best, made.model),
        json_text(Json(
            {{"held_out_bits", better.real_bits}, {"steps", better.steps}, {"codes", lesson.code.size(0)}})));
  };
  PriorTraining training =
      train_prior(lesson, codec.candidates(), request.options, former ? &former->numbers() : nullptr, hooks);
  tell(watch, {title, 1, fmt::format("{} steps", training.steps)});
  return training;
}

}  // namespace

PriorLearning learn_prior(const LoadedModel& loaded, const PriorRequest& request, const WorkWatch& watch) {
  const Codec& codec = as_codec_of_numbers(loaded, "prior");
  PriorLearning made;
  made.out = request.out.empty() ? prior_path(request.run) : request.out;
  made.model = codec.fingerprint();
  STEER_CHECK(request.resume || !std::filesystem::exists(made.out), "[prior] ", made.out,
              ": expected no prior there; --resume goes on from it, --out FILE writes another");
  check_file_output(made.out, OutputKind::kPrior, true);
  std::unique_ptr<Prior> former;
  if (request.resume) former = open_prior(made.out, request.run, made.model);
  const PriorLesson lesson = to_learn(codec, loaded, request, watch);
  const PriorLesson test =
      lesson_of(codec, loaded, request, request.test_split, request.test_count, {}, watch);
  made.codes = lesson.code.size(0), made.test_codes = test.code.size(0);
  made.training = trained_prior(codec, lesson, request, former.get(), made, watch);

  const Prior prior(made.training.best, made.model);
  made.labels = prior.labels();
  made.bits = prior.bits(test.code, test.label).sum(1).mean().item<double>();
  made.latent_bits = codec.bits();
  made.fingerprint = prior.fingerprint();
  if (made.bits > made.latent_bits)
    notice(
        fmt::format("[prior] {}: takes {:.1f} bits for a code of other samples, more than the {:.1f} that "
                    "all take without a prior: {} codes are too few to learn from, or training was short",
                    made.out, made.bits, made.latent_bits, made.codes));
  return made;
}

Json prior_json(const PriorLearning& made, const PriorRequest& request) {
  return {{"run", request.run},
          {"out", made.out},
          {"codes", made.codes},
          {"steps", made.training.steps},
          {"test_codes", made.test_codes},
          {"bits", made.bits},
          {"held_out_bits", made.training.bits},
          {"held_out_real_bits", made.training.real_bits},
          {"counted_bits", made.training.counted_bits},
          {"latent_bits", made.latent_bits},
          {"labels", made.labels},
          {"model", fingerprint_text(made.model)},
          {"fingerprint", fingerprint_text(made.fingerprint)},
          {"interrupted", made.interrupted}};
}

}  // namespace steer
