#include "steer/sound/wave_words.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/objectives/arguments.h"
#include "steer/sound/mel_words.h"
#include "steer/sound/mixture.h"
#include "steer/sound/sound_files.h"
#include "steer/sound/speech_objective.h"
#include "steer/sound/wave_space.h"
#include "steer/sound/wave_tasks.h"

namespace steer {
namespace {

constexpr double kWaveNoise = 0.01, kNoisyWave = 0.1, kMostWaveSeconds = 1e6;
constexpr uint64_t kWaveNoiseStream = 0x77617665;

// The sound that the words name, or the data set's.
Tensor given_waves(const Arguments& arguments, const ObjectiveContext& context) {
  if (arguments.has("sound"))
    return as_waves(context.space, {read_sound(arguments.text("sound"))}).x.to(context.device);
  STEER_CHECK(context.truth.defined(), arguments.where(), " needs a sound, as in ", arguments.name(),
              "(word.wav)");
  return context.truth.to(context.device);
}

std::unique_ptr<Objective> linear_wave(LinearTask task, const Arguments& arguments) {
  return std::make_unique<LinearObjective>(std::move(task), arguments.words());
}

std::unique_ptr<Objective> inpaint_wave(const Arguments& arguments, const ObjectiveContext& context) {
  const Tensor truth = given_waves(arguments, context);
  const double begin = arguments.number("begin"), end = arguments.number("end"), rate = context.space.rate_hz;
  const int64_t all = context.space.sizes.at(2);
  const double length = static_cast<double>(all) / rate;
  STEER_CHECK(begin < end, arguments.where(), ": expected begin before end but got ", begin, " and ", end);
  STEER_CHECK(begin < length, arguments.where(), ": expected a part of the first ", length,
              " seconds but got one from ", begin, " on");
  const Tensor sample = at::arange(all, torch::kFloat64);
  const Tensor hidden = (sample >= std::round(begin * rate)) & (sample < std::round(end * rate));
  STEER_CHECK(!hidden.all().item<bool>(), arguments.where(),
              ": expected a part that is known but all is hidden");
  return linear_wave(
      shown_in_part(truth, hidden.to(truth.options()).view({1, 1, 1, -1}), arguments.number("noise")),
      arguments);
}

std::unique_ptr<Objective> declip_wave_by(const Arguments& arguments, const ObjectiveContext& context) {
  const Tensor waves = given_waves(arguments, context);
  const double threshold = arguments.number("threshold"), noise = arguments.number("noise");
  const Tensor greatest = waves.abs().amax({1, 2, 3}, true);
  STEER_CHECK((greatest > 0).all().item<bool>(), arguments.where(), ": expected a sound but got silence");
  // Of a sound that is clipped already the greatest sample is the level, which is brought down to make room.
  const double peak = wave_options_of(context.space).peak;
  const Tensor level = threshold * (peak > 0 ? at::full_like(greatest, peak) : greatest);
  const Clipped clip = arguments.flag("clipped") ? clipped(waves * (level / greatest), level * (1 - 1e-4))
                                                 : clipped(waves, level);
  STEER_CHECK((clip.high == 0).any().item<bool>(), arguments.where(),
              ": expected samples inside the threshold but all are beyond it");
  if (!arguments.flag("bound")) return linear_wave(unclipped_samples(clip, noise), arguments);
  return std::make_unique<DeclipObjective>(clip, noise, arguments.words());
}

std::unique_ptr<Objective> bandwidth_by(const Arguments& arguments, const ObjectiveContext& context) {
  const double hz = arguments.number("hz"), rate = context.space.rate_hz;
  STEER_CHECK(hz < rate / 2, arguments.where(), ": expected hz below ", rate / 2,
              ", half the rate of the samples, but got ", hz);
  return linear_wave(bandwidth(given_waves(arguments, context), hz, rate, arguments.number("noise")),
                     arguments);
}

std::unique_ptr<Objective> denoise_wave(const Arguments& arguments, const ObjectiveContext& context) {
  const double noise = arguments.number("noise");
  Tensor noisy = given_waves(arguments, context);
  // A truth that stands in has no noise yet.
  if (!arguments.has("sound") || arguments.flag("add")) {
    const Tensor seeds = sample_seeds(context.seed, noisy.size(0), context.device);
    noisy = noisy + noise * normal_rows(seeds, kWaveNoiseStream, noisy.sizes().slice(1));
  }
  return linear_wave(whole_task("denoise", noisy, noise), arguments);
}

// The greatest sample of a mixture: that of independent parts as loud as the model's sounds, unless it is
// told.
double level_of(const Arguments& arguments, double peak, int64_t parts) {
  return arguments.has("level") ? arguments.number("level") : peak * std::sqrt(static_cast<double>(parts));
}

// Of truths each group of consecutive ones is mixed.
std::unique_ptr<Objective> mixture_of(const Arguments& arguments, const ObjectiveContext& context) {
  const int64_t parts = arguments.integer("parts");
  Tensor mixture = given_waves(arguments, context);
  if (arguments.has("sound")) {
    // Such a file is as loud as one of its parts.
    const double peak = wave_options_of(context.space).peak;
    if (peak > 0) mixture = mixture * (level_of(arguments, peak, parts) / peak);
  } else {
    STEER_CHECK(mixture.size(0) % parts == 0, arguments.where(), ": expected sounds in whole groups of ",
                parts, " but got ", mixture.size(0));
    mixture = mixture.view({-1, parts, 1, 1, mixture.size(3)}).sum(1);
  }
  return std::make_unique<MixtureObjective>(mixture, parts, arguments.number("noise"), arguments.words());
}

Parameter wave_parameter(const char* meaning) {
  return positional(sample_parameter("sound", meaning));
}

Parameter wave_noise_parameter(double otherwise) {
  return number_parameter("noise", otherwise, 1e-4, 10,
                          "deviation of the noise in what is known, full scale being 1");
}

std::vector<Parameter> declip_parameters() {
  return {wave_parameter("the whole sound, which is clipped first, or a clipped one with clipped=true"),
          number_parameter("threshold", 0.3, 1e-3, 1,
                           "where samples are clipped, as a share of the greatest one that the whole has"),
          wave_noise_parameter(kWaveNoise),
          flag_parameter("bound", true,
                         "whether it counts that what was clipped lies beyond the threshold; else it is "
                         "hidden, and the measurement linear"),
          flag_parameter("clipped", false, "whether the sound is clipped already, at its greatest sample")};
}

}  // namespace

const std::vector<Word>& wave_words() {
  static const std::vector<std::string> wave = {"wave"};
  static const std::vector<Word> words = {
      {"inpaint",
       {},
       wave,
       Nature::kLinear,
       "a waveform of which a part, in seconds, is to be filled",
       "inpaint(word.wav, begin=0.2, end=0.25)",
       {wave_parameter("a file of sound of which the rest is known"),
        required(number_parameter("begin", 0, 0, kMostWaveSeconds, "where the part begins")),
        required(number_parameter("end", 0, 0, kMostWaveSeconds, "where it ends")),
        wave_noise_parameter(kWaveNoise)},
       inpaint_wave,
       {}},
      {"declip_wave",
       {},
       wave,
       Nature::kGradient,
       "a waveform whose samples beyond a threshold were clipped to it",
       "declip_wave(word.wav, threshold=0.3)",
       declip_parameters(),
       declip_wave_by,
       {}},
      {"bandwidth",
       {},
       wave,
       Nature::kLinear,
       "a waveform of which only low frequencies are known",
       "bandwidth(word.wav, hz=1000)",
       {wave_parameter("a file of sound, which is filtered first"),
        number_parameter("hz", 1000, 1, 1e9, "the highest frequency that is known"),
        wave_noise_parameter(kWaveNoise)},
       bandwidth_by,
       {}},
      {"denoise",
       {},
       wave,
       Nature::kLinear,
       "a clean version of a noisy waveform",
       "denoise(word.wav, noise=0.1)",
       {wave_parameter("a file of sound"), wave_noise_parameter(kNoisyWave),
        flag_parameter("add", false, "whether noise is added to the file first; a data set's always get it")},
       denoise_wave,
       {}},
      {"mix",
       {},
       wave,
       Nature::kGradient,
       "several sounds at once: that many consecutive samples are its parts, which sum to it",
       "mix(both.wav, parts=2)",
       {wave_parameter("a file of sound that several make together"),
        integer_parameter("parts", 2, 2, 16, "how many sounds it is made of"),
        optional(
            number_parameter("level", 0, 0.01, 16,
                             "the greatest sample of the mixture, of models whose sounds are equally loud; "
                             "left out: theirs times the root of the number of parts")),
        wave_noise_parameter(kWaveNoise)},
       mixture_of,
       {}},
      speech_word("wave"),
  };
  return words;
}

}  // namespace steer
