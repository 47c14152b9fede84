#include "steer/work/evaluation.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/notice.h"
#include "steer/modalities/modalities.h"
#include "steer/text/text_space.h"
#include "steer/work/batches.h"
#include "steer/work/begun.h"
#include "steer/work/encoding.h"
#include "steer/work/pictures.h"
#include "steer/work/repeats.h"

namespace steer {
namespace {

constexpr int64_t kUsualSamples = 1000, kAveraged = 5000;
// Of samples in a picture, and of rows of three (given, made, truth).
constexpr int64_t kShown = 100, kShownColumns = 10, kShownBeside = 24, kBesideColumns = 12;

int64_t samples_wanted(const EvaluationOptions& options) {
  return options.source.count > 0 ? options.source.count : kUsualSamples;
}

State first_of(const State& samples, int64_t most) {
  return samples.narrow(0, std::min(most, samples.size()));
}

TaskOptions task_options(const EvaluationOptions& options) {
  TaskOptions task;
  task.objective = options.objective;
  task.count = samples_wanted(options);
  task.batch = options.batch;
  task.seed = options.seed;
  task.fit = options.source.fit;
  return task;
}

JudgeOptions judges(const EvaluationOptions& options) {
  JudgeOptions judge = options.judge;
  judge.features = options.features;
  return judge;
}

// Samples of an objective that needs no truth.
Evaluation of_objective(const Generator& generator, const EvaluationOptions& options, torch::Device device,
                        const WorkWatch& watch) {
  const Task task(task_options(options), generator.space(), {}, device);
  const Told told = told_by(options.telling, generator, task.count());
  Evaluation found;
  found.task = evaluate_task(generator, task, options.settings, told, {}, judges(options), options.check,
                             device, watch);
  found.count = task.count();
  found.figures = found.task->figures;
  found.picture = picture_of(generator.space(), first_of(found.task->made.state, kShown), kShownColumns);
  return found;
}

// Every sample of the data in turn is the truth of the objective. A conditional model is told the labels of
// the data, or takes its condition from the samples themselves.
Evaluation of_task(const Generator& generator, const EvaluationOptions& options, torch::Device device,
                   const WorkWatch& watch) {
  const Space space = generator.space();
  const SampleSource& source = options.source;
  const LoadedSamples data = source.load(space);
  const Task task(task_options(options), space, data.state.x, device);
  const Told told = told_by(options.telling, generator, data.state, data.label, data.classes);
  // The mean comes from training data: the test data are the question.
  const Tensor average =
      load_samples(source.data, "train", source.fit, space, kAveraged).state.x.mean(0, true);
  Evaluation found;
  found.task = evaluate_task(generator, task, options.settings, told, average, judges(options), options.check,
                             device, watch);
  found.count = task.count();
  found.figures = found.task->figures;
  found.picture =
      picture_of(space,
                 {first_of(found.task->given, kShownBeside), first_of(found.task->made.state, kShownBeside),
                  first_of(data.state, kShownBeside)},
                 kBesideColumns);
  return found;
}

Json distance_figures_of(const std::vector<NamedDistance>& distances) {
  Json figures = Json::object();
  for (const NamedDistance& distance : distances) figures[distance.name] = distance.value;
  return figures;
}

// Adds what measures of the samples' kind say of them, where it has any.
void add_distances(SampleEvaluation& made, Json& figures, const RealSamples& real, const Space& space) {
  const Modality& modality = modality_of(space);
  if (!modality.distances) return;
  const State& reference = real.reference.state;
  made.made = modality.distances(space, made.drawn.state, reference);
  made.real = modality.distances(space, real.others.state, reference);
  figures["distances"] = {{"samples", distance_figures_of(made.made)},
                          {"real", distance_figures_of(made.real)}};
}

// Adds whether samples repeat training samples.
void add_neighbours(SampleEvaluation& made, Json& figures, const RealSamples& real,
                    const SampleSource& source, const Space& space) {
  const State& held_out = real.split == "train" ? real.others.state : real.reference.state;
  made.repeating =
      repeating(made.drawn.state, held_out, fitting_options(source.data, "train", source.fit, space));
  figures["repeating"] = {{"samples", made.repeating->made},
                          {"held_out", made.repeating->held_out},
                          {"trained", made.repeating->trained}};
}

// What draw() gives of the model itself: all classes, where it is told one.
DrawOptions unguided_draws(const Model& model, const EvaluationOptions& options) {
  DrawOptions draws;
  draws.count = samples_wanted(options);
  draws.seeds = {static_cast<int64_t>(options.seed)};
  draws.batch = options.batch;
  draws.settings = options.settings;
  draws.telling = options.telling;
  if (draws.telling.label.empty() && model.needs().classes > 0) draws.telling.label = "all";
  return draws;
}

// Files in place of samples that were drawn, as many as asked or there are.
Drawn given_samples(const EvaluationOptions& options, const Space& space) {
  std::vector<std::string> files = files_at(options.samples);
  files.resize(std::min(files.size(), static_cast<size_t>(samples_wanted(options))));
  Drawn drawn;
  drawn.state = read_samples(files, space, options.source.fit);
  drawn.settings = Json::object();
  drawn.text = joined(files.size(), " files of ", options.samples);
  return drawn;
}

// Says how they were drawn.
void add_drawn(Json& figures, const Drawn& drawn, const EvaluationOptions& options,
               const std::string& label) {
  const int64_t count = drawn.state.size();
  figures["samples"] = count;
  if (!options.samples.empty()) {
    figures["files"] = options.samples;
    return;
  }
  figures["settings"] = drawn.settings;
  if (drawn.settings.contains("sampler")) figures["sampler"] = drawn.settings["sampler"];
  if (drawn.evaluations > 0) figures["evaluations"] = drawn.evaluations;
  if (!label.empty()) figures["label"] = label;
  figures["seconds_per_sample"] = drawn.seconds / static_cast<double>(count);
}

Evaluation of_unguided(const LoadedModel& loaded, const EvaluationOptions& options, torch::Device device,
                       const WorkWatch& watch) {
  const bool given = !options.samples.empty();
  const DrawOptions draws = unguided_draws(*loaded.model, options);
  // Before anything is drawn: data may lack what is needed.
  const Space space = loaded.model->space();
  STEER_CHECK(!options.neighbours || space.vocabulary == 0,
              "[evaluate] --neighbours: expected samples of numbers but got ", text_of(space));
  SampleEvaluation made;
  if (given) made.drawn = given_samples(options, space);
  const RealSamples real = real_samples(options.source, space, given ? made.drawn.state.size() : draws.count);
  if (!given) made.drawn = draw(as_generator(loaded, "evaluate"), draws, watch);
  const Drawn& drawn = made.drawn;
  STEER_CHECK(!drawn.stopped, "[evaluate] interrupted");
  Evaluation found;
  if (!options.features.empty()) {
    made.fidelity = fidelity(options.features, drawn.state, real, options.source.data, device);
    found.figures = made.fidelity->figures;
  }
  add_distances(made, found.figures, real, space);
  found.count = drawn.state.size();
  add_drawn(found.figures, drawn, options, draws.telling.label);
  const int64_t shown = std::max(kShown, modality_of(space).shown);
  if (options.neighbours) {
    add_neighbours(made, found.figures, real, options.source, space);
    found.picture = picture_of(
        space, {first_of(drawn.state, kShownBeside), first_of(made.repeating->nearest, kShownBeside)},
        kBesideColumns);
  } else {
    found.picture = picture_of(space, first_of(drawn.state, shown), kShownColumns);
  }
  found.samples = std::move(made);
  return found;
}

// Says which classes of the model the data have no samples of.
void notice_missing(const Tensor& label, const ClassNames& names, const std::string& data) {
  ClassNames missing;
  for (size_t i = 0; i < names.size(); ++i)
    if (!label.eq(static_cast<int64_t>(i)).any().item<bool>()) missing.push_back(names[i]);
  if (!missing.empty()) notice(joined("[evaluate] ", data, ": no samples of ", names_text(missing)));
}

Evaluation of_judge(const Model& model, const EvaluationOptions& options, torch::Device device,
                    const WorkWatch& watch) {
  const Judge& judge = *model.judge();
  const ClassNames& names = model.class_names();
  LoadedSamples data = options.source.load(model.space());
  STEER_CHECK(data.label.defined() && data.label.min().item<int64_t>() >= 0,
              "[evaluate] expected data with labels, because the model tells classes, but got none");
  data.label = relabelled(data.label, data.classes, names, "[evaluate] " + options.source.data);
  STEER_CHECK(data.label.max().item<int64_t>() < judge.classes(), "[evaluate] ", options.source.data,
              ": expected labels below ", judge.classes(), ", as many as the model knows, but got ",
              data.label.max().item<int64_t>());
  notice_missing(data.label, names, options.source.data);
  std::vector<Tensor> logits;
  const int64_t count = data.state.size();
  in_batches("evaluate", count, options.batch, watch, [&](int64_t at, int64_t rows) {
    logits.push_back(judge.logits(data.state.narrow(at, rows).to(device)).cpu());
  });
  Evaluation found;
  found.accuracy = accuracy(at::cat(logits), data.label);
  found.count = count;
  Json confusion = Json::array();
  for (int64_t i = 0; i < judge.classes(); ++i) {
    confusion.push_back(Json::array());
    for (int64_t j = 0; j < judge.classes(); ++j)
      confusion.back().push_back(found.accuracy->confusion[i][j].item<int64_t>());
  }
  found.figures = {{"images", count}, {"accuracy", found.accuracy->share}, {"confusion", confusion}};
  if (!names.empty()) found.figures["classes"] = names;
  found.classes = names;
  return found;
}

Evaluation of_codes(const Codec& codec, const Model& model, const EvaluationOptions& options,
                    torch::Device device, const WorkWatch& watch) {
  const LoadedSamples data = options.source.load(model.space());
  const Told told = told_by(options.telling, model, data.state, data.label, data.classes);
  Evaluation found;
  found.codes =
      evaluate_codes(codec, encode_all(codec, data.state, options.batch, options.beam, device, told, watch));
  found.count = data.state.size();
  found.figures = {{"images", found.count}};
  found.figures.update(found.codes->figures);
  return found;
}

// Bits a character of texts, whatever tokens they are made of, by a model of any tokenizer.
double judged_bits(const Model& judge, const Space& space, const State& texts) {
  const std::vector<std::string> plain = texts_of(space, texts);
  const Tokenizer tokenizer = tokenizer_of(judge.space());
  double nats = 0;
  int64_t characters = 0;
  for (const std::string& text : plain) {
    State one;
    one.token = at::tensor(tokenizer.encode(text), torch::kInt64).unsqueeze(0);
    if (one.token.numel() == 0) continue;
    const TextLikelihood found = text_likelihood(judge, one, {});
    nats += found.nats.sum().item<double>(), characters += found.characters;
  }
  return nats / std::log(2.0) / static_cast<double>(std::max<int64_t>(1, characters));
}

TextJudgement text_judgement(const std::string& path, const Space& space, const State& samples,
                             const State& real, torch::Device device) {
  const LoadedModel judge = load_model(path, device);
  const TextScores* scores = text_scores(*judge.model);
  STEER_CHECK(scores && scores->exact(), "[evaluate] --judge: ", path,
              ": expected an ar model to judge texts but got a ", judge.model->family());
  return {path, judged_bits(*judge.model, space, samples), judged_bits(*judge.model, space, real)};
}

Json judgement_figures(const TextJudgement& judged) {
  return {{"judge", judged.judge},
          {"samples", judged.samples},
          {"real", judged.real},
          {"samples_perplexity", std::exp2(judged.samples)},
          {"real_perplexity", std::exp2(judged.real)}};
}

// How likely the model finds the data, and its samples beside them.
Evaluation of_text(const LoadedModel& loaded, const EvaluationOptions& options, torch::Device device,
                   const WorkWatch& watch) {
  const Generator& generator = as_generator(loaded, "evaluate");
  Evaluation found = of_unguided(loaded, options, device, watch);
  const State texts = options.source.load(generator.space()).state;
  TextLikelihoodOptions likelihood;
  likelihood.seed = options.seed;
  found.likelihood = text_likelihood(generator, texts, likelihood, watch);
  found.figures["bits_per_character"] = found.likelihood->bits;
  found.figures["likelihood"] = found.likelihood->figures;
  if (options.judge.judge.empty()) return found;
  found.judgement =
      text_judgement(options.judge.judge, generator.space(), found.samples->drawn.state, texts, device);
  found.figures["judge"] = judgement_figures(*found.judgement);
  return found;
}

// Texts toward an objective, which needs no truth, beside those of the data.
Evaluation of_guided_text(const LoadedModel& loaded, const EvaluationOptions& options, torch::Device device,
                          const WorkWatch& watch) {
  const Generator& generator = as_generator(loaded, "evaluate");
  const Space space = generator.space();
  const RealSamples real = real_samples(options.source, space, samples_wanted(options));
  EvaluationOptions alone = options;
  alone.judge = {};  // which tells classes there
  Evaluation found = of_objective(generator, alone, device, watch);
  SampleEvaluation made;
  made.drawn.state = found.task->made.state;
  add_distances(made, found.figures, real, space);
  if (!options.judge.judge.empty()) {
    const TextJudgement judged =
        text_judgement(options.judge.judge, space, made.drawn.state, real.reference.state, device);
    found.figures["judge"] = judgement_figures(judged);
    found.judgement = judged;
  }
  found.samples = std::move(made);
  return found;
}

// Without anything asked: codes where the model has them, and its samples where these are measured without a
// network.
Evaluation of_itself(const LoadedModel& loaded, const EvaluationOptions& options, torch::Device device,
                     const WorkWatch& watch) {
  const Generator& generator = as_generator(loaded, "evaluate");
  if (text_scores(*loaded.model)) return of_text(loaded, options, device, watch);
  const bool measured = static_cast<bool>(modality_of(generator.space()).distances);
  if (!measured || generator.codec()) {
    Evaluation found = of_codes(as_codec(loaded, "evaluate"), *loaded.model, options, device, watch);
    if (!measured) return found;
    Evaluation samples = of_unguided(loaded, options, device, watch);
    samples.codes = std::move(found.codes);
    samples.figures.update(found.figures);
    return samples;
  }
  return of_unguided(loaded, options, device, watch);
}

// Says how many of the test samples are training samples.
void add_repeats(Json& figures, const SampleSource& source, const Space& space) {
  if (source.split == "train") return;
  const auto found =
      repeats_across_splits(fitting_options(source.data, source.split, source.fit, space), source.count);
  if (!found) return;
  figures["repeats"] = {{"tested", found->tested}, {"repeated", found->repeated}};
  if (found->repeated > 0) notice("[evaluate] " + source.data + ": " + text_of(*found, source.split));
}

}  // namespace

Evaluation evaluate(const LoadedModel& loaded, const EvaluationOptions& options, torch::Device device,
                    const WorkWatch& watch) {
  const bool data = !options.source.data.empty();
  STEER_CHECK(data || !options.objective.empty(),
              "[evaluate] expected --data DIR, or an --objective that needs no image of a data set");
  STEER_CHECK(options.batch > 0, "[evaluate] expected batches of at least one but got ", options.batch);
  STEER_CHECK(options.objective.empty() || (!options.neighbours && options.samples.empty()), "[evaluate] ",
              options.neighbours ? "--neighbours" : "--samples",
              ": expected no --objective beside it, since it is of unguided samples");
  Evaluation found;
  if (!data)
    found = of_objective(as_generator(loaded, "evaluate"), options, device, watch);
  else if (!options.objective.empty() && text_scores(*loaded.model))
    found = of_guided_text(loaded, options, device, watch);
  else if (!options.objective.empty())
    found = of_task(as_generator(loaded, "evaluate"), options, device, watch);
  else if (!options.features.empty() || options.neighbours || !options.samples.empty())
    found = of_unguided(loaded, options, device, watch);
  else if (loaded.model->judge())
    found = of_judge(*loaded.model, options, device, watch);
  else
    found = of_itself(loaded, options, device, watch);
  if (data) {
    found.figures["data"] = options.source.data;
    found.figures["split"] = options.source.split;
    add_repeats(found.figures, options.source, loaded.model->space());
  }
  found.figures["seed"] = options.seed;
  return found;
}

}  // namespace steer
